"""The checkers of 10b_guesses pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.course.checks import guesses as check


def test_right_answers_pass() -> None:
    assert check.without(lambda v, d: v - (v @ d.T) @ d).passed
    assert check.order_kept(lambda b, a: np.corrcoef(b, a)[0, 1]).passed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda v, d: v @ d.T @ d, "subtract them"),
        (lambda v, d: v @ d.T, "lengths"),
        (lambda v, d: v - 2 * v @ d.T @ d, "mirrors"),
        (lambda v, d: v + v @ d.T @ d, "added"),
        (lambda v, d: v - v @ d[:1].T @ d[:1], "only the first"),
        (lambda v, d: (v - v.mean(0)) - (v - v.mean(0)) @ d.T @ d, "centred"),
        (lambda v, d: v - d.sum(axis=0), "directions themselves"),
        (lambda v, d: None, "returns None"),
    ],
)
def test_mistakes_with_directions(answer, said: str) -> None:
    verdict = check.without(answer)
    assert not verdict.passed and said in verdict.message


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (np.corrcoef, "matrix"),
        (lambda b, a: b @ a / np.linalg.norm(b) / np.linalg.norm(a), "means were not subtracted"),
        (lambda b, a: np.mean((b - b.mean()) * (a - a.mean())), "covariance"),
        (lambda b, a: np.mean((b - b.mean()) * (a - a.mean())) / b.var(), "one variance"),
        (lambda b, a: np.corrcoef(b, a)[0, 1] ** 2, "square"),
        (lambda b, a: np.abs(a - b).mean(), "mean change"),
    ],
)
def test_mistakes_with_the_order(answer, said: str) -> None:
    verdict = check.order_kept(answer)
    assert not verdict.passed and said in verdict.message
