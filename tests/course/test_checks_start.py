"""The checkers of 00_start_here pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.course.checks import start


def length(vector) -> float:
    return np.sqrt((vector**2).sum())


def test_what_is_right_passes() -> None:
    assert start.cosine(lambda u, v: (u * v).sum() / (length(u) * length(v))).passed
    assert start.overall(lambda sst, quora, sts: (sst + quora + 0.5 * sts + 0.5) / 3).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda u, v: None, "returns None"),
        (lambda u, v: u @ v, "dot product"),
        (lambda u, v: u @ v / ((u @ u) * (v @ v)), "squared lengths"),
        (lambda u, v: u @ v / length(v) / length(v), "expected"),
        (lambda u, v: u @ v / length(u), "one length only"),
        (lambda u, v: u @ v / (length(u) + length(v)), "sum of the two lengths"),
        (lambda u, v: length(u - v), "distance between the vectors"),
        (lambda u, v: 1 - u @ v / (length(u) * length(v)), "cosine distance"),
        (lambda u, v: abs(u @ v) / (length(u) * length(v)), "no abs()"),
        (lambda u, v: u / length(u), "shape"),
        (lambda u, v: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_wrong_cosine_is_explained(function, said: str) -> None:
    verdict = start.cosine(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda sst, quora, sts: ..., "returns None"),
        (lambda sst, quora, sts: (sst + quora + sts) / 3, "plain mean"),
        (lambda sst, quora, sts: (sst + quora + sts + 1) / 3, "must be halved"),
        (lambda sst, quora, sts: (sst + quora + sts / 2) / 3, "do not add 1"),
        (lambda sst, quora, sts: (sst + quora + sts + 3) / 6, "lie in [0, 1] already"),
        (lambda sst, quora, sts: sst + quora + (sts + 1) / 2, "divide by 3"),
    ],
)
def test_a_wrong_score_is_explained(function, said: str) -> None:
    verdict = start.overall(function)
    assert not verdict.passed and said in str(verdict)
