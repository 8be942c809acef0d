"""Checkers of 13_beyond_the_paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minbert.course.checks.base import Verdict, judge_function
from minbert.evaluation.statistics import holm as right_holm


def take(function: Callable[[Sequence[int], float], Sequence[int]]) -> Verdict:
    """`function(counts, exponent)`: examples of each data set in an epoch, m (n / m) ** e."""
    cases = [
        ([100, 1600], 0.5),
        ([6040, 8544, 26497], 0.25),
        ([50, 200, 800], 0.0),
        ([400, 90], 1.0),
    ]

    def by(formula: Callable[[int, int, float], float]) -> Callable[..., list[int]]:
        return lambda counts, exponent: [
            round(formula(count, min(counts), exponent)) for count in counts
        ]

    return judge_function(
        function,
        by(lambda n, m, e: m * (n / m) ** e),
        cases,
        mistakes={
            "the power is of the count itself: it must be of n / m, so that the smallest data set "
            "is taken whole": by(lambda n, m, e: n**e),
            "the factor m is missing: this is how many times the smallest data set each is taken": (
                by(lambda n, m, e: (n / m) ** e)
            ),
            "m is the smallest count, not the largest": (
                lambda counts, e: [round(max(counts) * (n / max(counts)) ** e) for n in counts]
            ),
            "the exponent is turned round: 0 must give as many of each, 1 all of each": (
                by(lambda n, m, e: m * (n / m) ** (1 - e))
            ),
            "these are no whole numbers of examples: round them": (
                lambda counts, e: [min(counts) * (n / min(counts)) ** e for n in counts]
            ),
        },
        praise="one number leads from as many of each task to all of each.",
    )


def holm(function: Callable[[Sequence[float]], Sequence[float]]) -> Verdict:
    """`function(p_values)`: corrected for how many were looked at, in the order given."""
    cases = [
        ([0.01, 0.04, 0.03],),
        ([0.2, 0.005, 0.011, 0.6],),
        ([0.03],),
        ([0.02, 0.02, 0.9, 0.001, 0.3],),
        ([0.6, 0.04, 0.7],),
    ]

    def stepped(p_values: Sequence[float], monotone: bool = True, back: bool = True) -> list[float]:
        order = np.argsort(p_values, kind="stable")
        steps = [
            min(1.0, (len(order) - rank) * p_values[index]) for rank, index in enumerate(order)
        ]
        if monotone:
            steps = np.maximum.accumulate(steps).tolist()
        if not back:
            return steps
        corrected = [0.0] * len(order)
        for value, index in zip(steps, order, strict=True):
            corrected[index] = value
        return corrected

    return judge_function(
        function,
        right_holm,
        cases,
        mistakes={
            "all are multiplied by their number: that is Bonferroni's rule, right but stricter; "
            "Holm's factor falls by one with each step": (
                lambda p_values: [min(1.0, len(p_values) * p) for p in p_values]
            ),
            "a corrected p must not be smaller than that of a smaller p: take the largest so far": (
                lambda p_values: stepped(p_values, monotone=False)
            ),
            "they come in sorted order: give each back in the place where it was": (
                lambda p_values: stepped(p_values, back=False)
            ),
            "a p of more than 1 is none: at most 1": (lambda p_values: _unlimited(p_values)),
            "these are the values as they were given: nothing is corrected": (
                lambda p_values: list(p_values)
            ),
        },
        praise="the smallest p pays for all looks, the next for one look less.",
    )


def _unlimited(p_values: Sequence[float]) -> list[float]:
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(np.argsort(p_values, kind="stable")):
        least = max(least, (len(p_values) - rank) * p_values[index])
        corrected[index] = least
    return corrected
