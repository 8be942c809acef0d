"""Checkers of 08_learning_rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from minbert.course.checks.base import Verdict, judge_function

MOST_RATES = 5
LEAST_FACTOR = 2.0
LEAST_SPAN = 30.0


def largest_stable_rate(function: Callable[[Sequence[float]], float]) -> Verdict:
    """`function(curvatures)`: the rate below which gradient descent settles in all directions."""
    cases = [((1.0, 4.0),), ((0.5, 2.0, 10.0),), ((3.0,),), ((100.0, 1.0),)]
    return judge_function(
        function,
        lambda curvatures: 2 / max(curvatures),
        cases,
        mistakes={
            "this is the bound of the flattest direction: the steepest one has already diverged": (
                lambda curvatures: 2 / min(curvatures)
            ),
            "at 1 / curvature the steepest direction arrives in one step; it settles, swinging, "
            "up to twice that": (lambda curvatures: 1 / max(curvatures)),
            "the mean curvature belongs to no direction: each one needs |1 - rate * c| < 1": (
                lambda curvatures: 2 * len(curvatures) / sum(curvatures)
            ),
            "this is the rate that settles fastest, not the largest that settles": (
                lambda curvatures: 2 / (max(curvatures) + min(curvatures))
            ),
            "the largest curvature itself is no rate: rate * curvature must stay below 2": (
                lambda curvatures: max(curvatures)
            ),
        },
        praise="the steepest direction sets the bound for all.",
    )


def sweep(rates: Any) -> Verdict:
    """Learning rates of a sweep: enough of them, and far enough apart, to find the best one."""
    if rates is None or rates is Ellipsis:
        return Verdict(False, "there are no rates yet: replace the three dots")
    try:
        values = sorted(float(rate) for rate in rates)
    except (TypeError, ValueError):
        return Verdict(False, f"expected a tuple of numbers, such as (1e-4, 1e-3), got {rates!r}")
    if not all(0 < value < math.inf for value in values):
        return Verdict(False, "each learning rate must be above 0 and finite")
    if len(values) < 3:
        return Verdict(False, "with fewer than three rates the best one always lies at an end")
    if len(values) > MOST_RATES:
        return Verdict(False, f"{len(values)} rates take too long here: at most {MOST_RATES}")
    factors = [later / earlier for earlier, later in zip(values, values[1:], strict=False)]
    if min(factors) < LEAST_FACTOR:
        return Verdict(
            False,
            f"two of the rates differ by less than a factor of {LEAST_FACTOR:g}: one seed cannot "
            "tell them apart, and what matters is the ratio, so multiply from one to the next",
        )
    if values[-1] / values[0] < LEAST_SPAN:
        return Verdict(
            False,
            f"from the lowest to the highest is less than a factor of {LEAST_SPAN:g}: the best "
            "rate may well lie outside",
        )
    return Verdict(True, "the rates are spaced by factors, and wide enough to bracket the best.")
