"""A lab: cells that differ in one choice, trained alike, judged on held-out training data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from minbert import checks
from minbert.evaluation.statistics import compare, holm, summarise, with_seeds
from minbert.experiments.experiment import Experiment
from minbert.experiments.provenance import computed
from minbert.experiments.sources import module_of, source_digest
from minbert.experiments.stage_files import (
    Predictions,
    read_dev_predictions,
    read_measures,
    save_dev_predictions,
    write_measures,
)
from minbert.experiments.sweep import Parts, split_training_data
from minbert.tasks import Task
from minbert.training.loop import RunContext, derive_seed
from minbert.training.recipe import Recipe, StageSettings
from minbert.training.sentences import CourseRows, SentenceTable


@dataclass(frozen=True)
class Cell:
    """One choice: what is trained, and for how long."""

    name: str
    recipe: Recipe
    settings: StageSettings
    how: str = ""
    """What no field of a recipe says, such as a mistake that the lab shows."""
    against: str = ""
    """The cell that this one is tested against; without, the lab's baseline."""


@dataclass(frozen=True)
class Found:
    """What one cell gave with one seed."""

    predictions: Predictions
    """On the held-out examples of each task."""
    measures: dict[str, float] = field(default_factory=dict)
    """Of the vectors, of time, and of whatever else the lab looks at."""


Train = Callable[[Experiment, Cell, Parts, SentenceTable, RunContext], Found]


@dataclass(frozen=True)
class Lab:
    """One question and the cells that answer it."""

    name: str
    question: str
    tasks: tuple[str, ...]
    """Names of the tasks whose held-out examples are answered."""
    baseline: str
    """The cell that the others are tested against, where they do not name another."""
    cells: Callable[[Experiment], Sequence[Cell]]
    train: Train
    """Trains a cell on `Parts.train` from the original encoder and answers `Parts.held_out`."""


