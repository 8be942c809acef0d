"""Rotations lose nothing, projections remove what they say, and a probe minds only the latter."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.analysis.directions import (
    principal_directions,
    project_out,
    random_directions,
    random_rotation,
)
from minbert.analysis.geometry import linear_cka, relative_step
from minbert.analysis.probe import linear_probe

DRAW = np.random.default_rng(0)
VECTORS = DRAW.standard_normal((60, 12)) * np.linspace(1, 4, 12) + 2


def cosines(vectors: np.ndarray) -> np.ndarray:
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return directions @ directions.T


def test_a_rotation_is_orthogonal_and_keeps_cosines() -> None:
    turn = random_rotation(12, seed=1)
    np.testing.assert_allclose(turn @ turn.T, np.eye(12), atol=1e-12)
    np.testing.assert_allclose(cosines(VECTORS @ turn), cosines(VECTORS), atol=1e-12)
    assert linear_cka(VECTORS, VECTORS @ turn) == pytest.approx(1)
    assert relative_step(VECTORS, VECTORS @ turn) > 1
    assert not np.allclose(turn, random_rotation(12, seed=2))


def test_rotations_are_drawn_evenly() -> None:
    """First entry of an even draw: mean 0, variance 1/width; without the sign fix it is biased."""
    entries = np.array([random_rotation(3, seed)[0, 0] for seed in range(800)])
    assert abs(entries.mean()) < 0.07
    assert entries.var() == pytest.approx(1 / 3, abs=0.04)


def test_projection_removes_the_directions_and_nothing_else() -> None:
    directions = random_directions(12, 3, seed=4)
    np.testing.assert_allclose(directions @ directions.T, np.eye(3), atol=1e-12)
    left = project_out(VECTORS, directions)
    np.testing.assert_allclose(left @ directions.T, 0, atol=1e-12)
    np.testing.assert_allclose(project_out(left, directions), left, atol=1e-12)
    rest = random_rotation(12, 4)[:, 3:]
    np.testing.assert_allclose(left @ rest, VECTORS @ rest, atol=1e-12)
    np.testing.assert_array_equal(project_out(VECTORS, directions[:0]), VECTORS)


def test_principal_directions_find_what_moved() -> None:
    """A step common to all is no direction; the axis along which they part is the first."""
    steps = np.zeros((60, 12))
    steps[:, 3] = 5.0
    steps[:, 7] = np.linspace(-1, 1, 60)
    first = principal_directions(steps + 1e-6 * DRAW.standard_normal((60, 12)), 1)[0]
    assert abs(first[7]) == pytest.approx(1, abs=1e-4)
    with pytest.raises(ValueError, match="count"):
        principal_directions(steps, 13)


def test_relative_step() -> None:
    assert relative_step(VECTORS, VECTORS) == 0
    assert relative_step(VECTORS, 0 * VECTORS + VECTORS.mean(axis=0)) == pytest.approx(1)


def test_a_probe_minds_no_rotation_but_a_lost_direction() -> None:
    draw = np.random.default_rng(5)
    vectors = draw.standard_normal((400, 12))
    classes = (vectors[:, 2] > 0).astype(int) + (vectors[:, 2] > 1)
    train, test = vectors[:300], vectors[300:]
    plain = linear_probe(train, classes[:300], test)
    turn = random_rotation(12, seed=6)
    turned = linear_probe(train @ turn + 3, classes[:300], test @ turn + 3)
    assert np.mean(plain == classes[300:]) > 0.85
    assert np.mean(plain == turned) > 0.98
    axis = np.eye(12)[2:3]
    blind = linear_probe(project_out(train, axis), classes[:300], project_out(test, axis))
    assert np.mean(blind == classes[300:]) < 0.65
