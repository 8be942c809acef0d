"""Geometry of sentence vectors, on arrangements whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from checked_shapes import unchecked

from minbert.analysis.geometry import (
    alignment,
    anisotropy,
    axis_shares,
    linear_cka,
    random_cosines,
    uniformity,
)


def draws(count: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, width))


def test_anisotropy_of_known_arrangements() -> None:
    assert anisotropy(np.ones((5, 3))) == pytest.approx(1.0)
    assert anisotropy(np.eye(4)) == pytest.approx(0.0)
    assert anisotropy(np.array([[1.0, 0.0], [-2.0, 0.0]])) == pytest.approx(-1.0)
    triangle = np.array([[1, 0], [-0.5, math.sqrt(3) / 2], [-0.5, -math.sqrt(3) / 2]])
    assert anisotropy(triangle) == pytest.approx(-1 / 2), "-1/(n - 1): directions that cancel"


def test_a_common_direction_makes_every_cosine_large() -> None:
    noise = draws(300, 64)
    shift = np.zeros(64)
    shift[0] = 24.0
    assert abs(anisotropy(noise)) < 0.02
    # Each vector is c + x with |c|² = 9 · 64 and |x|² ≈ 64: cosine near 9 / (9 + 1).
    assert anisotropy(noise + shift) == pytest.approx(0.9, abs=0.01)
    moved = noise + shift
    assert abs(anisotropy(moved - moved.mean(axis=0))) < 0.02


def test_pairs_are_drawn_by_the_seed_and_never_of_one_line_with_itself() -> None:
    vectors = draws(100, 8)
    assert anisotropy(vectors, seed=1) == anisotropy(vectors, seed=1)
    assert anisotropy(vectors, seed=1) != anisotropy(vectors, seed=2)
    few = draws(20, 8)
    assert anisotropy(few, seed=1) == anisotropy(few, seed=2), "all 190 pairs are taken"
    assert random_cosines(few).shape == (190,) and random_cosines(few).max() < 1 - 1e-6


def test_shares_of_axes_tell_one_common_direction_from_two() -> None:
    assert axis_shares(np.array([[3.0, 0.0], [0.0, 4.0]])) == pytest.approx([16 / 25, 9 / 25])
    assert axis_shares(np.ones((5, 3))) == pytest.approx([1, 0, 0])
    noise, shift, apart = 0.01 * draws(400, 64), np.zeros(64), np.zeros(64)
    shift[0] = apart[1] = 1.0
    one = axis_shares(noise + shift)
    two = axis_shares(noise + shift + np.where(np.arange(400) % 2, 1, -1)[:, None] * apart)
    assert one[0] > 0.98 and one[1] < 0.01
    assert two[:2] == pytest.approx([0.5, 0.5], abs=0.01)
    assert axis_shares(torch.from_numpy(noise)).sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="no axes"):
        axis_shares(np.zeros((3, 2)))


def test_alignment_is_two_minus_two_cosines() -> None:
    first, second = np.array([[3.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 2.0], [0.0, 5.0]])
    assert alignment(first, second) == pytest.approx((2 + 0) / 2)
    assert alignment(first, first) == pytest.approx(0)
    assert alignment(first, -first) == pytest.approx(4)


def test_uniformity_in_closed_form() -> None:
    assert uniformity(np.ones((4, 2))) == pytest.approx(0.0)
    assert uniformity(np.eye(3)) == pytest.approx(-4.0), "orthogonal: |u - v|² = 2, t = 2"
    assert uniformity(np.eye(3), temperature=1.0) == pytest.approx(-2.0)
    opposite = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert uniformity(opposite) == pytest.approx(-8.0)
    assert uniformity(draws(400, 128)) == pytest.approx(-4.0, abs=0.1)


def test_cka_ignores_rotation_scale_and_place_and_sees_the_rest() -> None:
    space = draws(200, 6)
    rotation = np.linalg.qr(draws(6, 6, seed=1))[0]
    assert linear_cka(space, 3 * space @ rotation + 7) == pytest.approx(1.0)
    assert linear_cka(space, draws(200, 6, seed=2)) < 0.1
    assert linear_cka(space, space[::-1].copy()) < 0.1, "the same vectors, other sentences"
    assert linear_cka(space, draws(200, 9, seed=3)) < 0.15, "widths may differ"


def test_tensors_and_arrays_agree() -> None:
    vectors = torch.tensor(draws(30, 4), dtype=torch.float32)
    for measure in (anisotropy, uniformity):
        assert measure(vectors) == pytest.approx(measure(vectors.numpy()), abs=1e-6)
    assert alignment(vectors, vectors.flip(0)) == pytest.approx(
        alignment(vectors.numpy(), vectors.numpy()[::-1]), abs=1e-6
    )


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="two vectors, got 1"):
        anisotropy(np.ones((1, 3)))
    with pytest.raises(ValueError, match="two vectors, got 1"):
        uniformity(np.ones((1, 3)))
    with pytest.raises(ValueError, match="length zero"):
        anisotropy(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="equal shapes"):
        unchecked(alignment)(np.ones((2, 3)), np.ones((3, 3)))
    with pytest.raises(ValueError, match="same sentences, got 2 and 3"):
        unchecked(linear_cka)(np.ones((2, 3)), np.ones((3, 3)))
    with pytest.raises(ValueError, match="no arrangement"):
        linear_cka(np.ones((3, 3)), draws(3, 3))
