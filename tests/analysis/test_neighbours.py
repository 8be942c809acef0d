"""Neighbours on vectors small enough to see the answer."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.analysis.neighbours import (
    Neighbours,
    cosine_matrix,
    nearest,
    partner_found,
    purity,
    shared_neighbours,
    times_chosen,
)

ANGLES = np.radians([0, 10, 25, 180])
FOUR = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1) * np.array([[1.0], [5.0], [0.1], [2.0]])


def test_length_does_not_matter_and_nobody_is_their_own_neighbour() -> None:
    found = nearest(FOUR, 2)
    assert found.rows.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]
    assert found.cosines[0] == pytest.approx(np.cos(np.radians([10, 25])))


def test_queries_are_some_rows() -> None:
    assert nearest(FOUR, 1, queries=[2]).rows.tolist() == [[1]]


def test_equal_cosines_are_ordered_by_row() -> None:
    assert nearest(np.ones((5, 3)), 3).rows.tolist()[4] == [0, 1, 2]


def test_many_queries_are_cut_into_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 4))
    whole = nearest(vectors, 5)
    monkeypatch.setattr("minbert.analysis.neighbours.QUERIES_AT_ONCE", 7)
    assert np.array_equal(nearest(vectors, 5).rows, whole.rows)


@pytest.mark.parametrize("k", [0, 4])
def test_impossible_k(k: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 3"):
        nearest(FOUR, k)


def test_a_zero_vector_is_like_nothing() -> None:
    assert cosine_matrix(np.zeros((1, 2)), FOUR).tolist() == [[0.0] * 4]


def test_purity_counts_equal_labels() -> None:
    found = nearest(FOUR, 1)
    assert purity(found, ["x", "x", "y", "y"]) == 0.75
    with pytest.raises(ValueError, match="3 labels for 4"):
        purity(found, ["x", "x", "y"])


def test_partners_overlap_and_hubs() -> None:
    found = nearest(FOUR, 1)
    assert partner_found(found, {0: {1}, 3: {0}}) == 0.5
    with pytest.raises(ValueError, match="no sentence has a partner"):
        partner_found(found, {})
    assert times_chosen(found, 4).tolist() == [1, 2, 1, 0]
    other = Neighbours(np.array([[1], [2], [1], [2]]), found.cosines)
    assert shared_neighbours(found, other) == 0.75
    with pytest.raises(ValueError, match="shapes differ"):
        shared_neighbours(found, nearest(FOUR, 2))
