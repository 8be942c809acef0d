"""`minbert data ladder`: what needs no deep learning."""

from __future__ import annotations

import argparse

from minbert.data import load_data
from minbert.evaluation.baselines import ladder
from minbert.experiments.report import ladder_table


def run_data_ladder(arguments: argparse.Namespace) -> None:
    """`minbert data ladder`."""
    data = load_data(arguments.data)
    print(f"{data.note}; dev, fitted on train\n\n{ladder_table(ladder(data))}", end="")
