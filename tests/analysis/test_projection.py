"""Principal components against scikit-learn, and by hand in the plane."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from minbert.analysis.directions import principal_components


def test_points_on_a_line_need_one_direction() -> None:
    points = np.array([[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]])
    found = principal_components(points, 1)
    assert found.shares == pytest.approx([1.0])
    assert found.components[0] == pytest.approx(np.array([1, 2]) / np.sqrt(5))
    assert found.project(points).sum() == pytest.approx(0.0)


def test_the_same_as_scikit_learn_up_to_sign() -> None:
    vectors = np.random.default_rng(0).normal(size=(60, 9)) * np.arange(1, 10) + 5
    ours, theirs = principal_components(vectors, 3), PCA(3).fit(vectors)
    assert ours.shares == pytest.approx(theirs.explained_variance_ratio_)
    assert np.abs(ours.project(vectors)) == pytest.approx(np.abs(theirs.transform(vectors)))


@pytest.mark.parametrize("rows", [5, 7, 8, 400])
def test_few_and_many_vectors_have_the_directions_of_their_singular_vectors(rows: int) -> None:
    vectors = np.random.default_rng(2).normal(size=(rows, 7)) * np.arange(1, 8) + 3
    found = principal_components(vectors, 4)
    _, lengths, directions = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    assert np.abs(found.components @ directions[:4].T) == pytest.approx(np.eye(4), abs=1e-7)
    assert found.shares == pytest.approx(lengths[:4] ** 2 / (lengths**2).sum())


def test_other_vectors_land_on_the_same_map() -> None:
    vectors = np.random.default_rng(1).normal(size=(10, 4))
    found = principal_components(vectors)
    assert found.project(vectors[3:4]) == pytest.approx(found.project(vectors)[3:4])


@pytest.mark.parametrize(
    ("vectors", "count", "said"),
    [(np.ones((4, 3)), 2, "all vectors are the same"), (np.eye(3), 4, "count must be from 1 to 3")],
)
def test_what_cannot_be_is_refused(vectors: np.ndarray, count: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        principal_components(vectors, count)
