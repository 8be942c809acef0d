"""Ranking of own pairs: hard negatives, clusters that are never apart, batches that hold no two.

The paper's stage (`minbert.training.mnrl`) takes batches as they come and pairs that are not
similar as further negatives. Own pairs are few, often ask the same several times, and may name
what must not be found; here every batch holds one pair of a cluster at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minbert import losses
from minbert.data.batching import round_robin
from minbert.encoder import Encoder
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.mnrl import clusters_by_row, is_similar, ranked_vectors
from minbert.training.recipe import Recipe, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.training.vectors import set_dropout

POOL_BATCHES = 50
"""Batches' worth of pairs that are sorted by length together."""


@dataclass(frozen=True)
class RankedPairs:
    """Pairs that belong together, what must not be taken for a partner, and who says the same."""

    first: tuple[int, ...]
    """Rows of a `SentenceTable`."""
    second: tuple[int, ...]
    negatives: tuple[tuple[int, ...], ...]
    """Of each pair, rows that are no partner; often none."""
    clusters: Int[Tensor, " row"]
    """Of every row of the table: rows joined by any chain of pairs have the same number."""

    def __len__(self) -> int:
        return len(self.first)

    def rows(self, pairs: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
        """First rows, second rows, and hard negatives of some pairs."""
        hard = [row for pair in pairs for row in self.negatives[pair]]
        return [self.first[pair] for pair in pairs], [self.second[pair] for pair in pairs], hard


def ranked_pairs_of(rows: TaskRows, negatives: Sequence[int | None], recipe: Recipe) -> RankedPairs:
    """The pairs of a split that the ranking loss learns from.

    Of pairs that are labelled as different, the second sentence is a hard negative of the first
    where that has a partner elsewhere; otherwise such a pair says nothing to this loss.

    Args:
        rows: of a task that says from which label two sentences are similar.
        negatives: of each example the row of its hard negative, or None.
        recipe: whose `similar_from` holds for scores.
    """
    similar = is_similar(rows, recipe)
    by_row = clusters_by_row(rows, similar)
    avoid: dict[int, list[int]] = {}
    for example in torch.nonzero(~similar).flatten().tolist():
        if rows.task.label.whole or rows.labels[example] <= rows.task.label.lowest:
            avoid.setdefault(rows.first[example], []).append(rows.second[example])
    pairs = torch.nonzero(similar).flatten().tolist()
    hard = []
    for pair in pairs:
        own = [] if negatives[pair] is None else [negatives[pair]]
        own += avoid.get(rows.first[pair], [])[:1]
        hard.append(tuple(dict.fromkeys(own)))
    return RankedPairs(
        tuple(rows.first[pair] for pair in pairs),
        tuple(rows.second[pair] for pair in pairs),
        tuple(hard),
        by_row,
    )


def distinct_batches(
    clusters: Sequence[int], lengths: Sequence[int], batch_size: int, generator: torch.Generator
) -> list[list[int]]:
    """Batches in which no two pairs are of one cluster; every pair is in exactly one.

    Pairs are drawn in random order, sorted by length within a pool, and put into the first batch
    that is not full and has none of their cluster. Where one cluster holds more pairs than there
    are batches, its last pairs are alone in theirs.

    Args:
        clusters: number of each pair.
        lengths: word pieces of each pair.
        batch_size: pairs of a batch at most.
        generator: the only source of randomness.

    Raises:
        ValueError: `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    order = torch.randperm(len(clusters), generator=generator).tolist()
    pool = batch_size * POOL_BATCHES
    batches: list[list[int]] = []
    last: dict[int, int] = {}
    begin = 0
    for start in range(0, len(order), pool):
        for pair in sorted(order[start : start + pool], key=lengths.__getitem__):
            at = max(begin, last.get(clusters[pair], -1) + 1)
            while at < len(batches) and len(batches[at]) >= batch_size:
                at += 1
            if at >= len(batches):
                batches.append([])
                at = len(batches) - 1
            batches[at].append(pair)
            last[clusters[pair]] = at
            while begin < len(batches) and len(batches[begin]) >= batch_size:
                begin += 1
    shuffled = torch.randperm(len(batches), generator=generator).tolist()
    return [batches[place] for place in shuffled]


def pair_ranking_loss(
    first: Float[Tensor, "pair hidden"],
    second: Float[Tensor, "pair hidden"],
    negatives: Float[Tensor, "negative hidden"],
    clusters: Int[Tensor, " pair"],
    negative_clusters: Int[Tensor, " negative"],
    *,
    scale: float,
    symmetric: bool,
) -> Float[Tensor, ""]:
    """The ranking loss over second sentences and hard negatives: each first one picks its partner.

    A hard negative enters as a pair of itself with itself that is not similar, so it is a negative
    of every first sentence, and, in the other direction, of every second one. It is left out for
    the pairs of its own cluster.

    Args:
        first, second: vectors of the pairs.
        negatives: vectors of hard negatives; there may be none.
        clusters, negative_clusters: who says the same as whom.
        scale, symmetric: as for `minbert.losses.multiple_negatives_ranking`.

    Raises:
        ValueError: no negative is left in the batch.
    """
    similar = torch.arange(len(first) + len(negatives), device=first.device) < len(first)
    return losses.multiple_negatives_ranking(
        torch.cat([first, negatives]),
        torch.cat([second, negatives]),
        similar,
        scale=scale,
        symmetric=symmetric,
        clusters=torch.cat([clusters, negative_clusters]),
    )


def train_pair_ranking(
    encoder: Encoder,
    pairs: Mapping[str, RankedPairs],
    table: SentenceTable,
    recipe: Recipe,
    settings: StageSettings,
    context: RunContext,
) -> History:
    """Train an encoder to find partners, on one or several sets of pairs in turn.

    Args:
        encoder: edited in place.
        pairs: by the name of their task.
        table: holds all their sentences.
        recipe: its scale, direction, pooling, dropout and `ranking_chunk`.
        settings: `batch_size` counts pairs.
        context: device, precision, seed, checkpoint.

    Source: Henderson et al. (2017).
    """
    set_dropout(encoder, recipe)
    names = list(pairs)
    cluster_of = {
        name: of.clusters[torch.tensor(of.second, dtype=torch.long)].tolist()
        for name, of in pairs.items()
    }
    lengths = {
        name: [
            max(table.length(a), table.length(b)) for a, b in zip(of.first, of.second, strict=True)
        ]
        for name, of in pairs.items()
    }

    def make_batches(generator: torch.Generator) -> list[Batch]:
        each = [
            distinct_batches(cluster_of[name], lengths[name], settings.batch_size, generator)
            for name in names
        ]
        return [(names[source], batch) for source, batch in round_robin(*each)]

    def compute_loss(batch: Batch, generator: torch.Generator) -> Tensor | None:
        name, examples = batch
        first, second, hard = pairs[name].rows(examples)
        numbers = pairs[name].clusters
        own, others = numbers[second], torch.tensor([_number(numbers, row) for row in hard])
        if len(torch.cat([own, others.long()]).unique()) < 2:
            return None
        rows = [*first, *second, *hard]
        vectors = ranked_vectors(encoder, rows, table, recipe, context)
        a, b, negatives = vectors.split([len(first), len(second), len(hard)])
        return pair_ranking_loss(
            a,
            b,
            negatives,
            own.to(a.device),
            others.long().to(a.device),
            scale=recipe.scale,
            symmetric=recipe.symmetric,
        )

    return train(
        encoder,
        make_batches,
        compute_loss,
        settings,
        context,
        name="ranking",
        count_tokens=lambda batch: sum(
            table.length(row) for rows in pairs[batch[0]].rows(batch[1]) for row in rows
        ),
    )


def _number(clusters: Tensor, row: int) -> int:
    """Of a row that no pair has, a number of its own."""
    return int(clusters[row]) if row < len(clusters) else -1 - row
