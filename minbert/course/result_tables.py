"""Tables 1 to 3 of the paper with every number beside ours, for 10_results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minbert import paper
from minbert.course.recorded import Recorded
from minbert.course.scoreboard import TABLE_OF
from minbert.evaluation.report import ROWS, SIGNIFICANT, cell, number
from minbert.viz.plots.intervals import Point
from minbert.viz.table import Table

ARMS = ("baseline", "heads_only", "mlm", "mnrl", "mlm+mnrl")


def table_beside_paper(
    stage: str, runs: dict[str, Recorded], caption: str, metrics: Sequence[str] = paper.METRICS
) -> Table:
    """Table 1 (`heads`) or 2 (`sst_finetuned`): paper, then each run with its 95 % interval.

    The column after each run says how the arm stands to `heads_only` on the same sentences:
    `within noise`, or the sign of a difference that is beyond it.

    Args:
        stage: `heads` or `sst_finetuned`.
        runs: title of the column → recorded grid.
        caption: above the table.
        metrics: rows of each arm.
    """
    rows = []
    for metric in metrics:
        for arm in ARMS:
            theirs = paper.TABLES[TABLE_OF[stage]].get(arm, {}).get(metric)
            row = [ROWS[metric], arm, "—" if theirs is None else number(theirs)]
            for run in runs.values():
                test = against_control(run.results, stage, arm, metric)
                row += [cell(run.value(arm, stage, metric)), verdict(test)]
            rows.append(row)
    titles = [title for name in runs for title in (name, "against heads_only")]
    return Table(["dev", "arm", "paper", *titles], rows, caption)


def against_control(
    results: dict[str, Any], stage: str, arm: str, metric: str, control: str = "heads_only"
) -> dict[str, Any] | None:
    """The recorded paired test of an arm against the control, as arm - control; None for itself.

    The paper's baseline has no heads to compare: None as well.
    """
    for test in results["paired_tests"]:
        arms = (test["arm_a"], test["arm_b"])
        if test["stage"] == stage and test["metric"] == metric and set(arms) == {arm, control}:
            if arms[0] == arm:
                return test
            low, high = test["ci95"]
            return {**test, "arm_a": arm, "arm_b": control,
                    "difference": -test["difference"], "ci95": [-high, -low]}  # fmt: skip
    return None


def verdict(test: dict[str, Any] | None) -> str:
    """`within noise`, or the difference and how surely it is not zero."""
    if test is None:
        return "—"
    if test["p_value"] >= SIGNIFICANT:
        return "within noise"
    return f"{test['difference']:+.3f}, p {_p_value(test['p_value'])}"


def _p_value(value: float) -> str:
    return "< .001" if value < 0.001 else f"= {number(value)}"


def ladder_rows(results: dict[str, Any]) -> dict[str, tuple[str, float]]:
    """Per metric the best rung without deep learning: its name and its value."""
    best = {}
    for metric, rungs in results["ladder"].items():
        name = max(rungs, key=lambda rung: rungs[rung]["value"])
        best[metric] = (name.replace("_", " "), rungs[name]["value"])
    return best


def dots(
    runs: dict[str, Recorded], stage: str, metric: str, arms: Sequence[str] = ARMS
) -> list[Point]:
    """One metric as points for `minbert.viz.plots.intervals`: paper without, ours with interval."""
    points = []
    for arm in arms:
        theirs = paper.TABLES[TABLE_OF[stage]].get(arm, {}).get(metric)
        if theirs is not None:
            points.append(Point(arm, "paper (BERT-base)", theirs))
        for name, run in runs.items():
            value = run.value(arm, stage, metric)
            points.append(Point(arm, name, value["value"], tuple(value["ci95"])))
    return points
