"""Checkers of 10_results."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minbert.course.checks.base import Verdict, judge_function
from minbert.evaluation.statistics import wilson_interval

Z = 1.959963984540054
"""Standard errors on either side of the centre of a 95 % interval."""


def _wilson(correct: int, total: int, z: float = Z) -> tuple[float, float]:
    share = correct / total
    centre = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2)) / (1 + z**2 / total)
    return float(centre - half), float(centre + half)


def _normal(correct: int, total: int, z: float = Z) -> tuple[float, float]:
    share = correct / total
    half = z * np.sqrt(share * (1 - share) / total)
    return float(share - half), float(share + half)


def _undivided(correct: int, total: int) -> tuple[float, float]:
    low, high = _wilson(correct, total)
    return low * (1 + Z**2 / total), high * (1 + Z**2 / total)


def _around_the_share(correct: int, total: int) -> tuple[float, float]:
    low, high = _wilson(correct, total)
    return correct / total - (high - low) / 2, correct / total + (high - low) / 2


def wilson(function: Callable[[int, int], tuple[float, float]]) -> Verdict:
    """`function(correct, total)`: the two ends of Wilson's 95 % interval."""
    return judge_function(
        function,
        wilson_interval,
        [(3, 10), (0, 10), (10, 10), (567, 1101)],
        mistakes={
            "this is the normal approximation p ± z·sqrt(p(1 − p)/n): at 0 of 10 it is a point, "
            "as if ten failures proved that nothing ever succeeds": _normal,
            "z is 1, one standard error: such an interval holds 68 %, not 95 %": (
                lambda c, n: _wilson(c, n, 1.0)
            ),
            "z is 1.645, which leaves 5 % on each side: a 95 % interval leaves 2.5 %": (
                lambda c, n: _wilson(c, n, 1.6448536269514722)
            ),
            "centre and half width are not divided by 1 + z²/n: the ends pass 0 and 1": _undivided,
            "the width is Wilson's, but it lies around c/n: the centre moves towards one half": (
                _around_the_share
            ),
            "these are the centre and the half width; the two ends are asked for": (
                lambda c, n: (
                    (_wilson(c, n)[0] + _wilson(c, n)[1]) / 2,
                    (_wilson(c, n)[1] - _wilson(c, n)[0]) / 2,
                )
            ),
        },
        tolerance=1e-3,
        praise="it stays inside [0, 1] and says something even of 0 out of 10.",
    )


def paired_half_width(function: Callable[[np.ndarray, np.ndarray], float]) -> Verdict:
    """`function(right_a, right_b)`: half of the 95 % interval of the difference of accuracies."""
    draw = np.random.default_rng(10)
    cases = []
    for total, agree in ((200, 0.8), (1101, 0.9), (60, 0.5)):
        right_a = draw.random(total) < 0.5
        right_b = np.where(draw.random(total) < agree, right_a, draw.random(total) < 0.6)
        cases.append((right_a, right_b))

    def steps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a.astype(float) - b.astype(float)

    def error(a: np.ndarray) -> float:
        return a.std() / np.sqrt(len(a))

    return judge_function(
        function,
        lambda a, b: float(Z * error(steps(a, b))),
        cases,
        mistakes={
            "this is the unpaired interval: the variances of both arms are added, as if they had "
            "read different sentences": lambda a, b: Z * np.hypot(error(a), error(b)),
            "the two half widths are added, as if both arms were wrong in opposite directions at "
            "once": lambda a, b: Z * (error(a) + error(b)),
            "this is the spread of single sentences: divide by sqrt(n) for that of their mean": (
                lambda a, b: Z * steps(a, b).std()
            ),
            "this is one standard error: multiply by 1.96 for 95 %": (
                lambda a, b: error(steps(a, b))
            ),
            "this is the difference itself, not how sure it is": lambda a, b: steps(a, b).mean(),
            "the sign is lost: |a − b| does not know which arm was right": (
                lambda a, b: Z * error(np.abs(steps(a, b)))
            ),
        },
        tolerance=2e-3,
        praise="what both arms get right or wrong together cancels: it is no noise between them.",
    )


def gradable(function: Callable[[np.ndarray | None], bool]) -> Verdict:
    """`function(labels)`: whether predictions can be graded against these labels."""

    def varied(labels: np.ndarray | None) -> bool:
        return labels is not None and len(np.unique(labels)) > 1

    return judge_function(
        function,
        varied,
        [
            (np.array([3, 0, 1, 4, 2]),),
            (np.array([0, 0, 0, 0]),),
            (np.array([-1, -1, -1]),),
            (None,),
            (np.array([0.0, 1.0, 0.0]),),
            (np.array([2.4, 5.0, 0.0]),),
        ],
        mistakes={
            "a column of zeros passes: placeholders need not be negative or missing": (
                lambda labels: labels is not None and bool((labels >= 0).all())
            ),
            "only a missing column is refused: a placeholder is there, and says nothing": (
                lambda labels: labels is not None
            ),
            "every file with a zero in it is refused: 0 is a class, and the lowest similarity": (
                lambda labels: labels is not None and bool((labels != 0).all())
            ),
            "everything passes": lambda labels: True,
            "everything is refused": lambda labels: False,
        },
        praise="labels that are all the same grade nothing, whatever number they hold.",
    )
