"""Ranking-loss lab: what scale, direction, batch, false and hard negatives do to the vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from minbert.analysis.geometry import alignment, random_cosines, uniformity
from minbert.encoder import Encoder
from minbert.experiments.experiment import Experiment
from minbert.experiments.labs.trial import Cell, Found, Lab
from minbert.experiments.stage_files import paraphrases_by_cosine, similarities
from minbert.experiments.sweep import Parts
from minbert.tasks import QUORA, STS
from minbert.training.loop import History, RunContext
from minbert.training.mnrl import is_similar, ranked_pairs, train_ranking
from minbert.training.pair_ranking import RankedPairs, ranked_pairs_of, train_pair_ranking
from minbert.training.recipe import RECIPES, Recipe
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.training.vectors import embed_all

SCALES = (1.0, 5.0, 20.0, 50.0)
BATCHES = (8, 128)
UNTRAINED = "no ranking"
SIMILAR_ALONE = "similar pairs alone"
HARD = "similar pairs, labelled hard negatives"
REPEATED = 3
"""Epochs of similar pairs alone for one of all pairs: a good third of them is similar, so that both
take about as many steps."""
SEEN = 1500
"""Sentences at most whose spread is measured: the work grows with their square."""


def cells_of(experiment: Experiment) -> list[Cell]:
    """The lab's recipe with mean pooling at each scale; at 20, one other choice at a time."""
    settings = experiment.preset.mnrl
    base = replace(RECIPES["lab"], name="ranking", scale=20.0)
    varied: dict[str, Recipe] = {f"scale {scale:g}": replace(base, scale=scale) for scale in SCALES}
    varied["one direction"] = replace(base, symmetric=False)
    varied["duplicates left out"] = replace(base, cluster_masked=True)
    varied["pooler"] = replace(base, pooling="pooler")
    cells = [Cell(name, recipe, settings) for name, recipe in varied.items()]
    cells += [
        Cell(f"batches of {size}", base, replace(settings, batch_size=size)) for size in BATCHES
    ]
    parts = max(BATCHES) // settings.batch_size or 1
    accumulated = replace(base, ranking_parts=parts)
    big = replace(settings, batch_size=max(BATCHES))
    cells.append(Cell(f"batches of {max(BATCHES)} in {parts} parts", accumulated, big))
    longer = replace(big, epochs=settings.epochs * parts)
    as_many = f"batches of {max(BATCHES)}, as many steps"
    cells.append(Cell(as_many, base, longer))
    cells.append(
        Cell(f"batches of {max(BATCHES)} in {parts} parts, as many steps", accumulated, longer)
    )
    repeated = replace(settings, epochs=settings.epochs * REPEATED)
    cells.append(Cell(SIMILAR_ALONE, base, repeated, SIMILAR_ALONE))
    cells.append(Cell(HARD, base, repeated, HARD, against=SIMILAR_ALONE))
    return [*cells, Cell(UNTRAINED, base, settings, UNTRAINED)]


def train(
    experiment: Experiment, cell: Cell, parts: Parts, table: SentenceTable, context: RunContext
) -> Found:
    """Rank, then read everything off the vectors: no head is trained."""
    encoder = experiment.original().encoder.to(context.device)
    return rank_and_read(encoder, cell, parts, table, context, ranks=cell.how != UNTRAINED)


def rank_and_read(
    encoder: Encoder,
    cell: Cell,
    parts: Parts,
    table: SentenceTable,
    context: RunContext,
    ranks: bool = True,
) -> Found:
    """Answers of an encoder by the cosine of its vectors, after ranking unless `ranks` is False."""
    measures = {}
    if ranks:
        history, measures = ranked(encoder, cell, parts, table, context)
        measures |= {
            "training_s": history.seconds,
            "training_tokens": float(history.tokens),
            "steps": float(history.steps),
        }
    wanted = [row for rows in parts.held_out.values() for row in rows.all_rows]
    wanted += [
        row for rows in parts.train.values() if rows.task.label.whole for row in rows.all_rows
    ]
    vectors = embed_all(encoder, wanted, table, cell.recipe, context)
    predictions = {
        name: paraphrases_by_cosine(vectors, {"train": parts.train[name], "dev": rows})
        if rows.task.label.whole
        else similarities(vectors, rows)
        for name, rows in parts.held_out.items()
    }
    return Found(predictions, {**measures, **geometry(vectors, parts.held_out, cell.recipe)})


def ranked(
    encoder: Encoder, cell: Cell, parts: Parts, table: SentenceTable, context: RunContext
) -> tuple[History, dict[str, float]]:
    """Train by the ranking loss: on all pairs, as the paper does, or on similar pairs alone.

    Returns:
        What happened, and for similar pairs alone the share of them with a hard negative: a second
        sentence that was labelled as different from the same first one.
    """
    pairs = ranked_pairs(parts.train)
    if cell.how not in (SIMILAR_ALONE, HARD):
        return train_ranking(encoder, pairs, table, cell.recipe, cell.settings, context), {}
    similar = {
        name: ranked_pairs_of(rows, [None] * len(rows), cell.recipe) for name, rows in pairs.items()
    }
    similar = {name: of for name, of in similar.items() if len(of)}
    if cell.how == SIMILAR_ALONE:
        similar = {name: without_negatives(of) for name, of in similar.items()}
    history = train_pair_ranking(encoder, similar, table, cell.recipe, cell.settings, context)
    have = sum(bool(negatives) for of in similar.values() for negatives in of.negatives)
    return history, {"share_with_hard_negative": have / max(1, sum(map(len, similar.values())))}


def without_negatives(pairs: RankedPairs) -> RankedPairs:
    """The same pairs; nobody says what is no partner."""
    return replace(pairs, negatives=((),) * len(pairs))


def geometry(vectors: Tensor, splits: Mapping[str, TaskRows], recipe: Recipe) -> dict[str, float]:
    """Alignment of similar pairs, uniformity, and the mean cosine of random ones (held-out)."""
    first, second, everything = [], [], []
    for rows in splits.values():
        similar = is_similar(rows, recipe).numpy()
        first += [row for row, yes in zip(rows.first, similar, strict=True) if yes]
        second += [row for row, yes in zip(rows.second, similar, strict=True) if yes]
        everything += rows.all_rows
    distinct = list(dict.fromkeys(everything))[:SEEN]
    some = vectors[distinct].numpy()
    return {
        "alignment": alignment(vectors[first].numpy(), vectors[second].numpy()),
        "uniformity": uniformity(some),
        "random_pair_cosine": float(random_cosines(some).mean()),
    }


RANKING_LOSS = Lab(
    name="ranking-loss",
    question="What do scale, direction, batch size, false and hard negatives do to the vectors?",
    tasks=(QUORA.name, STS.name),
    baseline="scale 20",
    cells=cells_of,
    train=train,
)
