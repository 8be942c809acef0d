"""Multiple negatives ranking: similar sentences together, all others apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minbert import losses
from minbert.encoder import Encoder
from minbert.training.epochs import in_turn
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import Recipe, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.training.vectors import sentence_vectors, set_dropout


def train_ranking(
    encoder: Encoder,
    pairs: Mapping[str, TaskRows],
    table: SentenceTable,
    recipe: Recipe,
    settings: StageSettings,
    context: RunContext,
    optimizer: str = "fused",
) -> History:
    """Multiple negatives ranking on the encoder's sentence vectors (the paper's section 4.3).

    Alternates batches of the data sets. Pairs that are not similar stay in the batch as
    negatives; a batch without a similar pair, or of one pair, is skipped and counted. With
    `recipe.ranking_parts` a batch is cut, and each part ranks by itself; with
    `recipe.ranking_chunk` it is encoded in chunks and ranked as a whole.

    Args:
        pairs: training pairs per data set, of tasks that say from which label two sentences are
            similar.
    """
    set_dropout(encoder, recipe)
    similar = {name: is_similar(rows, recipe) for name, rows in pairs.items()}
    clusters = {
        name: clusters_of(rows, similar[name])
        for name, rows in pairs.items()
        if recipe.cluster_masked
    }

    def loss_of(name: str, examples: list[int]) -> Tensor | None:
        positives = similar[name][examples]
        own = clusters[name][examples] if name in clusters else None
        if len(examples) < 2 or not positives.any() or (own is not None and len(own.unique()) < 2):
            return None
        return ranking_loss(
            encoder, pairs[name].subset(examples), positives, table, recipe, context, own
        )

    def compute_loss(batch: Batch, generator: torch.Generator) -> Tensor | None:
        name, examples = batch
        parts = np.array_split(examples, min(recipe.ranking_parts, len(examples)))
        found = [loss_of(name, part.tolist()) for part in parts]
        ranked = [loss for loss in found if loss is not None]
        return torch.stack(ranked).mean() if ranked else None

    return train(
        encoder,
        lambda generator: in_turn(
            {name: table.lengths(rows) for name, rows in pairs.items()},
            settings.batch_size,
            generator,
        ),
        compute_loss,
        settings,
        context,
        name="mnrl",
        optimizer=optimizer,
        count_tokens=lambda batch: table.count(pairs[batch[0]], batch[1]),
    )


def ranked_pairs(rows: Mapping[str, TaskRows]) -> dict[str, TaskRows]:
    """Those of tasks that say from which label on two sentences are similar."""
    return {name: of for name, of in rows.items() if of.task.similar_from is not None}


def is_similar(rows: TaskRows, recipe: Recipe) -> Bool[Tensor, " pair"]:
    """Which pairs the ranking loss takes as positives: duplicates, or similar enough captions.

    Of scores the recipe says how much is enough, of classes the task.
    """
    task = rows.task
    return rows.labels >= (task.similar_from if task.label.whole else recipe.similar_from)


def clusters_of(rows: TaskRows, similar: Bool[Tensor, " pair"]) -> Int[Tensor, " pair"]:
    """A number per pair: that of all sentences which mean what its second sentence means.

    Where the loss ranks the other way round, a first sentence counts with its partner, also where
    the two are not similar.
    """
    return clusters_by_row(rows, similar)[list(rows.second)]


def clusters_by_row(rows: TaskRows, similar: Bool[Tensor, " pair"]) -> Int[Tensor, " row"]:
    """A number for every row of the table up to the last: that of all rows it is joined with.

    If A is similar to B, and B to C, then A is to C, though nobody labelled that pair.
    """
    from scipy.sparse import coo_array, csgraph  # slow to import, and rarely needed

    count = 1 + max(rows.all_rows, default=0)
    ends = np.array([rows.first, rows.second])[:, similar.numpy()]
    joined = coo_array((np.ones(ends.shape[1]), ends), shape=(count, count))
    _, numbers = csgraph.connected_components(joined, directed=False)
    return torch.from_numpy(numbers).long()


def ranked_vectors(
    encoder: Encoder,
    sentences: Sequence[int],
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
) -> Float[Tensor, "sentence hidden"]:
    """Vectors of all sentences that are ranked together, in float32.

    With `recipe.ranking_chunk`, so many sentences at a time (`minbert.training.gradient_caching`):
    the loss and its gradients stay those of the whole batch.
    """
    chunk = recipe.ranking_chunk
    groups = math.ceil(len(sentences) / chunk) if chunk else recipe.length_groups
    vectors = sentence_vectors(
        encoder, sentences, table, recipe, context, groups, cached=chunk is not None
    )
    return vectors.float()


def ranking_loss(
    encoder: Encoder,
    batch: TaskRows,
    similar: Bool[Tensor, " pair"],
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
    clusters: Int[Tensor, " pair"] | None = None,
) -> Float[Tensor, ""]:
    """The ranking loss of one batch of pairs; both sides go through the encoder together."""
    sentences = batch.first + batch.second
    first, second = ranked_vectors(encoder, sentences, table, recipe, context).chunk(2)
    return losses.multiple_negatives_ranking(
        first,
        second,
        similar.to(context.device),
        scale=recipe.scale,
        symmetric=recipe.symmetric,
        clusters=None if clusters is None else clusters.to(context.device),
    )
