"""`minbert reproduce`: the whole grid, from data and weights to tables, in one folder."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minbert import checks
from minbert.data.predictions import write_predictions
from minbert.evaluation.statistics import measure
from minbert.experiments.arms import ARMS, TASKS, stages_of
from minbert.experiments.collect import collect, encoder_stages
from minbert.experiments.experiment import Experiment
from minbert.experiments.grid import Grid
from minbert.experiments.report import tables_markdown
from minbert.experiments.run_folder import copy_files, write_json
from minbert.experiments.stage_files import Predictions, read_history, read_predictions
from minbert.folders.replaced import Kind, ReplacedFolder, claimed
from minbert.training.seal import holds

logger = logging.getLogger(__name__)

REPRODUCE = Kind(
    "reproduce", ("results.json", "tables.md", "curves.csv", "predictions/", "checkpoints/")
)
"""What is written, for `claimed`."""


def reproduce(
    experiment: Experiment,
    arms: Sequence[str],
    seeds: Sequence[int],
    out: str | Path | ReplacedFolder,
    command: str,
) -> dict[str, Any]:
    """Run the arms for all seeds and write results, tables, curves, predictions, checkpoints.

    Nothing is written to `out` before everything is computed; stages already in the experiment's
    cache are not computed again. The checkpoints are copies: the cache does not change with them.

    Args:
        experiment: data, encoder, recipe, preset, precision, device and cache.
        arms: of `ARMS`, in the order of the tables' columns.
        seeds: every arm runs once for each.
        out: a folder that is new, empty or of an earlier run, of which only unchanged files are
            replaced; or one that this process keeps already: `claimed(path, REPRODUCE)`.
        command: recorded in results.json.

    Returns:
        The content of results.json.

    Raises:
        ValueError: an arm is unknown, a seed stands there twice, or `out` holds something else.
        OSError: the disk is full or does not allow it; `out` is as it was.
    """
    if not isinstance(out, ReplacedFolder):
        with claimed(out, REPRODUCE) as folder:
            return reproduce(experiment, arms, seeds, folder, command)
    unknown = [arm for arm in arms if arm not in ARMS]
    if unknown or not arms:
        raise ValueError(f"arms must be some of {', '.join(ARMS)}, got {', '.join(unknown)!r}")
    checks.distinct_seeds(seeds)
    grid = Grid(experiment)
    folders = {
        (arm, stage, seed): grid.folder(arm, stage, seed)
        for seed in seeds
        for arm in arms
        for stage in stages_of(arm)
    }
    results = collect(experiment, grid, arms, seeds, folders)
    results["command"] = command
    submitted = results["submitted"]
    best = folders[submitted["arm"], submitted["stage"], submitted["seed"]]
    test = _predict_test(grid, submitted)
    results["test"] = _measure_test(grid, test)
    with out.replaced() as working:
        _write_predictions(working / "predictions", grid, read_predictions(best), test)
        write_json(working / "results.json", results)
        (working / "tables.md").write_text(tables_markdown(results), encoding="utf-8")
        _write_curves(working / "curves.csv", grid, folders)
        _write_checkpoints(working / "checkpoints", grid, folders)
    return results


def _predict_test(grid: Grid, submitted: dict) -> Predictions:
    """Of the submitted model."""
    model = grid.load_stage(submitted["arm"], submitted["stage"], submitted["seed"])
    return grid.predict(model, "test")


def _measure_test(grid: Grid, test: Predictions) -> dict[str, Any] | None:
    """Test metrics where the test files have labels."""
    labels = {task: grid.rows.tasks[task]["test"].labels for task in TASKS}
    if any(values is None for values in labels.values()):
        return None
    return measure({task: values.numpy() for task, values in labels.items()}, [test])


def _write_predictions(out: Path, grid: Grid, dev: Predictions, test: Predictions) -> None:
    """Prediction files of the submitted model."""
    out.mkdir()
    for split, predictions in (("dev", dev), ("test", test)):
        for task in TASKS:
            if task not in predictions:
                logger.warning("no %s %s file: no predictions for it", task, split)
                continue
            ids = grid.rows.tasks[task][split].ids
            write_predictions(out / f"{task}-{split}.csv", task, ids, predictions[task])


def _write_curves(path: Path, grid: Grid, folders: dict) -> None:
    columns = ["seed", "stage", "part", "epoch", "step", "source", "loss", "learning_rate"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        seen = set()
        for (arm, stage, seed), folder in folders.items():
            steps = [("+".join(ARMS[arm][: i + 1]), p) for i, p in encoder_stages(grid, arm, seed)]
            label = f"{'+'.join(ARMS[arm]) or 'original'}/{stage}"
            for name, stage_folder in [*steps, (label, folder)]:
                if stage_folder in seen:
                    continue
                seen.add(stage_folder)
                for part, history in read_history(stage_folder).items():
                    for point in history["points"]:
                        rounded = {key: f"{point[key]:.5g}" for key in ("loss", "learning_rate")}
                        writer.writerow(
                            {"seed": seed, "stage": name, "part": part, **point, **rounded}
                        )


def _write_checkpoints(out: Path, grid: Grid, folders: dict) -> None:
    """Each evaluated stage as a folder that `from_pretrained` and `minbert predict` load."""
    for (arm, stage, seed), folder in folders.items():
        target = out / f"seed{seed}" / arm / stage
        copy_files(folder, target)
        if not holds(folder, "model.safetensors"):
            encoder = grid.encoder_folder(ARMS[arm], seed)
            copy_files(encoder, target, ("model.safetensors", "config.json", "tokenizer.json"))
