"""What each command of the command line does."""

from __future__ import annotations

import argparse
import csv
import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

from minbert import paper
from minbert.data import load_data
from minbert.data.check import check_folder
from minbert.data.download import download
from minbert.data.predictions import matched, write_predictions
from minbert.evaluation.statistics import summarise
from minbert.inference import encode
from minbert.precision import resolve_device, resolve_precision
from minbert.pretrained import from_pretrained
from minbert.reproduce import reproduce
from minbert.run_folder import check_out, describe_device, replaced_folder, versions, write_json
from minbert.training.cache import StageCache, default_folder
from minbert.training.experiment import Experiment
from minbert.training.grid import Grid
from minbert.training.recipe import PRESETS, RECIPES, find
from minbert.training.single_task import train_single_task
from minbert.training.sweep import sweep

logger = logging.getLogger(__name__)

TASK_OF_COLUMN = {
    "Predicted_Sentiment": "sst",
    "Predicted_Is_Paraphrase": "quora",
    "Predicted_Similiary": "sts",
}


def run_reproduce(arguments: argparse.Namespace) -> None:
    """`minbert reproduce`."""
    out = Path(arguments.out)
    check_out(out)
    results = reproduce(
        _experiment(arguments), arguments.arms, arguments.seeds, out, arguments.command_line
    )
    print((out / "tables.md").read_text(encoding="utf-8"))
    logger.info("tier: %s data; everything is in %s", results["tier"], out)


def run_single_task(arguments: argparse.Namespace) -> None:
    """`minbert single-task`."""
    out = Path(arguments.out)
    check_out(out)
    experiment = _experiment(arguments)
    outcome = train_single_task(experiment, arguments.task, arguments.mode, arguments.seeds)
    reference, spread = paper.SINGLE_TASK[arguments.task][arguments.mode]
    results = {
        **_provenance(arguments, experiment),
        "task": arguments.task,
        "mode": arguments.mode,
        "dev_accuracy": outcome.accuracy,
        "handout": {
            "dev_accuracy": reference,
            "standard_deviation": spread,
            "encoder": "bert-base",
        },
        "timings_s": {"training": outcome.seconds},
    }
    with replaced_folder(out) as working:
        _write_results(working, results, outcome.curves)
        (working / "predictions").mkdir()
        for split, values in outcome.predictions.items():
            path = working / "predictions" / f"{arguments.task}-{split}.csv"
            write_predictions(path, arguments.task, outcome.ids[split], values)
    low, high = outcome.accuracy["ci95"]
    print(
        f"{arguments.task}, {arguments.mode}, {arguments.encoder} ({experiment.data.tier} data): "
        f"dev accuracy {outcome.accuracy['value']:.3f} [{low:.3f}, {high:.3f}]; "
        f"the handout's bert-base: {reference:.3f}"
    )


def run_sweep(arguments: argparse.Namespace) -> None:
    """`minbert sweep`."""
    if len(arguments.seeds) > 1:
        raise ValueError("a sweep runs with one seed: give --seeds one number")
    out = Path(arguments.out)
    check_out(out)
    experiment = _experiment(arguments)
    outcome = sweep(
        experiment,
        arguments.stage,
        arguments.lr,
        getattr(experiment.preset, arguments.stage),
        arguments.share,
        arguments.seeds[0],
    )
    curves = [
        {"learning_rate_peak": rate["learning_rate"], **point}
        for rate in outcome["rates"]
        for point in rate.pop("curve")
    ]
    with replaced_folder(out) as working:
        _write_results(working, {**_provenance(arguments, experiment), "sweep": outcome}, curves)
    for label, measures in [("before", outcome["before"])] + [
        (f"lr {rate['learning_rate']:g}", rate["after"] or {"diverged": rate["diverged"]})
        for rate in outcome["rates"]
    ]:
        shown = ", ".join(
            f"{name} {value:.3f}" if isinstance(value, float) else str(value)
            for name, value in measures.items()
        )
        print(f"{arguments.stage}, {label}: {shown}")


