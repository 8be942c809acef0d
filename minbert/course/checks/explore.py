"""Checkers of 11_explore_embeddings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minbert.course.checks.base import Verdict, judge_function


def _vectors(rows: int, columns: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns)) + 0.7


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=1, keepdims=True)


def _cosines(vectors: np.ndarray) -> np.ndarray:
    unit = vectors / _lengths(vectors)
    return unit @ unit.T


def cosine_matrix(function: Callable[[np.ndarray], np.ndarray]) -> Verdict:
    """`function(vectors)`: cosine of every line with every line."""

    def after_scaling(vectors: np.ndarray, by: np.ndarray) -> np.ndarray:
        return (vectors / by) @ (vectors / by).T

    return judge_function(
        function,
        _cosines,
        [(_vectors(4, 3, 1),), (_vectors(3, 6, 2),)],
        mistakes={
            "these are dot products: a long vector is not a similar one, divide by both lengths": (
                lambda v: v @ v.T
            ),
            "the columns were divided by their lengths, not the lines: a sentence is a line": (
                lambda v: after_scaling(v, np.linalg.norm(v, axis=0, keepdims=True))
            ),
            "only one of the two vectors was divided by its length": (
                lambda v: (v / _lengths(v)) @ v.T
            ),
            "the squared length is used twice: take its square root": (
                lambda v: after_scaling(v, _lengths(v) ** 2)
            ),
            "the lines were divided by the sum of their absolute values, not by their length": (
                lambda v: after_scaling(v, np.abs(v).sum(axis=1, keepdims=True))
            ),
            "this compares dimensions with dimensions: transpose the second factor": (
                lambda v: (v / _lengths(v)).T @ (v / _lengths(v))
            ),
        },
        praise="1 on the diagonal, and the length of a vector does not matter.",
    )


def neighbours(function: Callable[[np.ndarray, int], np.ndarray]) -> Verdict:
    """`function(cosines, k)`: rows of the k nearest others of each line, nearest first."""
    twins = _vectors(6, 3, 3)
    twins[4] = twins[1]  # two sentences with the same vector

    def right(cosines: np.ndarray, k: int) -> np.ndarray:
        others = cosines.copy()
        np.fill_diagonal(others, -np.inf)
        return np.argsort(-others, axis=1, kind="stable")[:, :k]

    def ordered(cosines: np.ndarray) -> np.ndarray:
        return np.argsort(-cosines, axis=1, kind="stable")

    return judge_function(
        function,
        right,
        [(np.round(_cosines(_vectors(5, 3, 4)), 6), 2), (np.round(_cosines(twins), 6), 3)],
        mistakes={
            "each sentence is its own first neighbour: leave it out": (
                lambda c, k: ordered(c)[:, :k]
            ),
            "the first place was dropped unseen: where a twin has cosine 1 too, that may drop the "
            "twin and keep the sentence itself; put -inf on the diagonal instead": (
                lambda c, k: ordered(c)[:, 1 : k + 1]
            ),
            "these are the farthest: argsort goes upwards, so sort minus the cosines": (
                lambda c, k: np.argsort(c, axis=1, kind="stable")[:, :k]
            ),
            "the right ones, farthest first: the nearest should come first": (
                lambda c, k: right(c, k)[:, ::-1]
            ),
            "these are the cosines of the neighbours, not their rows": (
                lambda c, k: np.take_along_axis(c, right(c, k), axis=1)
            ),
        },
        praise="the nearest others, even where two sentences have the same vector.",
    )


def components(function: Callable[[np.ndarray], np.ndarray]) -> Verdict:
    """`function(vectors)`: coordinates on the first two principal components, any sign."""

    def by_svd(centred: np.ndarray) -> np.ndarray:
        return centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T

    def without_sign(made: Callable[[np.ndarray], np.ndarray]) -> Callable:
        def positive(vectors: np.ndarray) -> np.ndarray | None:
            result = made(vectors)
            return None if result is None or result is Ellipsis else np.abs(np.asarray(result))

        return positive

    def centre(vectors: np.ndarray) -> np.ndarray:
        return vectors - vectors.mean(axis=0)

    def last(centred: np.ndarray) -> np.ndarray:
        return centred @ np.linalg.svd(centred, full_matrices=False)[2][-2:][::-1].T

    def scores_without_lengths(centred: np.ndarray) -> np.ndarray:
        return np.linalg.svd(centred, full_matrices=False)[0][:, :2]

    wrong = {
        "the vectors are not centred: the first direction then points at their mean": by_svd,
        "the mean of each line was taken off, not the mean of each column": (
            lambda v: by_svd(v - v.mean(axis=1, keepdims=True))
        ),
        "these are the directions of smallest variance: eigh sorts upwards": (
            lambda v: last(centre(v))
        ),
        "each coordinate was divided by its spread: U alone, without the singular values": (
            lambda v: scores_without_lengths(centre(v))
        ),
        "each column was divided by its deviation first: that is another map": (
            lambda v: by_svd(centre(v) / v.std(axis=0))
        ),
    }
    return judge_function(
        without_sign(function),
        without_sign(lambda v: by_svd(centre(v))),
        [(_vectors(8, 4, 5) * [3.0, 1.0, 2.0, 0.5],), (_vectors(20, 5, 6) * [1, 4, 1, 2, 1],)],
        mistakes={said: without_sign(mistake) for said, mistake in wrong.items()},
        praise="centred, rotated, and nothing stretched; the sign of an axis is free.",
    )
