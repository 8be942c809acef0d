"""`minbert grade`: without torch, so that it answers at once."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from minbert.data.predictions import matched
from minbert.evaluation.statistics import summarise
from minbert.tasks import METRICS


def run_grade(arguments: argparse.Namespace) -> None:
    """`minbert grade`."""
    task, predictions, golds = matched(Path(arguments.predictions), Path(arguments.labels))
    if task.metric == "pearson" and (len(golds) < 2 or np.ptp(golds) == 0):
        raise ValueError(
            f"{arguments.labels}:2: expected labels that differ, for a correlation, got "
            f"{golds[0]:g} in {len(golds)} rows"
        )
    value = summarise(task, golds, [predictions])
    low, high = value["ci95"]
    name = METRICS[task.metric]
    print(f"{name} {value['value']:.4f}, 95 % interval [{low:.4f}, {high:.4f}], n = {len(golds)}")
