"""How sentence vectors lie in space, and how far a stage of training moved them."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from minbert import checks

Vectors = Float[np.ndarray | torch.Tensor, "sentence hidden"]
"""One sentence vector a line."""
OtherWidth = Float[np.ndarray | torch.Tensor, "sentence width"]
"""Of the same sentences, in another space."""


def anisotropy(vectors: Vectors, seed: int = 0, pairs: int = 2000) -> float:
    """Mean cosine of random pairs: 0 for directions spread evenly, 1 when all point the same way.

    A cosine says little until it is held against this one. Source: Ethayarajh (2019), section 4.

    Args:
        vectors: two lines or more.
        seed: of the draw of pairs; two different lines each.
        pairs: how many are drawn; at most every pair once, then all are taken.

    Returns:
        From -1/(sentence - 1), when all pairs are taken and the directions cancel, to 1.

    Raises:
        ValueError: there are fewer than two vectors, or one has length zero.
    """
    return float(random_cosines(vectors, seed, pairs).mean())


def random_cosines(vectors: Vectors, seed: int = 0, pairs: int = 2000) -> np.ndarray:
    """The cosines whose mean is `anisotropy`, (pair,); same arguments, same errors."""
    directions = _directions(vectors)
    total = len(directions)
    if total < 2:
        raise ValueError(f"vectors must be two or more: a pair needs two vectors, got {total}")
    checks.whole("pairs", pairs, 1)
    first, second = np.triu_indices(total, k=1)
    if len(first) > pairs:
        chosen = np.random.default_rng(seed).choice(len(first), size=pairs, replace=False)
        first, second = first[chosen], second[chosen]
    return np.einsum("ph,ph->p", directions[first], directions[second])


def axis_shares(vectors: Vectors) -> Float[np.ndarray, " axis"]:
    """Shares of the vectors' squared length along their principal axes, largest first; sum 1.

    The squared singular values over their sum. Axes go through the origin: nothing is subtracted.
    One large share and many small ones: the vectors have one common direction. Two large ones:
    there are two, or two groups. Equal shares: no direction stands out.

    Raises:
        ValueError: no vector has a length.
    """
    squared = np.linalg.svd(as_array(vectors), compute_uv=False) ** 2
    if not squared.sum() > 0:
        raise ValueError(
            "vectors must not all be zero, got no other: without any length there are no axes"
        )
    return squared / squared.sum()


def alignment(first: Vectors, second: Vectors) -> float:
    """Mean squared distance of pairs that should be close, on the unit sphere: smaller is better.

    For directions u and v it is |u - v|² = 2 - 2 cos(u, v): 0 when each pair coincides, 2 when
    pairs are orthogonal, 4 when they are opposite. Collapsed vectors have a perfect 0, hence
    `uniformity`. Source: Wang and Isola (2020), section 4.1, with alpha = 2.

    Args:
        first, second: line i of one belongs to line i of the other.

    Raises:
        ValueError: the shapes differ, there are no pairs, or a vector has length zero.
    """
    u, v = _directions(first), _directions(second)
    if u.shape != v.shape:
        raise ValueError(
            f"first and second must be pairs, of two equal shapes, got {u.shape} and {v.shape}"
        )
    return float(((u - v) ** 2).sum(axis=1).mean())


def uniformity(vectors: Vectors, temperature: float = 2.0) -> float:
    """log of the mean of exp(-t |u - v|²) over all pairs: more negative is more even.

    0 when all directions coincide; about -2t when they are spread over a sphere of many
    dimensions, where two directions are nearly orthogonal. Source: Wang and Isola (2020),
    section 4.1, with t = 2.

    Args:
        vectors: two lines or more; the work grows with their square.
        temperature: t, above 0.

    Raises:
        ValueError: there are fewer than two vectors, one has length zero, or t is not above 0.
    """
    checks.within("temperature", temperature, "(0, inf)")
    directions = _directions(vectors)
    if len(directions) < 2:
        raise ValueError(
            f"vectors must be two or more: a pair needs two vectors, got {len(directions)}"
        )
    first, second = np.triu_indices(len(directions), k=1)
    squared = 2 - 2 * (directions @ directions.T)[first, second]
    return float(np.log(np.exp(-temperature * squared).mean()))


def linear_cka(before: Vectors, after: OtherWidth) -> float:
    """How much of the arrangement of the same sentences two spaces share.

    Centred kernel alignment with linear kernels, |BᵀA|² / (|AᵀA| |BᵀB|) in Frobenius norms, for
    vectors A and B with their means subtracted: 1 when one space is the other rotated, moved or
    scaled, 0 when nothing linear is left. Unlike a cosine of vectors it does not mind which axes
    a network happens to use. Source: Kornblith et al. (2019), section 3.

    Args:
        before, after: line i of both belongs to the same sentence; widths may differ.

    Raises:
        ValueError: the numbers of lines differ, or all lines of one are the same.
    """
    a, b = as_array(before, "before"), as_array(after, "after")
    if len(a) != len(b):
        raise ValueError(
            f"before and after must have the same sentences, got {len(a)} and {len(b)}"
        )
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    if scale <= 0:
        raise ValueError(
            "before and after must hold vectors that differ, got one vector again and again in one "
            "space: it has no arrangement to compare"
        )
    return float(np.linalg.norm(b.T @ a) ** 2 / scale)


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


def as_array(vectors: Vectors, name: str = "vectors") -> np.ndarray:
    """Vectors as float64 NumPy, once they are finite and a line each.

    Raises:
        ValueError: they are not.
    """
    if isinstance(vectors, torch.Tensor):
        vectors = vectors.detach().cpu().float().numpy()
    values = np.asarray(vectors)
    checks.shapes("one sentence vector a line", **{name: (values, "sentence hidden", "number")})
    checks.finite(**{name: values})
    return values.astype(np.float64)


def _directions(vectors: Vectors) -> np.ndarray:
    values = as_array(vectors)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError(
            f"vectors must have a length above 0, got 0 in line {int(lengths.argmin())}: a vector "
            "of length zero has no direction"
        )
    return values / lengths
