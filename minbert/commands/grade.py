"""`minbert grade`: without torch, so that it answers at once."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from minbert.data.predictions import TASK_OF_COLUMN, matched
from minbert.evaluation.statistics import summarise


def run_grade(arguments: argparse.Namespace) -> None:
    """`minbert grade`."""
    column, predictions, golds = matched(Path(arguments.predictions), Path(arguments.labels))
    task = TASK_OF_COLUMN[column]
    if task == "sts" and (len(golds) < 2 or np.ptp(golds) == 0):
        raise ValueError(
            f"{arguments.labels}:2: expected labels that differ, for a correlation, got "
            f"{golds[0]:g} in {len(golds)} rows"
        )
    value = summarise(task, golds, [predictions])
    name = "Pearson's r" if task == "sts" else "accuracy"
    low, high = value["ci95"]
    print(f"{name} {value['value']:.4f}, 95 % interval [{low:.4f}, {high:.4f}], n = {len(golds)}")
