"""The checkers of 08_learning_rates pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.course.checks import learning_rates


def test_the_right_ones_pass() -> None:
    assert learning_rates.largest_stable_rate(lambda curvatures: 2 / np.max(curvatures)).passed
    assert learning_rates.sweep((1e-4, 1e-3, 1e-2)).passed
    assert learning_rates.sweep([0.01, 1e-5, 0.001, 3e-3]).passed


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
    ("rates", "said"),
    [
        (..., "no rates yet"),
        (None, "no rates yet"),
        (1e-3, "a tuple of numbers"),
        (("low", "high", "higher"), "a tuple of numbers"),
        ((0.0, 1e-3, 1e-2), "above 0"),
        ((1e-4, 1e-3, float("nan")), "above 0"),
        ((1e-4, 1e-2), "fewer than three"),
        (tuple(10.0**-power for power in range(7)), "too long"),
        ((1e-3, 2e-3, 3e-3, 4e-3), "factor of 2"),
        ((1e-3, 2e-3, 4e-3), "factor of 30"),
    ],
)
def test_mistakes_of_the_sweep_are_named(rates, said: str) -> None:
    verdict = learning_rates.sweep(rates)
    assert not verdict.passed and said in str(verdict)