def run_predict(arguments: argparse.Namespace) -> None:
    """`minbert predict`."""
    run, out = Path(arguments.run_folder), Path(arguments.out)
    if not (run / "results.json").is_file():
        raise FileNotFoundError(f"{run} holds no results.json: expected the --out of reproduce")
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    chosen = {
        name: results["submitted"][name] if getattr(arguments, name) is None
        else getattr(arguments, name)
        for name in ("arm", "stage", "seed")
    }  # fmt: skip
    folder = run / "checkpoints" / f"seed{chosen['seed']}" / chosen["arm"] / chosen["stage"]
    if not folder.is_dir():
        raise FileNotFoundError(
            f"this run has no arm {chosen['arm']}, stage {chosen['stage']}, seed {chosen['seed']}"
        )
    device = resolve_device(arguments.device)
    experiment = Experiment(
        data=load_data(arguments.data),
        encoder_name=str(folder),
        recipe=find(RECIPES, results["recipe"]["name"], "recipe"),
        preset=find(PRESETS, results["preset"]["name"], "preset"),
        precision=resolve_precision(arguments.precision or results["precision"], device),
        device=device,
        cache=StageCache(default_folder()),
    )
    grid = Grid(experiment)
    model = grid.load(folder)
    out.mkdir(parents=True, exist_ok=True)
    for split in ("dev", "test"):
        for task, values in grid.predict(model, split).items():
            path = out / f"{task}-{split}.csv"
            write_predictions(path, task, grid.rows.tasks[task][split].ids, values)
            logger.info("wrote %s", path)


def run_grade(arguments: argparse.Namespace) -> None:
    """`minbert grade`."""
    column, predictions, golds = matched(Path(arguments.predictions), Path(arguments.labels))
    task = TASK_OF_COLUMN[column]
    value = summarise(task, golds, [predictions])
    name = "Pearson's r" if task == "sts" else "accuracy"
    low, high = value["ci95"]
    print(f"{name} {value['value']:.4f}, 95 % interval [{low:.4f}, {high:.4f}], n = {len(golds)}")


def run_encode(arguments: argparse.Namespace) -> None:
    """`minbert encode`."""
    if sys.stdout.isatty():
        raise ValueError("the vectors are binary: send stdout to a file (> vectors.npy)")
    encoder, tokenizer = from_pretrained(arguments.model)
    encoder.to(resolve_device(arguments.device))
    sentences = (line.rstrip("\n") for line in sys.stdin)
    vectors = encode(
        sentences, encoder, tokenizer, arguments.pooling, arguments.precision or "auto"
    )
    np.save(sys.stdout.buffer, vectors)


def run_data_check(arguments: argparse.Namespace) -> int:
    """`minbert data check`."""
    report = check_folder(Path(arguments.folder))
    print(report)
    return 0 if report.ok else 2


def run_data_download(arguments: argparse.Namespace) -> None:
    """`minbert data download`."""
    source = {"base_url": arguments.source} if arguments.source else {}
    download(Path(arguments.to), force=arguments.force, **source)


def _experiment(arguments: argparse.Namespace) -> Experiment:
    device = resolve_device(arguments.device)
    preset = find(PRESETS, arguments.preset, "preset")
    root = Path(arguments.cache) if arguments.cache else default_folder()
    data = load_data(arguments.data)
    logger.info("tier: %s data (%s)", data.tier, data.note)
    return Experiment(
        data=data,
        encoder_name=arguments.encoder,
        recipe=find(RECIPES, arguments.recipe, "recipe"),
        preset=preset,
        precision=resolve_precision(arguments.precision or preset.precision, device),
        device=device,
        cache=StageCache(root),
    )


def _provenance(arguments: argparse.Namespace, experiment: Experiment) -> dict[str, Any]:
    """Where a result comes from, as in reproduce's results.json."""
    return {
        "tier": experiment.data.tier,
        "data": {"name": experiment.data.name, "note": experiment.data.note},
        "encoder": arguments.encoder,
        "recipe": arguments.recipe,
        "preset": {"name": experiment.preset.name, "values": experiment.preset.values()},
        "seeds": arguments.seeds,
        "versions": versions(),
        "device": describe_device(experiment.device),
        "precision": experiment.precision,
        "command": arguments.command_line,
    }


def _write_results(folder: Path, results: dict[str, Any], curves: list[dict[str, Any]]) -> None:
    write_json(folder / "results.json", results)
    if curves:
        with (folder / "curves.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(curves[0]))
            writer.writeheader()
            writer.writerows(curves)
