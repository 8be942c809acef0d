"""The commands that use what was trained: predict, grade, encode."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minbert.data import load_data
from minbert.data.predictions import matched, write_predictions
from minbert.evaluation.statistics import summarise
from minbert.folders.failures import named
from minbert.folders.replaced import Kind, beside, claimed
from minbert.inference import encode
from minbert.precision import resolve_device, resolve_precision
from minbert.pretrained import from_pretrained
from minbert.training.arms import TASKS
from minbert.training.cache import StageCache, default_folder
from minbert.training.experiment import Experiment
from minbert.training.grid import Grid
from minbert.training.recipe import PRESETS, RECIPES, find

logger = logging.getLogger(__name__)

PREDICT = Kind("predict", tuple(f"{task}-{part}.csv" for task in TASKS for part in ("dev", "test")))
TASK_OF_COLUMN = {
    "Predicted_Sentiment": "sst",
    "Predicted_Is_Paraphrase": "quora",
    "Predicted_Similiary": "sts",
}


def run_predict(arguments: argparse.Namespace) -> None:
    """`minbert predict`."""
    run = Path(arguments.run_folder)
    if not (run / "results.json").is_file():
        left = beside(run, "old")
        hint = f"; earlier ones are in {left}, rename it" if left.exists() else ""
        raise FileNotFoundError(
            f"{run} holds no results.json: expected the --out of reproduce{hint}"
        )
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
    with claimed(arguments.out, PREDICT, {"the run": run}) as out:
        files = _predictions(arguments, results, folder)
        with out.replaced() as working:
            for (task, split), (ids, values) in files.items():
                write_predictions(working / f"{task}-{split}.csv", task, ids, values)
    for task, split in files:
        logger.info("wrote %s", Path(arguments.out) / f"{task}-{split}.csv")


def _predictions(
    arguments: argparse.Namespace, results: dict[str, Any], folder: Path
) -> dict[tuple[str, str], tuple[Sequence[str], np.ndarray]]:
    """Ids and values by task and split, of the model in a folder of checkpoints."""
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
    return {
        (task, split): (grid.rows.tasks[task][split].ids, values)
        for split in ("dev", "test")
        for task, values in grid.predict(model, split).items()
    }


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
    with named("stdout", "nothing is lost, the same command writes them again"):
        header = np.lib.format.header_data_from_array_1_0(vectors)
        np.lib.format.write_array_header_1_0(sys.stdout.buffer, header)
        sys.stdout.buffer.write(np.ascontiguousarray(vectors).data)
        sys.stdout.buffer.flush()
