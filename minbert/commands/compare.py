"""`minbert compare`: two runs on the same examples, without torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from minbert.data import load_data
from minbert.experiments.comparison import compare_runs, comparison_table


def run_compare(arguments: argparse.Namespace) -> None:
    """`minbert compare`."""
    data = load_data(arguments.data)
    found = compare_runs(Path(arguments.run_a), Path(arguments.run_b), data)
    print(f"a: {arguments.run_a}, b: {arguments.run_b}; {data.tier} data ({data.note})\n")
    print(comparison_table(found), end="")
