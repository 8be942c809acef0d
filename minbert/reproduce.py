"""`minbert reproduce`: the whole grid, from data and weights to tables, in one folder."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minbert import checks
from minbert.data.predictions import write_predictions
from minbert.evaluation.report import tables_markdown
from minbert.evaluation.statistics import measure
from minbert.results import collect, encoder_stages
from minbert.run_folder import check_out, copy_file, replaced_folder, write_json
from minbert.training.arms import ARMS, TASKS, stages_of
from minbert.training.cache import copy_stage
from minbert.training.experiment import Experiment
from minbert.training.grid import Grid
from minbert.training.stage_files import read_history, read_predictions

logger = logging.getLogger(__name__)


def reproduce(
    experiment: Experiment, arms: Sequence[str], seeds: Sequence[int], out: Path, command: str
) -> dict[str, Any]:
    """Run the arms for all seeds and write results, tables, curves, predictions, checkpoints.

    Nothing is written to `out` before everything is computed; stages already in the experiment's
    cache are not computed again.

    Args:
        experiment: data, encoder, recipe, preset, precision, device and cache.
        arms: of `ARMS`, in the order of the tables' columns.
        seeds: every arm runs once for each.
        out: a folder that does not exist, is empty, or holds an earlier run (replaced).
        command: recorded in results.json.

    Returns:
        The content of results.json.

    Raises:
        ValueError: an arm is unknown, a seed stands there twice, or `out` holds something else.
    """
    unknown = [arm for arm in arms if arm not in ARMS]
    if unknown or not arms:
        raise ValueError(f"arms must be some of {', '.join(ARMS)}, got {', '.join(unknown)!r}")
    checks.distinct_seeds(seeds)
    check_out(out)
    grid = Grid(experiment)
    folders = {
        (arm, stage, seed): grid.folder(arm, stage, seed)
        for seed in seeds
        for arm in arms
        for stage in stages_of(arm)
    }
    results = collect(experiment, grid, arms, seeds, folders)
    results["command"] = command
    with replaced_folder(out) as working:
        submitted = results["submitted"]
        best = folders[submitted["arm"], submitted["stage"], submitted["seed"]]
        results["test"] = _write_predictions(grid, best, submitted, experiment, working)
        write_json(working / "results.json", results)
        (working / "tables.md").write_text(tables_markdown(results), encoding="utf-8")
        _write_curves(working / "curves.csv", grid, folders)
        _write_checkpoints(working / "checkpoints", grid, folders)
    return results


def _write_predictions(
    grid: Grid, folder: Path, submitted: dict, experiment: Experiment, out: Path
) -> dict[str, Any] | None:
    """Prediction files of the submitted model; test metrics where the test files have labels."""
    encoder = grid.encoder_folder(ARMS[submitted["arm"]], submitted["seed"])
    is_whole = (folder / "model.safetensors").exists()
    model = grid.load(folder, None if is_whole else encoder)
    (out / "predictions").mkdir()
    test = grid.predict(model, "test")
    for split, predictions in (("dev", read_predictions(folder)), ("test", test)):
        for task in TASKS:
            if task not in predictions:
                logger.warning("no %s %s file: no predictions for it", task, split)
                continue
            ids = grid.rows.tasks[task][split].ids
            path = out / "predictions" / f"{task}-{split}.csv"
            write_predictions(path, task, ids, predictions[task])
    labels = {task: grid.rows.tasks[task]["test"].labels for task in TASKS}
    if any(values is None for values in labels.values()):
        return None
    return measure({task: values.numpy() for task, values in labels.items()}, [test])


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
        copy_stage(folder, target)
        if not (folder / "model.safetensors").exists():
            encoder = grid.encoder_folder(ARMS[arm], seed)
            for name in ("model.safetensors", "config.json", "tokenizer.json"):
                copy_file(encoder / name, target / name)
