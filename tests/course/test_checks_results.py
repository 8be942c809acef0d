"""The checkers of 10_results pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.course.checks import results
from minbert.evaluation.statistics import wilson_interval


def normal(correct, total):
    share = correct / total
    half = 1.96 * np.sqrt(share * (1 - share) / total)
    return share - half, share + half


def centred(correct, total):
    low, high = wilson_interval(correct, total)
    return correct / total - (high - low) / 2, correct / total + (high - low) / 2


def by_hand(correct, total, z=1.96, divide=True):
    share, extra = correct / total, z**2 / total
    half = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    by = 1 + extra if divide else 1
    return (share + extra / 2 - half) / by, (share + extra / 2 + half) / by


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda c, n: None, "returns None"),
        (normal, "normal approximation"),
        (lambda c, n: by_hand(c, n, z=1.0), "68 %"),
        (lambda c, n: by_hand(c, n, z=1.645), "leaves 5 %"),
        (lambda c, n: by_hand(c, n, divide=False), "not divided"),
        (centred, "towards one half"),
        (
            lambda c, n: (sum(by_hand(c, n)) / 2, (by_hand(c, n)[1] - by_hand(c, n)[0]) / 2),
            "half width",
        ),
        (lambda c, n: c / n, "shape"),
    ],
)
def test_wilson(function, said: str) -> None:
    verdict = results.wilson(function)
    assert not verdict.passed and said in str(verdict)


def test_wilson_by_hand_passes() -> None:
    assert results.wilson(by_hand).passed


def error(values):
    return np.std(values) / np.sqrt(len(values))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda a, b: 1.96 * np.sqrt(error(a) ** 2 + error(b) ** 2), "unpaired"),
        (lambda a, b: 1.96 * (error(a) + error(b)), "half widths are added"),
        (lambda a, b: 1.96 * np.std(a * 1.0 - b), "sqrt(n)"),
        (lambda a, b: error(a * 1.0 - b), "one standard error"),
        (lambda a, b: a.mean() - b.mean(), "the difference itself"),
        (lambda a, b: 1.96 * error(a != b), "sign is lost"),
    ],
)
def test_paired_half_width(function, said: str) -> None:
    verdict = results.paired_half_width(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize("freedom", [0, 1])
def test_paired_half_width_right(freedom: int) -> None:
    assert results.paired_half_width(
        lambda a, b: 1.96 * np.std(a * 1.0 - b, ddof=freedom) / len(a) ** 0.5
    ).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda labels: labels is not None and min(labels) >= 0, "column of zeros"),
        (lambda labels: labels is not None, "only a missing column"),
        (lambda labels: labels is not None and 0 not in labels, "every file with a zero"),
        (lambda labels: True, "everything passes"),
    ],
)
def test_gradable(function, said: str) -> None:
    verdict = results.gradable(function)
    assert not verdict.passed and said in str(verdict)


def test_gradable_right() -> None:
    assert results.gradable(lambda labels: labels is not None and len(set(labels)) > 1).passed
