"""The handout's single-task classifier: one encoder, one sentiment head, one data set."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from minbert import checks
from minbert.evaluation.statistics import summarise
from minbert.experiments.experiment import Experiment
from minbert.experiments.provenance import computed
from minbert.experiments.stage_files import (
    read_dev_predictions,
    read_history,
    save_dev_predictions,
    save_history,
)
from minbert.tasks import SINGLE_TASKS, find_task
from minbert.training.finetune import fine_tune
from minbert.training.heads import train_head
from minbert.training.loop import derive_seed, generator_for
from minbert.training.recipe import StageSettings
from minbert.training.sentences import SPLITS, SentenceTable, TaskRows
from minbert.training.vectors import embed_all

MODES = ("frozen", "finetune")


@dataclass
class Outcome:
    """What a single-task run gives."""

    accuracy: dict[str, Any]
    """Dev accuracy: {"value", "ci95", "per_seed"}."""
    seconds: list[float]
    """Of training, per seed; a frozen encoder's one pass over the sentences is not in it."""
    curves: list[dict[str, Any]]
    predictions: dict[str, np.ndarray]
    """Of the best seed, for dev and test."""
    ids: dict[str, tuple[str, ...]]
    computed: list[dict[str, Any]]
    """Where and when: see `minbert.experiments.provenance.computed`."""


def train_single_task(experiment: Experiment, task: str, mode: str, seeds: list[int]) -> Outcome:
    """Train a sentiment classifier on one data set, the encoder frozen or not.

    `frozen` is what the handout calls pretraining: the preset's `heads` settings on vectors
    computed once. `finetune` trains everything from a fresh head with the preset's `sst_finetune`
    settings.

    Each seed is a stage of the cache: an interrupted run goes on where it was.

    Raises:
        ValueError: an unknown task or mode, a seed that stands there twice, or the data holds no
            such task.
    """
    checks.distinct_seeds(seeds)
    if task not in SINGLE_TASKS:
        raise ValueError(f"task must be one of {', '.join(SINGLE_TASKS)}, got {task!r}")
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    data = experiment.data.find(task)
    if data is None:
        raise ValueError(f"the data {experiment.data.name!r} has no {task} files")
    original = experiment.original()
    digests, longest = original.digests, original.encoder.config.max_position_embeddings
    table = SentenceTable(original.tokenizer, longest)
    splits = table.add_task(find_task(task), data)
    settings = experiment.preset.heads if mode == "frozen" else experiment.preset.sst_finetune
    what = {**experiment.identity(digests), "settings": asdict(settings)}
    folders = [
        experiment.cache.stage(
            f"{task}-{mode}",
            {**what, "seed": seed},
            lambda folder, seed=seed: _compute(
                folder, experiment, digests, mode, settings, table, splits, seed
            ),
        )
        for seed in seeds
    ]
    predictions = [read_dev_predictions(folder) for folder in folders]
    histories = [read_history(folder)["train"] for folder in folders]
    gold = splits["dev"].labels.numpy()
    accuracy = summarise(task, gold, [of_seed["dev"] for of_seed in predictions])
    return Outcome(
        accuracy=accuracy,
        seconds=[history["seconds"] for history in histories],
        curves=[
            {"seed": seed, **point}
            for seed, history in zip(seeds, histories, strict=True)
            for point in history["points"]
        ],
        predictions=predictions[int(np.argmax(accuracy["per_seed"]))],
        ids={split: rows.ids for split, rows in splits.items()},
        computed=computed(
            {f"seed {seed}": folder for seed, folder in zip(seeds, folders, strict=True)},
            experiment.device,
        ),
    )


def _compute(
    folder: Path,
    experiment: Experiment,
    digests: dict[str, str | None],
    mode: str,
    settings: StageSettings,
    table: SentenceTable,
    splits: dict[str, TaskRows],
    seed: int,
) -> None:
    encoder = experiment.original(digests).encoder
    task = splits["train"].task
    model = experiment.model(encoder, generator_for(seed, "heads"), (task,))
    context = experiment.context(derive_seed(seed, mode), folder)
    recipe = experiment.recipe
    read = SPLITS if mode == "frozen" else SPLITS[1:]
    rows = [row for split in read for row in splits[split].first]
    if mode == "frozen":
        vectors = embed_all(encoder, rows, table, recipe, context)
        history = train_head(model.head(task), vectors, splits["train"], settings, context)
    else:
        history = fine_tune(model, splits["train"], table, recipe, settings, context)
        vectors = embed_all(encoder, rows, table, recipe, context)
    with torch.inference_mode():
        predictions = {
            split: model.predict(task, vectors[list(splits[split].first)].to(experiment.device))
            .cpu()
            .numpy()
            for split in SPLITS[1:]
            if len(splits[split])
        }
    save_dev_predictions(folder, predictions)
    save_history(folder, {"train": history})
