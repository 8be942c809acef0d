"""The handout's single-task classifier: one encoder, one sentiment head, one data set."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from minbert.data.examples import TaskData
from minbert.evaluation.statistics import summarise
from minbert.multitask import MultitaskBert
from minbert.pretrained import from_pretrained
from minbert.training.checkpoint import History
from minbert.training.grid import Experiment
from minbert.training.heads import train_sentiment_head
from minbert.training.loop import Setting, derive_seed, generator_for
from minbert.training.sentences import SPLITS, SentenceTable, TaskRows
from minbert.training.sentiment import finetune_sentiment
from minbert.training.vectors import embed_all

logger = logging.getLogger(__name__)

CLASSES = {"sst": 5, "cfimdb": 2}
MODES = ("frozen", "finetune")


@dataclass
class Outcome:
    """What a single-task run gives."""

    accuracy: dict[str, Any]
    """Dev accuracy: {"value", "ci95", "per_seed"}."""
    seconds: list[float]
    """Per seed, encoding included."""
    curves: list[dict[str, Any]]
    predictions: dict[str, np.ndarray]
    """Of the best seed, for dev and test."""
    ids: dict[str, tuple[str, ...]]


def train_single_task(experiment: Experiment, task: str, mode: str, seeds: list[int]) -> Outcome:
    """Train a sentiment classifier on one data set, the encoder frozen or not.

    `frozen` is what the handout calls pretraining: the preset's `heads` settings on vectors
    computed once. `finetune` trains everything from a fresh head with the preset's `sst_finetune`
    settings.

    Raises:
        ValueError: an unknown task or mode, or the data holds no such task.
    """
    if task not in CLASSES:
        raise ValueError(f"task must be one of {', '.join(CLASSES)}, got {task!r}")
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    data: TaskData | None = getattr(experiment.data, task)
    if data is None:
        raise ValueError(f"the data {experiment.data.name!r} has no {task} files")
    _, tokenizer = from_pretrained(experiment.encoder_name)
    table = SentenceTable(tokenizer)
    splits = table.add_task(data)
    runs = [_run(experiment, CLASSES[task], mode, table, splits, seed) for seed in seeds]
    gold = splits["dev"].labels.numpy()
    accuracy = summarise("accuracy", gold, [predictions["dev"] for predictions, _ in runs])
    best = int(np.argmax(accuracy["per_seed"]))
    return Outcome(
        accuracy=accuracy,
        seconds=[history.seconds for _, history in runs],
        curves=[
            {"seed": seed, **point}
            for seed, (_, history) in zip(seeds, runs, strict=True)
            for point in history.points
        ],
        predictions=runs[best][0],
        ids={split: rows.ids for split, rows in splits.items()},
    )


def _run(
    experiment: Experiment,
    classes: int,
    mode: str,
    table: SentenceTable,
    splits: dict[str, TaskRows],
    seed: int,
) -> tuple[dict[str, np.ndarray], History]:
    encoder, _ = from_pretrained(experiment.encoder_name)
    model = MultitaskBert(
        encoder, classes, experiment.recipe.dropout, generator_for(seed, "heads")
    ).to(experiment.device)
    setting = Setting(experiment.device, experiment.precision, derive_seed(seed, mode))
    recipe, preset = experiment.recipe, experiment.preset
    rows = [row for split in splits.values() for row in split.first]
    if mode == "frozen":
        vectors = embed_all(encoder, rows, table, recipe, setting)
        history = train_sentiment_head(
            model.sentiment, vectors, splits["train"], preset.heads, setting
        )
    else:
        history = finetune_sentiment(
            model, splits["train"], table, recipe, preset.sst_finetune, setting
        )
        vectors = embed_all(encoder, rows, table, recipe, setting)
    with torch.inference_mode():
        predictions = {
            split: model.predict_sentiment(vectors[list(splits[split].first)].to(experiment.device))
            .cpu()
            .numpy()
            for split in SPLITS[1:]
            if len(splits[split])
        }
    return predictions, history
