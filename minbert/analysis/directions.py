"""Directions in the space of sentence vectors: turned, moved along, taken away."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from minbert import checks
from minbert.analysis.geometry import Vectors, as_array

Directions = Float[np.ndarray, "direction hidden"]
"""Orthonormal rows."""


def random_rotation(width: int, seed: int) -> Float[np.ndarray, "hidden hidden"]:
    """An orthogonal matrix drawn evenly from all of them (reflections included).

    It moves every vector and changes no length, no angle and no distance between two of them.
    Source: Mezzadri (2007), section 5: QR of a Gaussian matrix, with the signs of R's diagonal.

    Raises:
        ValueError: a width below 1.
    """
    checks.whole("width", width, 1)
    gaussian = np.random.default_rng(seed).standard_normal((width, width))
    orthogonal, upper = np.linalg.qr(gaussian)
    return orthogonal * np.sign(np.diag(upper))


def random_directions(width: int, count: int, seed: int) -> Directions:
    """`count` orthonormal directions, drawn evenly; at most `width`."""
    checks.whole("count", count, 0)
    checks.within("count", count, f"[0, {width}]", "a space has no more directions than its width")
    return random_rotation(width, seed)[:, :count].T


def principal_directions(vectors: Vectors, count: int) -> Directions:
    """The orthonormal directions in which vectors differ most from their mean, largest first.

    Of the steps `after - before` of a training stage these are the directions in which it moved
    sentences apart from each other; a step common to all sentences has no part in them.

    Raises:
        ValueError: `count` exceeds the width, or there are fewer than two vectors.
    """
    values = as_array(vectors)
    checks.whole("count", count, 0)
    checks.within("count", count, f"[0, {values.shape[1]}]", "directions of this width")
    if len(values) < 2:
        raise ValueError("vectors must be two or more to differ from their mean, got one")
    _, turned = np.linalg.eigh(np.cov(values, rowvar=False))
    return turned[:, ::-1][:, :count].T


def project_out(vectors: Vectors, directions: Directions) -> np.ndarray:
    """The vectors without their components along the directions; width and order stay."""
    values, directions = as_array(vectors), np.asarray(directions)
    if directions.ndim != 2 or directions.shape[1] != values.shape[1]:
        raise ValueError(
            f"directions must be (direction, {values.shape[1]}), as wide as the vectors, got "
            f"{directions.shape}"
        )
    return values - values @ directions.T @ directions


def relative_step(before: Vectors, after: Vectors) -> float:
    """How far vectors moved, in units of their own spread: |after - before| / |before - mean|.

    Root mean squares over all sentences; 0 when nothing moved, about √2 after a random rotation
    about the mean.

    Raises:
        ValueError: the shapes differ, or all vectors were the same before.
    """
    before, after = as_array(before, "before"), as_array(after, "after")
    checks.shapes(before=(before, "sentence hidden"), after=(after, "sentence hidden"))
    if np.ptp(before, axis=0).max() == 0:
        raise ValueError("before must hold vectors that differ, got one vector: it has no spread")
    spread = np.sqrt(((before - before.mean(axis=0)) ** 2).sum(axis=1).mean())
    return float(np.sqrt(((after - before) ** 2).sum(axis=1).mean()) / spread)
