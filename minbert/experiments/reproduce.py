"""`minbert reproduce`: the whole grid, from data and weights to results.json and tables."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

import minbert.training.parallel as parallel
from minbert import checks
from minbert.data.predictions import write_predictions
from minbert.encoder import Encoder
from minbert.evaluation import alarms
from minbert.evaluation.baselines import ladder
from minbert.evaluation.statistics import compare, measure, over_seeds, summarise
from minbert.experiments.arms import ARMS, JOINT, arms_of, encoder_path, stages_of
from minbert.experiments.experiment import Experiment
from minbert.experiments.grid import Grid
from minbert.experiments.provenance import computed, describe_device, versions
from minbert.experiments.report import tables_markdown
from minbert.experiments.run_folder import copy_files, peak_memory_mib, write_json
from minbert.experiments.stage_files import (
    Predictions,
    by_cosine,
    read_dev_predictions,
    read_history,
    read_measures,
)
from minbert.export.card import LIMITS, ModelCard, Score, vectors_in_words
from minbert.folders.replaced import Kind, ReplacedFolder, claimed
from minbert.inference import longest_row
from minbert.pretrained import from_pretrained, write_sentence_files
from minbert.tasks import Task
from minbert.training.held_out_loss import perplexity
from minbert.training.seal import holds


def collect(
    experiment: Experiment,
    grid: Grid,
    arms: Sequence[str],
    seeds: Sequence[int],
    folders: dict[tuple[str, str, int], Path],
) -> dict[str, Any]:
    """Everything of results.json that follows from the finished stages.

    `versions` and `device` are this run's; `computed` says where and when each stage was really
    computed (`minbert.experiments.provenance.computed`), `encoder_digests` and `data.digest` from
    what.
    """
    data, tasks = experiment.data, experiment.data.joint
    golds = {task: splits["dev"].labels.numpy() for task, splits in grid.rows.tasks.items()}
    dev = {key: read_dev_predictions(folder) for key, folder in folders.items()}

    def seeds_of(arm: str, stage: str) -> list[Predictions]:
        return [dev[arm, stage, seed] for seed in seeds]

    measured = {
        arm: {stage: measure(golds, seeds_of(arm, stage), tasks) for stage in stages_of(arm)}
        for arm in arms
    }
    for arm in arms:
        if JOINT in measured[arm]:
            measured[arm][JOINT] |= _by_cosine(golds, seeds_of(arm, JOINT), tasks)
    tests = []
    for stage in ("heads", "sst_finetune"):
        for a, b in combinations([arm for arm in arms if stage in stages_of(arm)], 2):
            for test in compare(golds, seeds_of(a, stage), seeds_of(b, stage), tasks):
                tests.append({"stage": stage, "arm_a": a, "arm_b": b, **test})
    return {
        "tier": data.tier,
        "tasks": {
            task.name: {"measure": task.measure, "subject": task.subject, "row": task.row}
            for task in tasks
        },
        "data": {
            "name": data.name,
            "note": data.note,
            "digest": data.digest,
            "rows": {
                task: {split: len(rows) for split, rows in splits.items()}
                for task, splits in grid.rows.tasks.items()
            },
            "damaged_rows": len(data.damage),
        },
        "encoder": experiment.encoder_name,
        "encoder_digests": grid.digests,
        "recipe": experiment.recipe.values(),
        "preset": {"name": experiment.preset.name, "values": experiment.preset.values()},
        "seeds": list(seeds),
        "versions": versions(),
        "device": describe_device(experiment.device),
        "precision": experiment.precision,
        "computed": computed(
            {f"{name}, seed {seed}": path for (name, seed), path in _stages(grid, folders).items()},
            experiment.device,
        ),
        "arms": measured,
        "submitted": _best(measured, seeds),
        "paired_tests": tests,
        "ladder": ladder(data),
        "paraphrase_by_cosine": {
            arm: summarise(
                task,
                golds[task.name],
                [seed[by_cosine(task)] for seed in seeds_of(arm, stages_of(arm)[0])],
            )
            for task in [task for task in tasks if task.head == "yes_or_no"][:1]
            for arm in arms
            if arm in ARMS
        },
        "mlm_held_out": (
            _mlm_held_out(grid, seeds)
            if any("mlm" in encoder_path(experiment.recipe, arm) for arm in arms)
            else None
        ),
        "alarms": [alarm.to_dict() for alarm in _alarms(grid, folders, dev)],
        **_times_and_counts(grid, folders),
        "peak_memory_mib": peak_memory_mib(),
    }


def _by_cosine(
    golds: dict[str, np.ndarray], predictions: list[Predictions], tasks: Sequence[Task]
) -> dict[str, Any]:
    """What the sentence vectors alone say of scored pairs, such as `sts_cosine_pearson`."""
    return {
        f"{task.name}_cosine_{task.metric}": summarise(
            task, golds[task.name], [seed[by_cosine(task)] for seed in predictions]
        )
        for task in tasks
        if all(by_cosine(task) in seed for seed in predictions)
    }


def _alarms(grid: Grid, folders: dict, dev: dict[tuple, Predictions]) -> list[alarms.Alarm]:
    """Everything that should be looked at before these numbers are believed."""
    found: list[alarms.Alarm] = []
    seen: set[Path] = set()
    for task, splits in grid.rows.tasks.items():
        texts = {
            split: list(zip(rows.first, rows.second or rows.first, strict=True))
            for split, rows in splits.items()
        }
        found += alarms.of_leaks(task, texts["train"], texts["dev"])
    for key, folder in folders.items():
        found += stage_alarms(grid, *key, folder, dev[key], seen)
    return found


def stage_alarms(
    grid: Grid,
    arm: str,
    stage: str,
    seed: int,
    folder: Path,
    predictions: Predictions,
    seen: set[Path],
) -> list[alarms.Alarm]:
    """Of one evaluated stage and the stages before it; none of an untrained one.

    Args:
        folder: of the stage.
        predictions: its own, dev.
        seen: folders whose histories have been looked at; added to.
    """
    found = []
    if stage == "untrained":
        return found
    for path in [*(path for _, path in encoder_stages(grid, arm, seed)), folder]:
        for part, history in read_history(path).items():
            if path not in seen and part != "encode":
                found += alarms.of_history(f"{arm}/{stage}, {part}, seed {seed}", history)
        seen.add(path)
    for task, values in predictions.items():
        scores = task in grid.rows.tasks and not grid.rows.tasks[task]["dev"].task.label.whole
        of = alarms.of_similarities if scores else alarms.of_predictions
        found += of(f"{arm}/{stage}, {task}, seed {seed}", values)
    return found


def _mlm_held_out(grid: Grid, seeds: Sequence[int]) -> dict[str, Any]:
    """Perplexity of dev sentences before and after in-domain pre-training, and its change."""
    folders = [grid.encoder_folder(("mlm",), seed) for seed in seeds]
    losses = [read_measures(folder) for folder in folders]
    found = {}
    for task in grid.rows.tasks:
        before, after = (
            [perplexity(seed[when][task]) for seed in losses] for when in ("before", "after")
        )
        if np.isnan(before + after).any():
            continue  # too few sentences: no token of them was masked
        change = [late / early - 1 for early, late in zip(before, after, strict=True)]
        found[task] = {
            "perplexity_before": over_seeds(before, seeds),
            "perplexity_after": over_seeds(after, seeds),
            "relative_change": over_seeds(change, seeds),
        }
    return found


def _best(measured: dict[str, Any], seeds: Sequence[int]) -> dict[str, Any]:
    """The fine-tuned arm with the best mean dev score, and its best seed."""
    candidates = [
        (stages[stage]["overall_mean"], arm, stage)
        for arm, stages in measured.items()
        for stage in [list(stages)[-1]]
    ]
    # `baseline` competes only when no trained arm was run.
    trained = [candidate for candidate in candidates if candidate[2] != "untrained"]
    score, arm, stage = max(trained or candidates, key=lambda candidate: candidate[0]["value"])
    return {"arm": arm, "stage": stage, "seed": seeds[int(np.argmax(score["per_seed"]))]}


def _times_and_counts(grid: Grid, folders: dict) -> dict[str, Any]:
    """Seconds and counts of each distinct stage, as measured when it was computed."""
    timings: dict[str, list[float]] = {}
    counts: dict[str, list[dict]] = {}
    for (name, _), path in _stages(grid, folders).items():
        histories = read_history(path)
        timings.setdefault(name, []).append(sum(h["seconds"] for h in histories.values()))
        keep = ("steps", "skipped", "tokens")
        counts.setdefault(name, []).append(
            {part: {key: h[key] for key in keep} for part, h in histories.items()}
        )
    return {"timings_s": timings, "counts": counts}


def _stages(grid: Grid, folders: dict) -> dict[tuple[str, int], Path]:
    """Each distinct stage once, by its name in the tables and its seed."""
    found: dict[tuple[str, int], Path] = {}
    for (arm, stage, seed), folder in folders.items():
        names = encoder_path(grid.experiment.recipe, arm)
        steps = [("+".join(names[: i + 1]), path) for i, path in encoder_stages(grid, arm, seed)]
        last = f"{'+'.join(names) or 'original'}/{stage}"
        for name, path in [*steps, (last, folder)]:
            if path not in found.values():
                found[name, seed] = path
    return found


def encoder_stages(grid: Grid, arm: str, seed: int) -> list[tuple[int, Path]]:
    """The encoder stages an arm goes through, without the original."""
    path = encoder_path(grid.experiment.recipe, arm)
    return [(i, grid.encoder_folder(path[: i + 1], seed)) for i in range(len(path))]


logger = logging.getLogger(__name__)

REPRODUCE = Kind(
    "reproduce", ("results.json", "tables.md", "curves.csv", "predictions/", "checkpoints/")
)
"""What is written, for `claimed`."""


def reproduce(
    experiment: Experiment,
    arms: Sequence[str],
    seeds: Sequence[int],
    out: str | Path | ReplacedFolder | None,
    command: str,
) -> dict[str, Any]:
    """Run the arms for all seeds and write results, tables, curves, predictions, checkpoints.

    Nothing is written to `out` before everything is computed; stages already in the experiment's
    cache are not computed again. The checkpoints are copies: the cache does not change with them.

    Args:
        experiment: data, encoder, recipe, preset, precision, device and cache.
        arms: of `arms_of(experiment.recipe)`, in the order of the tables' columns.
        seeds: every arm runs once for each.
        out: a folder that is new, empty or of an earlier run, of which only unchanged files are
            replaced; or one that this process keeps already: `claimed(path, REPRODUCE)`. None
            writes nothing: what ranks other than the first do.
        command: recorded in results.json.

    Returns:
        The content of results.json.

    Raises:
        ValueError: an arm is unknown, a seed is named twice, or `out` holds something else.
        OSError: the disk is full or does not allow it; `out` is as it was.
    """
    if isinstance(out, str | Path):
        with claimed(out, REPRODUCE) as folder:
            return reproduce(experiment, arms, seeds, folder, command)
    checks.distinct_seeds(seeds)
    known = arms_of(experiment.recipe)
    unknown = [arm for arm in arms if arm not in known]
    if unknown or not arms:
        raise ValueError(
            f"arms of the recipe {experiment.recipe.name} must be some of {', '.join(known)}, got "
            f"{', '.join(unknown)!r}"
        )
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
    if out is None:
        return results
    with parallel.alone(), out.replaced() as working:
        _write_predictions(working / "predictions", grid, read_dev_predictions(best), test)
        write_json(working / "results.json", results)
        (working / "tables.md").write_text(tables_markdown(results), encoding="utf-8")
        _write_curves(working / "curves.csv", grid, folders)
        _write_checkpoints(working / "checkpoints", grid, folders, results)
    return results


def _predict_test(grid: Grid, submitted: dict) -> Predictions:
    """Of the submitted model."""
    model = grid.load_stage(submitted["arm"], submitted["stage"], submitted["seed"])
    return grid.predict(model, "test")


def _measure_test(grid: Grid, test: Predictions) -> dict[str, Any] | None:
    """Test metrics where the test files have labels."""
    labels = {task: splits["test"].labels for task, splits in grid.rows.tasks.items()}
    if any(values is None for values in labels.values()):
        return None
    golds = {task: values.numpy() for task, values in labels.items()}
    return measure(golds, [test], grid.experiment.data.joint)


def _write_predictions(out: Path, grid: Grid, dev: Predictions, test: Predictions) -> None:
    """Prediction files of the submitted model."""
    out.mkdir()
    for split, predictions in (("dev", dev), ("test", test)):
        for name, splits in grid.rows.tasks.items():
            if name not in predictions:
                logger.warning("no %s %s file: no predictions for it", name, split)
                continue
            rows = splits[split]
            path = out / f"{name}-{split}.csv"
            write_predictions(path, rows.task, rows.ids, predictions[name])


def _write_curves(path: Path, grid: Grid, folders: dict) -> None:
    columns = ["seed", "stage", "part", "epoch", "step", "source", "loss", "learning_rate"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for (name, seed), folder in _stages(grid, folders).items():
            for part, history in read_history(folder).items():
                for point in history["points"]:
                    rounded = {key: f"{point[key]:.5g}" for key in ("loss", "learning_rate")}
                    writer.writerow({"seed": seed, "stage": name, "part": part, **point, **rounded})


def _write_checkpoints(out: Path, grid: Grid, folders: dict, results: dict[str, Any]) -> None:
    """Each evaluated stage as a folder that `from_pretrained` and `minbert predict` load.

    sentence-transformers reads it to the vectors that the heads read, and a card says what it is.
    """
    for (arm, stage, seed), folder in folders.items():
        target = out / f"seed{seed}" / arm / stage
        if not holds(folder, "model.safetensors"):
            path = encoder_path(grid.experiment.recipe, arm)
            copy_files(grid.encoder_folder(path, seed), target)
        copy_files(folder, target)
        encoder, tokenizer = from_pretrained(target)
        write_sentence_files(target, encoder, tokenizer)
        _card(results, arm, stage, seed, encoder, longest_row(encoder, tokenizer)).write(target)


def _card(
    results: dict[str, Any], arm: str, stage: str, seed: int, encoder: Encoder, max_length: int
) -> ModelCard:
    """What is known of a checkpoint: its data, recipe, seeds, intervals and command."""
    measured = results["arms"][arm][stage]
    names = {task["measure"]: f"{task['row']}, dev" for task in results["tasks"].values()}
    data, recipe = results["data"], results["recipe"]
    seeds = len(results["seeds"])
    limits = [*LIMITS]
    if seeds > 1:
        limits.insert(0, f"Values are means over {seeds} seeds; this checkpoint is that of {seed}.")
    if results["tier"] == "synthetic":
        limits.insert(0, "Trained on made-up sentences: it is for learning, and for nothing else.")
    return ModelCard(
        f"minBERT, arm {arm}, stage {stage}, seed {seed}",
        base_model=results["encoder"],
        vectors=vectors_in_words(encoder.pooling or "mean", False, max_length),
        data=f"{data['name']} ({results['tier']}): {data['note']}",
        recipe=f"{recipe['name']}, preset {results['preset']['name']}, {results['precision']}",
        seeds=results["seeds"],
        scores=[
            Score(names[name], one["value"], tuple(one["ci95"]) if one.get("ci95") else None)
            for name, one in measured.items()
            if name in names
        ],
        command=results["command"],
        limits=limits,
        versions=results["versions"],
        tags=("synthetic",) if results["tier"] == "synthetic" else (),
    )
