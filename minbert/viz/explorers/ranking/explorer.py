"""A batch of pairs as the ranking loss sees it: similarities, probabilities, and who is pushed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import chain

import numpy as np

from minbert.analysis.ranking import duplicate_clusters
from minbert.data.examples import PairExample
from minbert.encoder import Encoder
from minbert.inference import encode
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.base.controls import choice, one_of, switch, whole_number
from minbert.viz.explorers.base.explorer import Explorer, by_name
from minbert.viz.explorers.base.panel import View
from minbert.viz.explorers.ranking.compute import RankedBatch, rank_batch
from minbert.viz.explorers.ranking.draw import draw_cells, draw_losses, draw_row
from minbert.viz.explorers.ranking.tables import SHOWN, cells_table, pairs_table, row_table

SCALES = (1, 2, 5, 10, 20, 50, 100)
LARGEST_BATCH = 64
"""Pairs; cells of a larger one could not be told apart."""

Pairs = Sequence[PairExample] | tuple[Sequence[str], Sequence[str]]


def paired(pairs: Pairs) -> tuple[list[str], list[str]]:
    """First and second sentences of pairs that say the same.

    Args:
        pairs: examples, or two lists of sentences.

    Raises:
        ValueError: fewer than two pairs, lists of two lengths, or a pair labelled 0.
    """
    if all(isinstance(pair, PairExample) for pair in pairs):
        if unlike := sum(pair.label == 0 for pair in pairs):
            raise ValueError(f"{unlike} of the pairs are labelled 0: give those that say the same")
        first, second = [pair.sentence1 for pair in pairs], [pair.sentence2 for pair in pairs]
    else:
        if len(pairs) != 2:
            raise ValueError(f"expected pairs, or two lists of sentences, got {len(pairs)} things")
        first, second = map(list, pairs)
    if len(first) != len(second):
        raise ValueError(f"{len(first)} first sentences, but {len(second)} second ones")
    if len(first) < 2:
        raise ValueError(f"a batch needs two pairs or more to have negatives, got {len(first)}")
    return first, second


class RankingLab(Explorer):
    """Batches of pairs that say the same, under the ranking loss at every scale.

    Args:
        pairs: all of them similar: examples, or two lists of sentences.
        encoders: one, or several by name (stages of training) to choose from.
        tokenizer: of all of them.
        pooling: one of `minbert.pooling.POOLINGS`.
        clusters: of each pair; pairs of one cluster say the same. Without, pairs that share a
            sentence do, directly or through others (`duplicate_clusters`).
        batch_size, scale: at the start.
        most_pairs: the first so many are used; an encoder reads them once, when it is chosen.
    """

    def __init__(
        self,
        pairs: Pairs,
        encoders: Encoder | Mapping[str, Encoder],
        tokenizer: WordPieceTokenizer,
        pooling: str = "mean",
        clusters: Sequence[Hashable] | None = None,
        batch_size: int = 16,
        scale: float = 20,
        most_pairs: int = 192,
    ) -> None:
        first, second = paired(pairs)
        if clusters is None:
            clusters = _clusters(first, second)
        if most_pairs < 2:
            raise ValueError(f"most_pairs must be 2 or more, got {most_pairs}")
        if len(clusters) != len(first):
            raise ValueError(
                f"expected a cluster for each of {len(first)} pairs, got {len(clusters)}"
            )
        self.given = len(first)
        self.first, self.second = first[:most_pairs], second[:most_pairs]
        self.clusters = list(clusters)[:most_pairs]
        self.encoders = by_name(encoders, "encoders")
        self.tokenizer, self.pooling = tokenizer, pooling
        largest = min(LARGEST_BATCH, len(self.first))
        size = min(max(batch_size, 2), largest)
        self.stage = choice("Stage", list(self.encoders))
        self.size = whole_number("Batch size", size, 2, largest)
        self.batch = whole_number("Batch", 1, 1, len(self.first) // size)
        self.scale = one_of("Scale", sorted({*SCALES, scale}), scale)
        self.symmetric = switch("Symmetric loss")
        self.mask = switch("Mask false negatives")
        self.shown = choice("Show", SHOWN)
        self.row = whole_number("Row", 1, 1, size)
        self.size.observe(self._fit, names="value")
        stages = [self.stage] if len(self.encoders) > 1 else []
        batch = [self.stage, self.batch, self.scale, self.symmetric, self.mask]
        super().__init__(
            "Ranking lab",
            "Rows are first sentences, columns second ones; partners stand on the diagonal. Whom "
            "does the loss push apart?",
            [*stages, self.size, *batch[1:], self.shown, self.row],
        )
        self.add_panel("Matrix", self.look_at_cells, on=[*batch, self.shown])
        self.add_panel("Loss", self.look_at_losses, on=batch)
        self.add_panel("One row", self.look_at_row, on=[*batch, self.row])

    def _fit(self, change: object = None) -> None:
        """As many rows and batches as there are now; then all panels are looked at, once."""
        before = self.batch.value
        self.row.max = self.size.value
        self.batch.max = len(self.first) // self.size.value
        if self.batch.value == before:  # else its change has been answered
            for panel in self.panels.values():
                panel.refresh()

    @property
    def run(self) -> slice:
        """Which pairs are in the batch."""
        size = self.size.value
        start = size * (min(self.batch.value, len(self.first) // size) - 1)
        return slice(start, start + size)

    def vectors(self, stage: str) -> tuple[np.ndarray, np.ndarray]:
        """First and second sentences under one encoder; read once."""

        def read() -> tuple[np.ndarray, np.ndarray]:
            texts, encoder = chain(self.first, self.second), self.encoders[stage]
            both = encode(texts, encoder, self.tokenizer, self.pooling, precision="fp32")
            return both[: len(self.first)], both[len(self.first) :]

        return self.remember(stage, read)

    def pushed(self) -> RankedBatch:
        """The batch as the controls stand."""
        first, second = (side[self.run] for side in self.vectors(self.stage.value))
        return rank_batch(
            first,
            second,
            self.clusters[self.run],
            scale=self.scale.value,
            symmetric=self.symmetric.value,
            mask=self.mask.value,
        )

    def look_at_cells(self) -> View:
        """The matrix; the note says which pairs these are."""
        batch, used = self.pushed(), len(self.first)
        rest = used % self.size.value
        notes = [
            f"Pairs {self.run.start + 1} to {self.run.stop} of {used}; in the batch they "
            f"are numbers 1 to {len(batch.cosines)}.",
            f"The last {rest} make no full batch." if rest else "",
            f"Only the first {used} of {self.given:,} pairs are used." if used < self.given else "",
        ]
        table = cells_table(batch, self.shown.value)
        return View(*draw_cells(batch, self.shown.value), table, " ".join(filter(None, notes)))

    def look_at_losses(self) -> View:
        """What each pair pays."""
        batch = self.pushed()
        return View(*draw_losses(batch), pairs_table(batch))

    def look_at_row(self) -> View:
        """One first sentence and whom it is taken to belong to."""
        batch, second = self.pushed(), self.second[self.run]
        row = min(self.row.value, len(second)) - 1
        first = self.first[self.run][row]
        return View(*draw_row(batch, row, [first, *second]), row_table(batch, row, second))


def _clusters(first: Sequence[str], second: Sequence[str]) -> list[int]:
    """Cluster of each pair, as far as the pairs themselves tell."""
    pairs = [PairExample("", *pair, label=1.0) for pair in zip(first, second, strict=True)]
    number = duplicate_clusters(pairs)
    return [number[sentence] for sentence in first]
