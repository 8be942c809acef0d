"""Principal components: the flat map of many directions that loses least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from minbert import checks
from minbert.analysis.geometry import as_array


@dataclass(frozen=True)
class PrincipalComponents:
    """A map from vectors to a few coordinates."""

    mean: Float[np.ndarray, " hidden"]
    components: Float[np.ndarray, "component hidden"]
    """Orthonormal directions, the one of largest variance first."""
    shares: Float[np.ndarray, " component"]
    """Of the total variance, per component."""

    def project(
        self, vectors: Float[np.ndarray, "sentence hidden"]
    ) -> Float[np.ndarray, "sentence component"]:
        """Coordinates of vectors, these or others of the same width, on the map."""
        values = as_array(vectors)
        checks.shapes("as wide as those of the map", vectors=(values, f"n {len(self.mean)}"))
        return (values - self.mean) @ self.components.T


def principal_components(
    vectors: Float[np.ndarray, "sentence hidden"], count: int = 2
) -> PrincipalComponents:
    """Directions of largest variance: eigenvectors of the covariance.

    Where there are fewer vectors than dimensions, singular vectors give the same in less time.
    A direction has no sign of its own: the largest entry of each is made positive, so that the
    same vectors always give the same map.

    Args:
        vectors: two or more, not all the same.
        count: of components, at most the smaller side of `vectors`.

    Raises:
        ValueError: `count` is out of range, nothing varies, or a value is not finite.
    """
    vectors = as_array(vectors)
    checks.whole("count", count, 1)
    if not 1 <= count <= min(vectors.shape):
        raise ValueError(f"count must be from 1 to {min(vectors.shape)}, got {count}")
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    total = (centred**2).sum()
    if total <= 1e-20 * max(1.0, float((vectors**2).sum())):
        raise ValueError(
            "vectors must differ, got one again and again: all vectors are the same, and no "
            "direction has the largest variance"
        )
    # On a busy machine the threads of these decompositions wait for each other: one is faster.
    with threadpool_limits(1, user_api="blas"):
        if len(vectors) > vectors.shape[1]:
            squares, directions = np.linalg.eigh(centred.T @ centred)
            squares, directions = squares[::-1].clip(min=0.0), directions.T[::-1]
        else:
            _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
            squares = lengths**2
    directions = directions[:count]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], axis=1)
    return PrincipalComponents(mean, directions * np.sign(largest), squares[:count] / total)
