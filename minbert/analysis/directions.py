"""Directions in the space of sentence vectors: found, turned, looked along, taken away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

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
    sentences apart from each other; a step common to all sentences has no part in them. They are
    the components of `principal_components`.

    Raises:
        ValueError: see there.
    """
    return principal_components(vectors, count).components


def project_out(vectors: Vectors, directions: Directions) -> np.ndarray:
    """The vectors without their components along the directions; width and order stay."""
    values, directions = as_array(vectors), np.asarray(directions)
    if directions.ndim != 2 or directions.shape[1] != values.shape[1]:
        raise ValueError(
            f"directions must be (direction, {values.shape[1]}), as wide as the vectors, got "
            f"{directions.shape}"
        )
    return values - values @ directions.T @ directions


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
    """Directions of largest variance, by scikit-learn's PCA.

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
    spread = ((vectors - vectors.mean(axis=0)) ** 2).sum()
    if spread <= 1e-20 * max(1.0, float((vectors**2).sum())):
        raise ValueError(
            "vectors must differ, got one again and again: all vectors are the same, and no "
            "direction has the largest variance"
        )
    from sklearn.decomposition import PCA

    # Of many vectors the eigenvectors of the covariance are found sooner; they are the same.
    solver = "covariance_eigh" if len(vectors) > vectors.shape[1] else "full"
    # On a busy machine the threads of these decompositions wait for each other: one is faster.
    with threadpool_limits(1, user_api="blas"):
        found = PCA(count, svd_solver=solver).fit(vectors)
    largest = np.take_along_axis(
        found.components_, np.abs(found.components_).argmax(1)[:, None], axis=1
    )
    return PrincipalComponents(
        found.mean_, found.components_ * np.sign(largest), found.explained_variance_ratio_
    )