def run_lab(
    experiment: Experiment,
    lab: Lab,
    seeds: Sequence[int],
    share: float = 1.0,
    only: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Train every cell with every seed, and test it against the baseline.

    A tenth of each training split is held out and judges; dev and test are not read. Each cell and
    seed is a stage of the experiment's cache, so an interrupted lab goes on where it was.

    Args:
        experiment: its data, encoder, preset, precision and device; each cell has a recipe of its
            own, so that of the experiment is not read.
        lab: which one.
        seeds: of heads, batches and dropout. The held-out tenth is the same for all.
        share: of the rest of the training data that is trained on, in (0, 1].
        only: names of cells; without, all. What they are tested against is always among them.

    Returns:
        `{"lab", "question", "baseline", "share", "training_rows", "held_out_rows", "cells",
        "computed"}`; each cell has `recipe`, `settings`, per task a metric with its interval and
        values per seed, `against_baseline` with `difference`, `ci95`, `p_value`, `p_holm` (over all
        tests of the table), and `measures` by name, a value per seed. Intervals hold both the luck
        of the sample and, of two seeds or more, that of the seeds.

    Raises:
        ValueError: an unknown cell, one named twice, no seed, equal seeds, or a share outside its
            range.
    """
    cells = {cell.name: cell for cell in lab.cells(experiment)}
    wanted = list(cells) if only is None else _with_baselines(cells, only, lab.baseline)
    checks.distinct_seeds(seeds)
    original = experiment.original()
    longest = original.encoder.config.max_position_embeddings
    rows = CourseRows(experiment.data, original.tokenizer, longest)
    parts = split_training_data(rows, share, seed=0)
    parts = Parts(
        *({name: part[name] for name in lab.tasks} for part in (parts.train, parts.held_out))
    )
    tasks = [rows.task for rows in parts.held_out.values()]
    golds = {name: rows.labels.numpy() for name, rows in parts.held_out.items()}

    folders: dict[str, Path] = {}
    found: dict[str, list[Found]] = {}
    for name in wanted:
        trial = replace(experiment, recipe=cells[name].recipe)
        what = {
            **trial.identity(original.digests),
            "settings": asdict(cells[name].settings),
            "how": cells[name].how,
            "share": share,
            "source": source_digest(module_of(lab.train)),
        }
        for seed in seeds:

            def compute(folder: Path, cell=cells[name], trial=trial, seed=seed) -> None:
                context = trial.context(derive_seed(seed, lab.name), folder)
                answer = lab.train(trial, cell, parts, rows.table, context)
                save_dev_predictions(folder, answer.predictions)
                write_measures(folder, answer.measures)

            folder = trial.cache.stage(f"lab-{lab.name}", {**what, "seed": seed}, compute)
            folders[f"{name}, seed {seed}"] = folder
            answers = Found(read_dev_predictions(folder), read_measures(folder))
            found.setdefault(name, []).append(answers)
    return {
        "lab": lab.name,
        "question": lab.question,
        "baseline": lab.baseline,
        "share": share,
        "training_rows": {name: len(part) for name, part in parts.train.items()},
        "held_out_rows": {name: len(part) for name, part in parts.held_out.items()},
        "cells": judged(cells, found, lab.baseline, tasks, golds),
        "computed": computed(folders, experiment.device),
    }


def _with_baselines(cells: Mapping[str, Cell], only: Sequence[str], baseline: str) -> list[str]:
    """Those named, each after what it is tested against, and what that is tested against."""
    for name in only:
        if name not in cells:
            raise ValueError(f"cell must be one of {', '.join(cells)}, got {name!r}")
    if len(set(only)) < len(only):
        raise ValueError(f"cells must be named once each, got {', '.join(only)}")
    wanted: list[str] = []
    for name in only:
        chain = [name]
        while (base := cells[chain[-1]].against or baseline) not in chain:
            chain.append(base)
        wanted += reversed(chain)
    return list(dict.fromkeys(wanted))


def judged(
    cells: Mapping[str, Cell],
    found: Mapping[str, Sequence[Found]],
    baseline: str,
    tasks: Sequence[Task],
    golds: Mapping[str, np.ndarray],
) -> dict[str, Any]:
    """Every cell's scores with their intervals, and its differences from what it is against."""
    base_of = {name: cells[name].against or baseline for name in found}
    said = {name: [one.predictions for one in each] for name, each in found.items()}
    results: dict[str, Any] = {}
    for name, each in found.items():
        scores = {}
        for task in tasks:
            gold = golds[task.name]
            value = summarise(task, gold, [seed[task.name] for seed in said[name]])
            scores[task.measure] = _both_kinds_of_luck(value, len(gold))
        base = base_of[name]
        tests = [] if name == base else compare(golds, said[name], said[base], tasks)
        results[name] = {
            "recipe": cells[name].recipe.values(),
            "settings": asdict(cells[name].settings),
            **({"how": cells[name].how} if cells[name].how else {}),
            **({"against": base} if cells[name].against else {}),
            **scores,
            "measures": {key: [one.measures[key] for one in each] for key in each[0].measures},
            "against_baseline": {test.pop("metric"): test for test in tests},
        }
    for task in tasks:
        for name, result in results.items():
            if test := result["against_baseline"].get(task.measure):
                test["per_seed"] = [
                    a - b
                    for a, b in zip(
                        result[task.measure]["per_seed"],
                        results[base_of[name]][task.measure]["per_seed"],
                        strict=True,
                    )
                ]
                _both_kinds_of_luck(test, len(golds[task.name]))
    every = [test for result in results.values() for test in result["against_baseline"].values()]
    for test, corrected in zip(every, holm([test["p_value"] for test in every]), strict=True):
        test["p_holm"] = corrected
    return results


def _both_kinds_of_luck(value: dict[str, Any], examples: int) -> dict[str, Any]:
    """Widen `ci95`, which is over examples, by the luck of the seeds where there are several."""
    if len(value["per_seed"]) > 1:
        value["ci95"] = list(with_seeds(value["per_seed"], value["ci95"], examples))
    return value
