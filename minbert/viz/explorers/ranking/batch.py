"""A batch as the ranking loss sees it: every first sentence against every second one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from minbert.analysis.neighbours import cosine_matrix
from minbert.analysis.ranking import ranking_losses, ranking_probabilities
from minbert.viz.plots.distributions import distributions
from minbert.viz.style import DIVERGING, SEQUENTIAL, subplots


@dataclass(frozen=True)
class RankedBatch:
    """One batch, and what the loss makes of it."""

    cosines: Float[np.ndarray, "pair pair"]
    probabilities: Float[np.ndarray, "pair pair"]
    """Each row: which second sentence is taken for the partner; sums to 1."""
    losses: Float[np.ndarray, " pair"]
    """-log of the partner's probability, in nats."""
    temperature: float

    @property
    def loss(self) -> float:
        """Mean over the pairs, in nats."""
        return float(self.losses.mean())

    @property
    def found(self) -> float:
        """Share of rows whose partner has the largest probability."""
        return float(np.mean(self.probabilities.argmax(axis=1) == np.arange(len(self.cosines))))


def rank_batch(
    first: Float[np.ndarray, "pair hidden"],
    second: Float[np.ndarray, "pair hidden"],
    temperature: float = 1.0,
    batch_size: int | None = None,
) -> RankedBatch:
    """Similarities, probabilities and losses of a batch of pairs that all say the same.

    Args:
        first, second: vectors; line i of one belongs to line i of the other.
        temperature: 1 / scale; 1 is the paper's, .05 is scale 20.
        batch_size: only the first so many pairs; None takes all.

    Raises:
        ValueError: the temperature is not above 0, or fewer than two pairs are left.
    """
    if temperature <= 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    first, second = first[:batch_size], second[:batch_size]
    if len(first) < 2:
        raise ValueError(f"a batch of {len(first)} has no negatives: it needs two pairs or more")
    cosines = cosine_matrix(first, second)
    scale = 1 / temperature
    return RankedBatch(
        cosines, ranking_probabilities(cosines, scale), ranking_losses(cosines, scale), temperature
    )


def draw_batches(batches: Mapping[str, RankedBatch]) -> tuple[Figure, str]:
    """Cosines above, probabilities below, one column a batch (before and after, say).

    Args:
        batches: by name.
    """
    figure, grid = subplots(
        2, len(batches), figsize=(0.9 + 3.1 * len(batches), 6.2),
    )  # fmt: skip
    said = []
    for column, (name, batch) in enumerate(batches.items()):
        upper, lower = grid[:, column]
        above = upper.imshow(batch.cosines, cmap=DIVERGING, vmin=-1, vmax=1)
        below = lower.imshow(batch.probabilities, cmap=SEQUENTIAL, vmin=0, vmax=1)
        upper.set_title(f"{name}: cosines")
        lower.set_title(f"{name}: probabilities")
        for axes in (upper, lower):
            axes.set_xlabel("second sentence of pair")
            axes.set_ylabel("first sentence of pair")
        said.append(
            f"{name}: mean cosine {_diagonal(batch.cosines):z.2f} on the diagonal and "
            f"{_others(batch.cosines):z.2f} beside it, {batch.found:z.0%} of the partners rank "
            f"first, loss {batch.loss:z.2f} nats"
        )
    figure.colorbar(above, ax=list(grid[0]), label="cosine", shrink=0.8)
    figure.colorbar(below, ax=list(grid[1]), label="probability", shrink=0.8)
    pairs = len(batch.cosines)
    return figure, (
        f"Heat maps of {pairs} by {pairs} sentences, temperature {batch.temperature:g}. "
        f"{'; '.join(said)}."
    )


def draw_cosines(
    spaces: Mapping[str, Mapping[str, Sequence[float]]],
    x_label: str = "cosine",
    limits: tuple[float, float] = (-0.5, 1.0),
) -> tuple[Figure, str]:
    """Distributions of cosines, one panel a space, all on the same axis.

    Args:
        spaces: per space (before, after) the groups of `distributions` (positive, random pairs).
        x_label, limits: of the x axis; values outside are drawn at its ends.
    """
    figure, panels = subplots(
        1, len(spaces), figsize=(0.6 + 3.6 * len(spaces), 3.2), sharex=True, sharey=True,
    )  # fmt: skip
    said = [
        distributions(groups, axes=axes, title=name, x_label=x_label, limits=limits)[1]
        for axes, (name, groups) in zip(panels[0], spaces.items(), strict=True)
    ]
    for axes in panels[0, 1:]:
        axes.set_ylabel("")
    return figure, " ".join(said)


def _diagonal(values: np.ndarray) -> float:
    return float(np.diag(values).mean())


def _others(values: np.ndarray) -> float:
    return float(values[~np.eye(len(values), dtype=bool)].mean())
