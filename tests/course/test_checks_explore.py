"""The checkers of 11_explore_embeddings pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.course.checks import explore


def unit(vectors, axis=1):
    return vectors / np.linalg.norm(vectors, axis=axis, keepdims=True)


def cosines(vectors):
    return unit(vectors) @ unit(vectors).T


def others(matrix, k):
    matrix = matrix.copy()
    np.fill_diagonal(matrix, -np.inf)
    return np.argsort(-matrix, axis=1, kind="stable")[:, :k]


def flat(vectors, centre=True):
    vectors = vectors - vectors.mean(axis=0) if centre else vectors
    return vectors @ np.linalg.svd(vectors, full_matrices=False)[2][:2].T


def smallest(vectors):
    vectors = vectors - vectors.mean(axis=0)
    return vectors @ np.linalg.eigh(vectors.T @ vectors)[1][:, :2]


def test_the_right_answers_pass() -> None:
    assert explore.cosine_matrix(cosines).passed
    assert explore.neighbours(others).passed
    assert explore.components(flat).passed
    assert explore.components(lambda v: -flat(v)).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda v: None, "returns None"),
        (lambda v: v @ v.T, "dot products"),
        (lambda v: unit(v, 0) @ unit(v, 0).T, "columns"),
        (lambda v: unit(v) @ v.T, "only one"),
        (
            lambda v: (v / (v**2).sum(1, keepdims=True)) @ (v / (v**2).sum(1, keepdims=True)).T,
            "squared length",
        ),
        (lambda v: unit(v).T @ unit(v), "dimensions with dimensions"),
    ],
)
def test_wrong_cosines_are_named(function, said: str) -> None:
    verdict = explore.cosine_matrix(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda c, k: np.argsort(-c, 1, kind="stable")[:, :k], "its own first neighbour"),
        (lambda c, k: np.argsort(-c, 1, kind="stable")[:, 1 : k + 1], "dropped unseen"),
        (lambda c, k: np.argsort(c, 1, kind="stable")[:, :k], "farthest"),
        (lambda c, k: others(c, k)[:, ::-1], "nearest should come first"),
        (lambda c, k: np.take_along_axis(c, others(c, k), 1), "not their rows"),
    ],
)
def test_wrong_neighbours_are_named(function, said: str) -> None:
    verdict = explore.neighbours(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda v: ..., "returns None"),
        (lambda v: flat(v, centre=False), "not centred"),
        (lambda v: flat(v - v.mean(1, keepdims=True), centre=False), "mean of each line"),
        (smallest, "smallest variance"),
        (lambda v: np.linalg.svd(v - v.mean(0), full_matrices=False)[0][:, :2], "U alone"),
        (lambda v: flat(v / v.std(0)), "another map"),
    ],
)
def test_a_wrong_map_is_named(function, said: str) -> None:
    verdict = explore.components(function)
    assert not verdict.passed and said in str(verdict)
