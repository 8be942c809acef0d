"""What frozen sentence vectors are worth to the tasks, in one row of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minbert.encoder import Encoder
from minbert.evaluation.metrics import accuracy, pearson, roc_auc
from minbert.experiments.grid import Grid
from minbert.experiments.stage_files import paraphrases_by_cosine, predict_tasks
from minbert.heads import similarity_score
from minbert.training.heads import train_head
from minbert.training.loop import derive_seed, generator_for
from minbert.training.sentences import TaskRows
from minbert.training.vectors import embed_all

MEASURES = {
    "sts_pearson": "Similarity, Pearson's r",
    "quora_accuracy": "Paraphrase, head: accuracy",
    "quora_by_cosine": "Paraphrase, threshold on the cosine: accuracy",
    "quora_ranking": "Paraphrase, cosine: area under the ROC curve",
    "sst_accuracy": "Sentiment, head: accuracy",
}

SentenceVectors = Float[Tensor, "sentence hidden"]
"""One line per row of the grid's sentence table."""


def embed(grid: Grid, encoder: Encoder) -> SentenceVectors:
    """Vectors of all sentences that heads are trained on or that are measured on dev."""
    tasks = grid.rows.tasks
    splits = [tasks["sst"]["train"], tasks["quora"]["train"]]
    splits += grid.rows.split("dev").values()
    rows = [row for split in splits for row in split.all_rows]
    experiment = grid.experiment
    context = experiment.context(seed=0)
    return embed_all(encoder, rows, grid.rows.table, experiment.recipe, context)


def averaged_words(grid: Grid, encoder: Encoder) -> SentenceVectors:
    """Each sentence as the mean of its word embeddings: no position, no layer, no [CLS].

    What word embeddings are worth by themselves, when no layer has to read them.
    """
    words = encoder.embeddings.word_embeddings.weight.detach().cpu()
    return torch.stack([words[ids[1:-1] or ids].mean(dim=0) for ids in grid.rows.table.ids])


def read(grid: Grid, encoder: Encoder, vectors: SentenceVectors, seed: int) -> dict[str, float]:
    """The measures of `MEASURES` on dev; both heads are trained as in the arm `heads_only`.

    The heads start from the same weights and see the same batches whatever the vectors are, so
    that two readings with one seed differ by the vectors alone.

    Args:
        grid: data, recipe and settings of the heads.
        encoder: gives the width; it is not run.
        vectors: of the grid's sentences, from `embed` or `averaged_words`.
        seed: of the heads.
    """
    experiment, tasks = grid.experiment, grid.rows.tasks
    model = experiment.model(encoder, generator_for(seed, "heads"))
    settings, context = experiment.preset.heads, experiment.context(derive_seed(seed))
    for task in model.with_weights:
        train_head(model.head(task), vectors, tasks[task.name]["train"], settings, context)
    dev = grid.rows.split("dev")
    golds = {task: rows.labels.numpy() for task, rows in dev.items()}
    said = predict_tasks(model.eval(), vectors, dev)
    by_cosine = paraphrases_by_cosine(vectors, tasks["quora"])
    pair_cosines, duplicate = cosines(vectors, dev["quora"]), golds["quora"] == 1
    return {
        "sts_pearson": pearson(said["sts"], golds["sts"]),
        "quora_accuracy": accuracy(said["quora"], golds["quora"]),
        "quora_by_cosine": accuracy(by_cosine, golds["quora"]),
        "quora_ranking": roc_auc(pair_cosines[duplicate], pair_cosines[~duplicate]),
        "sst_accuracy": accuracy(said["sst"], golds["sst"]),
    }


def cosines(vectors: SentenceVectors, pairs: TaskRows) -> np.ndarray:
    """Cosine of each pair, (pair,), from -1 to 1."""
    first, second = vectors[list(pairs.first)], vectors[list(pairs.second)]
    return torch.cosine_similarity(first, second, dim=-1).numpy()


def similarity(vectors: SentenceVectors, pairs: TaskRows) -> float:
    """Pearson's r of relu(cosine) · 5 with the labels, as the tables have it."""
    scores = similarity_score(vectors[list(pairs.first)], vectors[list(pairs.second)])
    return pearson(scores.numpy(), pairs.labels.numpy())


def gathered(per_seed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Equal nests of numbers, one per seed, as one nest of lists."""
    first = per_seed[0]
    return {
        key: gathered([values[key] for values in per_seed])
        if isinstance(first[key], Mapping)
        else [float(values[key]) for values in per_seed]
        for key in first
    }
