"""The command that uses what a run has trained: predict."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minbert.data import load_data
from minbert.data.predictions import write_predictions
from minbert.data.text import read_json
from minbert.experiments.arms import arms_of, stages_of
from minbert.experiments.cache import StageCache, default_folder
from minbert.experiments.experiment import Experiment
from minbert.experiments.grid import Grid
from minbert.folders.replaced import Kind, beside, claimed
from minbert.precision import resolve_device, resolve_precision
from minbert.tasks import PAPER_TASKS
from minbert.training.recipe import PRESETS, Recipe

logger = logging.getLogger(__name__)

KINDS = {str: "text", int: "a whole number", dict: "a JSON object"}
PREDICT = Kind(
    "predict", tuple(f"{task.name}-{part}.csv" for task in PAPER_TASKS for part in ("dev", "test"))
)


def run_predict(arguments: argparse.Namespace) -> None:
    """`minbert predict`."""
    run = Path(arguments.run_folder)
    if not (run / "results.json").is_file():
        left = beside(run, "old")
        hint = f"; earlier ones are in {left}, rename it" if left.exists() else ""
        raise FileNotFoundError(
            f"{run} holds no results.json: expected the --out of reproduce{hint}"
        )
    made = _made_by_reproduce(run / "results.json")
    chosen = {
        name: made[name] if getattr(arguments, name) is None else getattr(arguments, name)
        for name in ("arm", "stage", "seed")
    }
    folder = run / "checkpoints" / f"seed{chosen['seed']}" / chosen["arm"] / chosen["stage"]
    if not folder.is_dir():
        raise FileNotFoundError(
            f"this run has no arm {chosen['arm']}, stage {chosen['stage']}, seed {chosen['seed']}"
        )
    with claimed(arguments.out, PREDICT, {"the run": run}) as out:
        files = _predictions(arguments, made, folder)
        with out.replaced() as working:
            for (task, split), (ids, values) in files.items():
                write_predictions(working / f"{task}-{split}.csv", task, ids, values)
    for task, split in files:
        logger.info("wrote %s", Path(arguments.out) / f"{task}-{split}.csv")


def _predictions(
    arguments: argparse.Namespace, made: dict[str, Any], folder: Path
) -> dict[tuple[str, str], tuple[Sequence[str], np.ndarray]]:
    """Ids and values by task and split, of the model in a folder of checkpoints."""
    device = resolve_device(arguments.device)
    experiment = Experiment(
        data=load_data(arguments.data),
        encoder_name=str(folder),
        recipe=made["recipe"],
        preset=PRESETS["quick"],  # says how long stages train, and none does here
        precision=resolve_precision(arguments.precision or made["precision"], device),
        device=device,
        cache=StageCache(default_folder()),
    )
    grid = Grid(experiment)
    model = grid.load(folder)
    return {
        (task, split): (grid.rows.tasks[task][split].ids, values)
        for split in ("dev", "test")
        for task, values in grid.predict(model, split).items()
    }


def _made_by_reproduce(path: Path) -> dict[str, Any]:
    """What `predict` needs of a run's results.json; ValueError names an entry that is not there."""
    results = read_json(path)
    made = {}
    for name, kind, place in (
        ("arm", str, ("submitted", "arm")),
        ("stage", str, ("submitted", "stage")),
        ("seed", int, ("submitted", "seed")),
        ("precision", str, ("precision",)),
        ("recipe", dict, ("recipe",)),
    ):
        value: Any = results
        for key in place:
            value = value.get(key) if isinstance(value, dict) else None
        if type(value) is not kind:
            raise ValueError(
                f"{path}: expected {KINDS[kind]} as {'.'.join(place)}, got "
                f"{json.dumps(value)[:40]}: is this the --out of reproduce?"
            )
        made[name] = value
    try:
        made["recipe"] = Recipe.from_values(made["recipe"])
    except ValueError as error:
        raise ValueError(f"{path}: {error}: is this the --out of reproduce?") from error
    arms = arms_of(made["recipe"])
    stages = dict.fromkeys(stage for arm in arms for stage in stages_of(arm))
    if made["arm"] not in arms or made["stage"] not in stages:
        raise ValueError(
            f"{path}: expected an arm of {', '.join(arms)} and a stage of {', '.join(stages)} as "
            f"submitted, got {made['arm'][:40]!r} and {made['stage'][:40]!r}"
        )
    return made
