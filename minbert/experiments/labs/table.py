"""The table of a lab: scores, differences from the baseline, and what else was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minbert.experiments.markdown import cell, interval, markdown_table, signed
from minbert.experiments.report import SIGNIFICANT


def lab_table(outcome: Mapping[str, Any]) -> str:
    """Markdown: what was asked, one line a cell, and how to read it.

    Args:
        outcome: of `run_lab`, with the provenance that `minbert lab` records beside it: `data`,
            `encoder`, `seeds`, `command`.
    """
    cells, seeds = outcome["cells"], ", ".join(map(str, outcome["seeds"]))
    title = f"{outcome['data']['note']}; encoder {outcome['encoder']}, seeds {seeds}"
    scores = [name for name, value in cells[outcome["baseline"]].items() if _is_score(value)]
    measured = list(dict.fromkeys(name for each in cells.values() for name in each["measures"]))
    header = ["cell", *(part for name in scores for part in (name, "difference", "verdict"))]
    rows = []
    for name, each in cells.items():
        row = [name if each["against_baseline"] else f"**{name}**"]
        for score in scores:
            test = each["against_baseline"].get(score)
            row += [cell(each[score]), *(_test(test) if test else ("—", "baseline"))]
        rows.append(row)
    more = [
        [name, *(_mean(each["measures"].get(measure)) for measure in measured)]
        for name, each in cells.items()
    ]
    trained = ", ".join(f"{name} {count:,}" for name, count in outcome["training_rows"].items())
    held_out = ", ".join(f"{name} {count:,}" for name, count in outcome["held_out_rows"].items())
    return "\n".join(
        [
            f"# Lab {outcome['lab']}: {title}\n",
            f"{outcome['question']}\n",
            f"Trained on {trained} examples; measured on a held-out tenth of the training data "
            f"({held_out}). Dev and test were not read. Intervals: 95 %, of examples and, with "
            "several seeds, of seeds. A difference stands where its interval leaves 0 out and "
            "Holm's correction over all tests of this table leaves p below .05; anything else is "
            "within noise.\n",
            markdown_table(header, rows),
            "## What else was measured\n",
            markdown_table(["cell", *(name.replace("_", " ") for name in measured)], more),
            f"Command: `{outcome['command']}`\n",
        ]
    )


def beyond_noise(test: Mapping[str, Any]) -> bool:
    """Whether a difference stands: its interval leaves 0 out, and so does Holm's correction."""
    low, high = test["ci95"]
    return test["p_holm"] < SIGNIFICANT and not low <= 0 <= high


def verdict(test: Mapping[str, Any]) -> str:
    """What may be said of a difference: better, worse, or within noise."""
    if not beyond_noise(test):
        return "within noise"
    return "better" if test["difference"] > 0 else "worse"


def _is_score(value: object) -> bool:
    return isinstance(value, dict) and "value" in value


def _test(test: Mapping[str, Any]) -> tuple[str, str]:
    return f"{signed(test['difference'])} {interval(test['ci95'])}", verdict(test)


def _mean(values: list[float] | None) -> str:
    if not values:
        return "—"
    mean = float(np.mean(values))
    return f"{mean:,.0f}" if abs(mean) >= 100 else f"{mean:.3f}"
