"""The checkers of 01b_error_bars pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.course.checks import error_bars


def middle(values, low=2.5, high=97.5):
    return np.percentile(values, [low, high])


def shares(right, drawn):
    return np.array([sum(right[row]) / len(row) for row in drawn])


def test_what_is_right_passes() -> None:
    assert error_bars.bootstrap_interval(lambda right, drawn: middle(shares(right, drawn))).passed
    assert error_bars.paired_interval(
        lambda a, b, drawn: list(middle((a[drawn] * 1.0 - b[drawn]).mean(axis=1)))
    ).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda right, drawn: None, "returns None"),
        (lambda right, drawn: (min(shares(right, drawn)), max(shares(right, drawn))), "smallest"),
        (lambda right, drawn: middle(shares(right, drawn), 5, 95), "leaves 90 %"),
        (lambda right, drawn: middle(right[drawn].mean(axis=0)), "over the resamples"),
        (
            lambda right, drawn: right.mean() + np.array([-1, 1]) * shares(right, drawn).std(),
            "68 %",
        ),
        (lambda right, drawn: middle(right[drawn] * 1.0), "single answers"),
        (lambda right, drawn: shares(right, drawn), "expected"),
        (lambda right, drawn: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_wrong_interval_is_explained(function, said: str) -> None:
    verdict = error_bars.bootstrap_interval(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda a, b, drawn: ..., "returns None"),
        (lambda a, b, drawn: middle(shares(b, drawn) - shares(a, drawn)), "b - a"),
        (
            lambda a, b, drawn: middle(shares(a, drawn)) - middle(shares(b, drawn))[::-1],
            "crosswise",
        ),
        (
            lambda a, b, drawn: middle(shares(a, drawn)) - middle(shares(b, drawn)),
            "then take the quantiles",
        ),
        (lambda a, b, drawn: middle(abs(shares(a, drawn) - shares(b, drawn))), "its sign"),
        (lambda a, b, drawn: middle(shares(a, drawn)), "a alone"),
        (lambda a, b, drawn: middle(shares(a, drawn) - shares(b, drawn[::-1])), "case 1"),
    ],
)
def test_a_wrong_difference_is_explained(function, said: str) -> None:
    verdict = error_bars.paired_interval(function)
    assert not verdict.passed and said in str(verdict)
