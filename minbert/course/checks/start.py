"""Checkers of 00_start_here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minbert.course.checks.base import Verdict, judge_function
from minbert.evaluation.metrics import overall_2024, overall_mean


def cosine(function: Callable[[np.ndarray, np.ndarray], float]) -> Verdict:
    """`function(first, second)`: cosine of the angle between two vectors, (hidden,) each."""
    draw = np.random.default_rng(0)
    cases = [
        (np.array([3.0, 4.0]), np.array([4.0, 3.0])),
        (np.array([1.0, 0.0, 2.0]), np.array([-2.0, 1.0, -4.0])),
        (draw.normal(size=128), draw.normal(size=128)),
    ]

    def length(vector: np.ndarray) -> float:
        return float(np.sqrt(vector @ vector))

    return judge_function(
        function,
        lambda u, v: u @ v / (length(u) * length(v)),
        cases,
        mistakes={
            "this is the dot product: it grows with the vectors; divide by both lengths": (
                lambda u, v: u @ v
            ),
            "you divide by the squared lengths: take the square root of each sum of squares": (
                lambda u, v: u @ v / (length(u) ** 2 * length(v) ** 2)
            ),
            "you divide by one length only: both vectors have one": (
                lambda u, v: u @ v / length(u)
            ),
            "you divide by the sum of the two lengths: it is their product": (
                lambda u, v: u @ v / (length(u) + length(v))
            ),
            "this is the distance between the vectors: 0 for equal ones, where a cosine is 1": (
                lambda u, v: length(u - v)
            ),
            "this is 1 - cosine, the cosine distance: equal vectors should give 1, not 0": (
                lambda u, v: 1 - u @ v / (length(u) * length(v))
            ),
            "the cosine is negative where the vectors point away from each other: no abs()": (
                lambda u, v: abs(u @ v) / (length(u) * length(v))
            ),
        },
        praise="the lengths are gone; what is left is the angle, from -1 to 1.",
    )


def overall(function: Callable[[float, float, float], float]) -> Verdict:
    """`function(sst, quora, sts)`: the overall score by the course's formula of 2024."""
    cases = [(0.514, 0.727, 0.565), (0.5, 0.6, -1.0), (0.25, 0.625, 0.0)]
    return judge_function(
        function,
        overall_2024,
        cases,
        mistakes={
            "this is the plain mean, the paper's formula: r goes from [-1, 1] to [0, 1] first": (
                overall_mean
            ),
            "r + 1 lies between 0 and 2: it must be halved": (
                lambda sst, quora, sts: (sst + quora + sts + 1) / 3
            ),
            "you halve r but do not add 1 first: r = -1 should become 0": (
                lambda sst, quora, sts: (sst + quora + sts / 2) / 3
            ),
            "only r is moved: the two accuracies lie in [0, 1] already": (
                lambda sst, quora, sts: ((sst + 1) / 2 + (quora + 1) / 2 + (sts + 1) / 2) / 3
            ),
            "this is the sum of the three scores: divide by 3": (
                lambda sst, quora, sts: sst + quora + (sts + 1) / 2
            ),
        },
        praise="a model that knows nothing of similarity (r = 0) already gets half of that third.",
    )
