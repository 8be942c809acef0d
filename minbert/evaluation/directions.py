"""Directions in the space of sentence vectors: turned, moved along, taken away."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from minbert.evaluation.geometry import Vectors

Directions = Float[np.ndarray, "direction hidden"]
"""Orthonormal rows."""


def random_rotation(width: int, seed: int) -> Float[np.ndarray, "hidden hidden"]:
    """An orthogonal matrix drawn evenly from all of them (reflections included).

    It moves every vector and changes no length, no angle and no distance between two of them.
    Source: Mezzadri (2007), section 5: QR of a Gaussian matrix, with the signs of R's diagonal.
    """
    gaussian = np.random.default_rng(seed).standard_normal((width, width))
    orthogonal, upper = np.linalg.qr(gaussian)
    return orthogonal * np.sign(np.diag(upper))


def random_directions(width: int, count: int, seed: int) -> Directions:
    """`count` orthonormal directions, drawn evenly."""
    return random_rotation(width, seed)[:, :count].T


def principal_directions(vectors: Vectors, count: int) -> Directions:
    """The orthonormal directions in which vectors differ most from their mean, largest first.

    Of the steps `after - before` of a training stage these are the directions in which it moved
    sentences apart from each other; a step common to all sentences has no part in them.

    Raises:
        ValueError: `count` exceeds the width.
    """
    values = np.asarray(vectors, dtype=np.float64)
    if not 0 <= count <= values.shape[1]:
        raise ValueError(f"count must lie in [0, {values.shape[1]}], got {count}")
    _, turned = np.linalg.eigh(np.cov(values, rowvar=False))
    return turned[:, ::-1][:, :count].T


def project_out(vectors: Vectors, directions: Directions) -> np.ndarray:
    """The vectors without their components along the directions; width and order stay."""
    values = np.asarray(vectors, dtype=np.float64)
    return values - values @ directions.T @ directions


def relative_step(before: Vectors, after: Vectors) -> float:
    """How far vectors moved, in units of their own spread: |after - before| / |before - mean|.

    Root mean squares over all sentences; 0 when nothing moved, about √2 after a random rotation
    about the mean.
    """
    before, after = (np.asarray(values, dtype=np.float64) for values in (before, after))
    spread = np.sqrt(((before - before.mean(axis=0)) ** 2).sum(axis=1).mean())
    return float(np.sqrt(((after - before) ** 2).sum(axis=1).mean()) / spread)
