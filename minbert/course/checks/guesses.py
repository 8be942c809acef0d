"""Checkers of 10b_guesses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minbert.course.checks.base import Verdict, judge_function


def _case(sentences: int, width: int, directions: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(sentences, width)) + 0.5
    return vectors, np.linalg.qr(draw.normal(size=(width, directions)))[0].T


def without(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Verdict:
    """`function(vectors, directions)`: vectors without their components along the directions."""

    def along(vectors: np.ndarray, directions: np.ndarray) -> np.ndarray:
        return vectors @ directions.T @ directions

    def centred(vectors: np.ndarray, directions: np.ndarray) -> np.ndarray:
        moved = vectors - vectors.mean(axis=0)
        return moved - along(moved, directions)

    return judge_function(
        function,
        lambda v, d: v - along(v, d),
        [_case(6, 4, 2, 1), _case(3, 5, 1, 2)],
        mistakes={
            "these are the components themselves: subtract them from the vectors": along,
            "these are the lengths of the components, one a direction: multiply them by the "
            "directions, and subtract that from the vectors": lambda v, d: v @ d.T,
            "the components were subtracted twice, which mirrors the vectors": (
                lambda v, d: v - 2 * along(v, d)
            ),
            "the components were added, not taken away": lambda v, d: v + along(v, d),
            "only the first direction was taken away": lambda v, d: v - along(v, d[:1]),
            "the vectors were centred as well: their mean is no direction that was named": centred,
            "the directions themselves were subtracted, not the components along them": (
                lambda v, d: v - d.sum(axis=0)
            ),
        },
        praise="what lay along these directions is gone, and nothing else has moved.",
    )


def order_kept(function: Callable[[np.ndarray, np.ndarray], float]) -> Verdict:
    """`function(before, after)`: correlation of the pairs' cosines."""
    draw = np.random.default_rng(3)
    cases = []
    for pairs, noise in ((8, 0.05), (40, 0.3)):
        before = draw.uniform(0.2, 0.9, pairs)
        cases.append((before, 0.5 * before - 0.1 + noise * draw.normal(size=pairs)))

    def right(before: np.ndarray, after: np.ndarray) -> float:
        return float(np.corrcoef(before, after)[0, 1])

    return judge_function(
        function,
        right,
        cases,
        mistakes={
            "this is NumPy's matrix of correlations: the one that is asked for stands beside its "
            "diagonal": np.corrcoef,
            "the means were not subtracted: this is the cosine of the two arrays, which a common "
            "shift changes": lambda b, a: b @ a / np.linalg.norm(b) / np.linalg.norm(a),
            "this is the covariance: divide by both standard deviations": (
                lambda b, a: np.mean((b - b.mean()) * (a - a.mean()))
            ),
            "divided by one variance instead of both standard deviations: a stretch changes this": (
                lambda b, a: np.mean((b - b.mean()) * (a - a.mean())) / b.var()
            ),
            "this is the square of the correlation": lambda b, a: right(b, a) ** 2,
            "this is the mean change: a shift common to all pairs changes no order": (
                lambda b, a: np.mean(np.abs(a - b))
            ),
        },
        praise="neither a shift nor a stretch common to all pairs counts as a loss.",
    )
