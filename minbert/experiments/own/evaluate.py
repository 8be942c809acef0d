"""`minbert evaluate` as a function: a finished model, measured on own data."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from minbert.data.examples import CourseData, TaskData
from minbert.experiments.markdown import cell, markdown_table
from minbert.experiments.own.answers import (
    answers_of,
    golds_of,
    measures_of,
    threshold_on,
    title_of,
)
from minbert.experiments.own.model_folder import OwnModel, load_model
from minbert.experiments.own.seen_texts import count_seen
from minbert.experiments.report import TIERS
from minbert.precision import resolve_device, resolve_precision
from minbert.tasks import Label, Task
from minbert.training.loop import RunContext
from minbert.training.recipe import RECIPES
from minbert.training.sentences import SentenceTable
from minbert.training.vectors import embed_all

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """What a model's answers are worth."""

    measures: dict[str, dict[str, dict[str, Any]]]
    """By task and metric: `{"value", "ci95", "per_seed"}`."""
    tables: str
    """As Markdown."""


def evaluate_own(
    model: str | Path,
    data: CourseData,
    *,
    device: str = "auto",
    precision: str = "auto",
) -> Evaluation:
    """Measure a model on test rows where there are some, else on dev rows.

    Args:
        model: folder that `train_own` wrote, or any encoder, which then answers pairs only.
        data: from `load_own(…, needs_train=False)`, which takes all rows of a file, or `own_data`.
        device, precision: as for `train_own`.

    Returns:
        Accuracy and macro F1 of classes and of yes and no, Spearman and Pearson of scores, and of
        pairs the share whose partner is found, with 95 % intervals; and in the tables how many of
        the rows the model was trained on, where its folder can tell.

    Raises:
        ValueError: nothing can be measured, a class that the model does not know, or labelled
            texts where the model has no head for them.
        FileNotFoundError, OSError: see `minbert.from_pretrained`.
    """
    if not data.tasks:
        raise ValueError("nothing can be measured: expected pairs or labelled texts, got none")
    made = load_model(model)
    where = resolve_device(device)
    made.model.to(where)
    context = RunContext(where, resolve_precision(precision, where), 0)
    recipe = replace(RECIPES["paper"], pooling=made.model.pooling)
    encoder = made.model.encoder
    settings = getattr(encoder, "sentence_settings", None)
    limit = encoder.config.max_position_embeddings
    table = SentenceTable(
        made.tokenizer, min(limit, (settings.max_length if settings else None) or limit)
    )
    measures, rows_shown, notes = {}, [], []
    for task, splits in data.tasks.items():
        task, splits = _as_the_model_has_it(made, task, splits)
        split = "test" if splits.test else "dev"
        rows = table.add_task(task, splits)
        wanted = [row for one in ("train", split) for row in rows[one].all_rows]
        vectors = embed_all(encoder, wanted, table, recipe, context)
        threshold = made.thresholds.get(task.name)
        if task.head == "yes_or_no" and task.metric == "accuracy" and threshold is None:
            threshold = threshold_on(vectors, rows["train"])
            notes.append(
                f"{task.name}: the model brings no threshold, so it is fitted on the rows of "
                f"train, which are {'the same' if splits.train == splits.dev else 'others'}."
            )
        examples = getattr(splits, split)
        if seen := count_seen(model, [example.texts for example in examples]):
            notes.append(
                f"{task.name}: the model was trained on the texts of {seen:,} of these "
                f"{len(examples):,} rows: what it answers there may be remembered."
            )
        answers = answers_of(task, rows[split], examples, vectors, table, made.model, threshold)
        golds = golds_of(task, rows[split], examples)
        measures[task.name] = measures_of(task, golds, [answers])
        shown = {"title": task.title}
        if task.metric == "partner":
            shown["candidates"] = len({example.texts[1] for example in examples})
        rows_shown += [
            [title_of(shown, metric), f"{len(golds):,} {split}", cell(value)]
            for metric, value in measures[task.name].items()
        ]
    tier = TIERS.get(data.tier, data.tier)
    parts = [
        f"{model}; {tier} ({data.note}); value [95 % interval]\n",
        markdown_table(["", "rows", "value"], rows_shown),
        *notes,
    ]
    return Evaluation(measures, "\n".join(parts))


def _as_the_model_has_it(made: OwnModel, task: Task, splits: TaskData) -> tuple[Task, TaskData]:
    """The model's own task of this name, and the examples with its numbers of classes."""
    own = made.tasks.get(task.name)
    if task.head != "classifier":
        return (own if own is not None and own.head == task.head else task), splits
    same = [
        one
        for one in made.tasks.values()
        if one.head == "classifier" and one.sentences == task.sentences
    ]
    own = own if own in same else (same[0] if len(same) == 1 else None)
    if own is None:
        known = ", ".join(made.tasks) or "none"
        raise ValueError(
            f"the model has no head for {task.name}: expected one of the tasks it was trained on, "
            f"{known}: name the data so, such as NAME=labelled:FILE, or train it"
        )
    return own, TaskData(
        **{
            split: tuple(
                _renumbered(example, task.label, own) for example in getattr(splits, split)
            )
            for split in ("train", "dev", "test")
        }
    )


def _renumbered(example: Any, label: Label, own: Task) -> Any:
    name = label.names[int(example.label)]
    if name not in own.label.names:
        raise ValueError(
            f"{own.name}: expected one of the model's classes, "
            f"{', '.join(own.label.names[:10])}, got {name!r:.60}"
        )
    return replace(example, label=type(example.label)(own.label.names.index(name)))
