"""A batch of pairs under the ranking loss: who is pulled, who is pushed, and who should not be."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import entr

from minbert.analysis.neighbours import cosine_matrix
from minbert.analysis.ranking import (
    gradient_on_cosines,
    loss_floor,
    ranking_losses,
    ranking_probabilities,
)

TIE = 1e-6
"""Cosines that differ by less are equal: the last digits of vectors depend on the machine."""

Matrix = Float[np.ndarray, "pair pair"]
Cells = Bool[np.ndarray, "pair pair"]


@dataclass(frozen=True)
class RankedBatch:
    """K pairs that each say one thing twice; row i is the first sentence of pair i."""

    cosines: Matrix
    probabilities: Matrix
    """Row i: which second sentence is taken for the partner of the i-th first; sums to 1."""
    backward: Matrix | None
    """Column j: which first sentence is taken for the partner of the j-th second; sums to 1.
    None if only one direction counts."""
    losses: Float[np.ndarray, " pair"]
    """-log of the partner's probability, in nats; the mean of both directions if both count."""
    gradient: Matrix
    """Derivative of the mean loss by each cosine: negative is pulled up, positive pushed down."""
    alike: Cells
    """False negatives: cells of two different pairs that say the same."""
    masked: Cells
    """Those of them that are left out of the loss."""
    scale: float

    @property
    def loss(self) -> float:
        """Mean over the pairs, in nats."""
        return float(self.losses.mean())

    @property
    def found(self) -> float:
        """Share of rows whose partner has the largest probability."""
        return float(np.mean(self.probabilities.argmax(axis=1) == np.arange(len(self.cosines))))

    @property
    def indifference(self) -> float:
        """What equal cosines would pay, in nats: ln K, less where cells are masked."""
        return float(np.log((~self.masked).sum(axis=1)).mean())

    @property
    def floor(self) -> float | None:
        """What no batch goes below, in nats; None with masked cells: no closed form is known."""
        return None if self.masked.any() else loss_floor(self.scale, len(self.cosines))

    @property
    def ranks(self) -> Int[np.ndarray, " pair"]:
        """Place of each partner in its row, from 1; whoever is as near stands before it."""
        return _ranks(np.where(self.masked, -np.inf, self.cosines))

    @property
    def ranks_backward(self) -> Int[np.ndarray, " pair"]:
        """The same along the columns."""
        return _ranks(np.where(self.masked, -np.inf, self.cosines).T)

    @property
    def couples(self) -> list[tuple[int, int]]:
        """Pairs that say the same, the smaller number first."""
        return [(int(i), int(j)) for i, j in np.argwhere(np.triu(self.alike))]

    @property
    def push(self) -> Matrix:
        """The gradient on the negatives, 0 on the diagonal."""
        return np.where(np.eye(len(self.gradient), dtype=bool), 0.0, self.gradient)

    @property
    def push_on_alike(self) -> float:
        """Share of all push that goes to false negatives."""
        return float(self.push[self.alike].sum() / (self.push.sum() or 1.0))

    @property
    def negatives_pushed(self) -> Float[np.ndarray, " pair"]:
        """How many negatives share the push of a row: exp of the entropy of their shares.

        K - 1 when all are pushed alike, 1 when a single one takes it all, 0 when all are masked.
        """
        total = self.push.sum(axis=1, keepdims=True)
        shares = self.push / np.where(total > 0, total, 1.0)
        return np.where(total[:, 0] > 0, np.exp(entr(shares).sum(axis=1)), 0.0)


def rank_batch(
    first: Float[np.ndarray, "pair hidden"],
    second: Float[np.ndarray, "pair hidden"],
    clusters: Sequence[Hashable] | None = None,
    *,
    scale: float = 20.0,
    symmetric: bool = False,
    mask: bool = False,
) -> RankedBatch:
    """The ranking loss of a batch, cell by cell, and its gradient in closed form.

    dJ/dcos_ij = s/K · (p_ij - [i = j]); the mean of this and the same along the columns if both
    directions count. The loss is that of `minbert.losses.multiple_negatives_ranking`.

    Args:
        first, second: vectors; line i of one says the same as line i of the other.
        clusters: pairs of one cluster say the same; None: no two do.
        scale: s, the inverse temperature.
        symmetric: also rank the first sentences for each second one.
        mask: leave false negatives out.

    Raises:
        ValueError: fewer than two pairs, another number of clusters, a scale not above 0, or a
            vector that is not finite.
    """
    pairs = len(first)
    if pairs < 2:
        raise ValueError(f"a batch of {pairs} has no negatives: it needs two pairs or more")
    if scale <= 0:
        raise ValueError(f"scale must be above 0, got {scale}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("some vectors are not finite: has the training of this encoder diverged?")
    alike = _alike(range(pairs) if clusters is None else clusters, pairs)
    masked = alike & mask
    cosines = cosine_matrix(first, second)
    scores = np.where(masked, -np.inf, cosines)
    losses, gradient = ranking_losses(scores, scale), gradient_on_cosines(scores, scale)
    if symmetric:
        losses = (losses + ranking_losses(scores.T, scale)) / 2
        gradient = (gradient + gradient_on_cosines(scores.T, scale).T) / 2
    return RankedBatch(
        cosines=cosines,
        probabilities=ranking_probabilities(scores, scale),
        backward=ranking_probabilities(scores.T, scale).T if symmetric else None,
        losses=losses,
        gradient=gradient,
        alike=alike,
        masked=masked,
        scale=scale,
    )


def _alike(clusters: Sequence[Hashable], pairs: int) -> Cells:
    if len(clusters) != pairs:
        raise ValueError(f"expected a cluster for each of {pairs} pairs, got {len(clusters)}")
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    number = np.array([numbers[cluster] for cluster in clusters])
    return (number[:, None] == number) & ~np.eye(pairs, dtype=bool)


def _ranks(scores: Matrix) -> Int[np.ndarray, " pair"]:
    return (scores >= np.diag(scores)[:, None] - TIE).sum(axis=1)
