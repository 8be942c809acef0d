"""The checkers of 08_learning_rates pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minbert.course.checks import learning_rates


def cosines(vectors):
    return torch.cosine_similarity(vectors[:, None], vectors[None, :], dim=-1)


def test_the_right_ones_pass() -> None:
    assert learning_rates.largest_stable_rate(lambda curvatures: 2 / np.max(curvatures)).passed

    def right(vectors):
        n = len(vectors)
        return (cosines(vectors).sum() - n) / (n * (n - 1))

    assert learning_rates.random_pair_cosine(right).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda c: None, "returns None"),
        (lambda c: 2 / min(c), "flattest"),
        (lambda c: 1 / max(c), "in one step"),
        (lambda c: 2 / np.mean(c), "mean curvature"),
        (lambda c: 2 / (max(c) + min(c)), "settles fastest"),
        (lambda c: max(c), "is no rate"),
        (lambda c: 3 / max(c), "expected"),
    ],
)
def test_mistakes_of_the_bound_are_named(function, said: str) -> None:
    verdict = learning_rates.largest_stable_rate(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda v: None, "returns None"),
        (lambda v: cosines(v).mean(), "diagonal out"),
        (lambda v: (v @ v.T)[~torch.eye(len(v), dtype=torch.bool)].mean(), "dot products"),
        (lambda v: cosines(v).fill_diagonal_(0).mean(), "still counted"),
        (lambda v: cosines(v)[~torch.eye(len(v), dtype=torch.bool)].abs().mean(), "sign is lost"),
        (cosines, "matrix"),
    ],
)
def test_mistakes_of_the_alarm_are_named(function, said: str) -> None:
    verdict = learning_rates.random_pair_cosine(function)
    assert not verdict.passed and said in str(verdict)
