"""The commands that train."""

from __future__ import annotations

import argparse
import csv
import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import minbert.training.parallel as parallel
from minbert import paper
from minbert.data import load_data
from minbert.data.predictions import write_predictions
from minbert.data.text import user_path
from minbert.experiments.arms import FINETUNED, arms_of
from minbert.experiments.cache import StageCache, default_folder
from minbert.experiments.experiment import Experiment
from minbert.experiments.labs import LABS
from minbert.experiments.labs.table import lab_table
from minbert.experiments.labs.trial import run_lab
from minbert.experiments.pretrain_tiny import SETTINGS, pretrain_tiny
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.reproduce import REPRODUCE, reproduce
from minbert.experiments.run_folder import write_json
from minbert.experiments.single_task import train_single_task
from minbert.experiments.sweep import sweep_learning_rates
from minbert.folders.replaced import Kind, ReplacedFolder, claimed
from minbert.precision import resolve_device, resolve_precision
from minbert.training.loop import RunContext
from minbert.training.recipe import preset_for, recipe_for

logger = logging.getLogger(__name__)

SINGLE_TASK = Kind("single-task", ("results.json", "curves.csv", "predictions/"))
SWEEP = Kind("sweep", ("results.json", "curves.csv"))
LAB = Kind("lab", ("results.json", "tables.md"))
PRETRAIN_TINY = Kind(
    "pretrain-tiny",
    (
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "curve.csv",
        "training.json",
    ),
)


def run_reproduce(arguments: argparse.Namespace) -> None:
    """`minbert reproduce`, of which `torchrun` may start several ranks: the first alone writes."""
    with parallel.together(), ExitStack() as kept:
        out = None
        with parallel.in_order():  # what has to be fetched, the first fetches
            if parallel.first():
                out = kept.enter_context(claimed(arguments.out, REPRODUCE, _inputs(arguments)))
            experiment = _experiment(arguments)
            parallel.check_device(experiment.device)
            arms = arguments.arms or arms_of(experiment.recipe)
            _ = experiment.location
        results = reproduce(experiment, arms, arguments.seeds, out, arguments.command_line)
        if out is not None:
            print((out.path / "tables.md").read_text(encoding="utf-8"))
            logger.info("tier: %s data; everything is in %s", results["tier"], arguments.out)


def run_single_task(arguments: argparse.Namespace) -> None:
    """`minbert single-task`."""
    with claimed(arguments.out, SINGLE_TASK, _inputs(arguments)) as out:
        _single_task(arguments, out)


def _single_task(arguments: argparse.Namespace, out: ReplacedFolder) -> None:
    experiment = _experiment(arguments)
    outcome = train_single_task(experiment, arguments.task, arguments.mode, arguments.seeds)
    reference, spread = paper.SINGLE_TASK[arguments.task][arguments.mode]
    results = {
        **_provenance(arguments, experiment),
        "task": arguments.task,
        "mode": arguments.mode,
        "dev_accuracy": outcome.accuracy,
        "computed": outcome.computed,
        "handout": {
            "dev_accuracy": reference,
            "standard_deviation": spread,
            "encoder": "bert-base",
        },
        "timings_s": {"training": outcome.seconds},
    }
    with out.replaced() as working:
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
    """`minbert sweep`: results["sweep"] is the first seed's, results["sweeps"] has every seed's."""
    with claimed(arguments.out, SWEEP, _inputs(arguments)) as out:
        _sweep(arguments, out)


def _sweep(arguments: argparse.Namespace, out: ReplacedFolder) -> None:
    experiment = _experiment(arguments)
    settings = getattr(experiment.preset, arguments.stage)
    sweeps, curves = {}, []
    for seed in arguments.seeds:
        outcome = sweep_learning_rates(
            experiment, arguments.stage, arguments.lr, settings, arguments.share, seed
        )
        curves += [
            {"seed": seed, "learning_rate_peak": rate["learning_rate"], **point}
            for rate in outcome["rates"]
            for point in rate.pop("curve")
        ]
        sweeps[str(seed)] = outcome
    results = _provenance(arguments, experiment)
    results |= {"sweep": sweeps[str(arguments.seeds[0])], "sweeps": sweeps}
    with out.replaced() as working:
        _write_results(working, results, curves)
    for seed, outcome in sweeps.items():
        _print_sweep(f"{arguments.stage}, seed {seed}", outcome)


