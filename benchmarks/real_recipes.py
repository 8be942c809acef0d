"""The recorded runs on real data, each tested against `best` on the same dev examples.

    python benchmarks/real_recipes.py --data cs224n:DIR [--record benchmarks/real_recipes.json]
    python benchmarks/real_recipes.py --table     the recorded figures into docs/beyond.md

Paired tests of the recorded dev predictions, as `minbert compare` makes them, with Holm's
correction over the whole table instead of one pair of runs. One trained model each: another seed of
the same recipe differs, too. A run without recorded dev predictions cannot be tested.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sections import fill

from minbert.data import load_data
from minbert.evaluation.statistics import holm
from minbert.experiments.comparison import compare_runs
from minbert.experiments.markdown import interval, markdown_table, number, signed
from minbert.experiments.report import SIGNIFICANT
from minbert.experiments.run_folder import check_replaceable, write_json

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "figures" / "results"
RECORD = ROOT / "benchmarks" / "real_recipes.json"
PAGE = ROOT / "docs" / "beyond.md"
BEST = "real-minilm-best"
OTHERS = {
    "another seed": "real-minilm-best-seed-1",
    "trained once": "real-minilm-once",
    "shorter": "real-minilm-shorter",
    "paraphrases in one pass": "real-minilm-one-pass",
}
"""As the page calls them."""


def tested(spec: str) -> dict[str, Any]:
    """Every other run against `best`: its scores, the differences, and whether they are luck."""
    data = load_data(spec)
    found = [
        {
            "run": run,
            "score": one.task.row,
            "examples": one.examples,
            "best": one.a,
            "other": one.b,
            "difference": one.difference,
            "ci95": list(one.ci95),
            "p_value": one.p_value,
            "detectable": one.detectable,
            "method": one.method,
        }
        for run, folder in OTHERS.items()
        for one in compare_runs(RESULTS / BEST, RESULTS / folder, data)
    ]
    for one, corrected in zip(found, holm([one["p_value"] for one in found]), strict=True):
        one["p_holm"] = corrected
    return {"best": BEST, "tests": found}


def table(record: Mapping[str, Any]) -> str:
    """As Markdown: a line for each run and task."""
    rows = [
        [
            f"{one['run']}: {one['score']}",
            number(one["best"]),
            number(one["other"]),
            f"{signed(one['difference'])} {interval(one['ci95'])}",
            f"{one['p_holm']:.2g}",
            number(one["detectable"]),
            verdict(one),
        ]
        for one in record["tests"]
    ]
    header = ["`best` against", "`best`", "other", "difference [95 %]", "p, Holm", "detectable", ""]
    return markdown_table(header, rows)


def verdict(test: Mapping[str, Any]) -> str:
    """Which of the two is better, if that is more than noise."""
    if test["p_holm"] >= SIGNIFICANT:
        return "within noise"
    return "`best` is better" if test["difference"] > 0 else "`best` is worse"


def main() -> None:
    """Test, show, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="cs224n:DIR")
    parser.add_argument("--record", type=Path, help="JSON")
    parser.add_argument("--table", action="store_true", help="into docs/beyond.md")
    arguments = parser.parse_args()
    if not arguments.data and not arguments.table:
        parser.error("give --data, or --table for the recorded figures")
    if arguments.data:
        if arguments.record:
            check_replaceable(arguments.record, ("best", "tests"))
        record = tested(arguments.data)
        print(table(record))
        if arguments.record:
            write_json(arguments.record, record)
    if arguments.table:
        shown = table(json.loads(RECORD.read_text(encoding="utf-8")))
        fill(PAGE, {"real-recipes": shown})


if __name__ == "__main__":
    main()