def _print_sweep(title: str, outcome: dict[str, Any]) -> None:
    for label, measures in [("before", outcome["before"])] + [
        (f"lr {rate['learning_rate']:g}", rate["after"] or {"diverged": rate["diverged"]})
        for rate in outcome["rates"]
    ]:
        shown = ", ".join(
            f"{name} {value:.3f}" if isinstance(value, float) else str(value)
            for name, value in measures.items()
        )
        print(f"{title}, {label}: {shown}")


def run_lab_command(arguments: argparse.Namespace) -> None:
    """`minbert lab`."""
    with claimed(arguments.out, LAB, _inputs(arguments)) as out:
        experiment = _experiment(arguments)
        outcome = run_lab(
            experiment, LABS[arguments.name], arguments.seeds, arguments.share, arguments.cells
        )
        results = {**_provenance(arguments, experiment), **outcome}
        del results["recipe"]  # each cell has its own
        table = lab_table(results)
        with out.replaced() as working:
            write_json(working / "results.json", results)
            (working / "tables.md").write_text(table, encoding="utf-8")
    print(table)


def run_pretrain_tiny(arguments: argparse.Namespace) -> None:
    """`minbert pretrain-tiny`."""
    device = resolve_device(arguments.device)
    precision = resolve_precision(arguments.precision or "fp32", device)
    settings = replace(
        SETTINGS, epochs=SETTINGS.epochs if arguments.epochs is None else arguments.epochs
    )
    what = {"settings": asdict(settings), "precision": precision, "seed": arguments.seed}
    what |= {"device": device.type, "versions": versions()}
    with claimed(arguments.out, PRETRAIN_TINY) as out:
        checkpoint = out.unfinished(what) / "checkpoint.pt"
        context = RunContext(device, precision, arguments.seed, checkpoint)
        with out.replaced() as working:
            made = pretrain_tiny(working, context, settings)
            made |= {"versions": versions(), "device": describe_device(device)}
            made["command"] = arguments.command_line
            write_json(working / "training.json", made)
    losses = made["held_out_loss"]
    print(
        f"{made['data']['note']}: held-out loss {losses['before']:.3f} before, "
        f"{losses['after']:.3f} after {made['steps']} steps in {made['seconds']:.0f} s"
    )


def _inputs(arguments: argparse.Namespace) -> Mapping[str, Path]:
    """Folders that a command reads, by name: --out must hold none of them."""
    found = {"the cache": Path(arguments.cache) if arguments.cache else default_folder()}
    kind, _, place = arguments.data.partition(":")
    if kind == "cs224n" and place:
        found["the data"] = user_path(place)
    if arguments.encoder and Path(arguments.encoder).is_dir():
        found["the encoder"] = Path(arguments.encoder)
    return found


def _experiment(arguments: argparse.Namespace) -> Experiment:
    device = resolve_device(arguments.device)
    root = Path(arguments.cache) if arguments.cache else default_folder()
    data = load_data(arguments.data)
    if FINETUNED not in data.tasks:
        raise ValueError(
            f"--data {arguments.data}: expected the course's tasks, got data of your own: minbert "
            "train trains on those"
        )
    logger.info("tier: %s data (%s)", data.tier, data.note)
    if arguments.encoder is None:
        arguments.encoder = "tiny" if data.tier == "synthetic" else "minilm"
    preset = preset_for(arguments.preset, arguments.encoder)
    recipe = recipe_for(arguments.recipe, arguments.preset, arguments.encoder)
    logger.info("encoder %s, recipe %s, preset %s", arguments.encoder, recipe.name, preset.name)
    return Experiment(
        data=data,
        encoder_name=arguments.encoder,
        recipe=recipe,
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
        "recipe": experiment.recipe.name,
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
