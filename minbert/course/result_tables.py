"""Tables 1 to 3 of the paper with every number beside ours, for 10_results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minbert import paper
from minbert.course.recorded import Recorded
from minbert.course.scoreboard import STAGES, TABLE_OF
from minbert.evaluation.power import sentences_needed, unpaired_half_width
from minbert.evaluation.statistics import over_seeds
from minbert.experiments.markdown import cell, number
from minbert.experiments.report import SIGNIFICANT, TITLES
from minbert.tasks import find_task
from minbert.viz.plots.intervals import Point
from minbert.viz.table import Table

ARMS = ("baseline", "heads_only", "mlm", "mnrl", "mlm+mnrl")


def table_beside_paper(
    stage: str, runs: dict[str, Recorded], caption: str, metrics: Sequence[str] = paper.METRICS
) -> Table:
    """Table 1 (`heads`) or 2 (`sst_finetune`): paper, then each run with its 95 % interval.

    The column after each run says how the arm stands to `heads_only` on the same sentences:
    `within noise`, or the sign of a difference that is beyond it.

    Args:
        stage: `heads` or `sst_finetune`.
        runs: title of the column → recorded grid.
        caption: above the table.
        metrics: rows of each arm.
    """
    rows = []
    for metric in metrics:
        for arm in ARMS:
            theirs = paper.TABLES[TABLE_OF[stage]].get(arm, {}).get(metric)
            row = [TITLES[metric], arm, "—" if theirs is None else number(theirs)]
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
            return {
                **test,
                "arm_a": arm,
                "arm_b": control,
                "difference": -test["difference"],
                "ci95": [-high, -low],
            }
    return None


def verdict(test: dict[str, Any] | None) -> str:
    """`within noise`, or the difference and how surely it is not zero."""
    if test is None:
        return "—"
    if test["p_value"] >= SIGNIFICANT:
        return "within noise"
    return f"{test['difference']:+z.3f}, p {_p_value(test['p_value'])}"


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


@dataclass(frozen=True)
class Gap:
    """A difference between two arms and how sure it is."""

    name: str
    difference: float
    half_width: float
    """Of its 95 % interval."""
    total: int
    """Examples it was measured on."""

    @property
    def needed(self) -> int:
        """Examples on which it would be found four times in five."""
        return sentences_needed(self.difference, self.half_width, self.total)


def published_gap(table: str, one: str, other: str, metric: str, total: int) -> Gap:
    """Two of the paper's accuracies: only the unpaired interval can be made of them."""
    p, q = (paper.TABLES[table][arm][metric] for arm in (one, other))
    name = f"paper, {table.replace('table', 'Table ')}: {one} and {other}, {TITLES[metric]}"
    return Gap(name, p - q, unpaired_half_width(p, q, total), total)


def recorded_gap(run: Recorded, stage: str, arm: str, task: str) -> Gap:
    """An arm against `heads_only`, from the recorded paired test.

    Raises:
        ValueError: there is no such test.
    """
    metric = find_task(task).measure
    test = against_control(run.results, stage, arm, metric)
    if test is None:
        raise ValueError(f"{run.name} has no test of {arm} against heads_only")
    low, high = test["ci95"]
    name = f"{run.name}, {STAGES[stage]}: {arm} and heads_only, {TITLES[metric]}"
    return Gap(name, test["difference"], (high - low) / 2, run.results["data"]["rows"][task]["dev"])


def needed_table(gaps: Sequence[Gap]) -> Table:
    """How many examples would tell the arms apart."""
    rows = [
        [
            gap.name,
            f"{gap.difference:+z.3f}",
            f"± {gap.half_width:z.3f}",
            f"{gap.total:,}",
            f"{gap.needed:,}",
        ]
        for gap in gaps
    ]
    return Table(["two arms", "difference", "95 %", "examples there are", "needed"], rows)


def best_table(run: Recorded) -> Table:
    """The best rung of the ladder beside the best cell of the paper and of a run, over all arms."""
    rungs, rows = ladder_rows(run.results), []
    for metric in paper.METRICS:
        theirs = max(
            (cells[metric], arm)
            for table in ("table1", "table2")
            for arm, cells in paper.TABLES[table].items()
        )
        ours = max(
            (run.value(arm, stage, metric)["value"], arm) for stage in STAGES for arm in ARMS
        )
        name, value = rungs[metric]
        rows.append(
            [
                TITLES[metric],
                f"{number(value)} {name}",
                *(f"{number(best)} {arm}" for best, arm in (theirs, ours)),
            ]
        )
    return Table(["dev", "best rung, no deep learning", "the paper's best", "our best"], rows)


def submitted_table(runs: dict[str, Recorded]) -> Table:
    """Table 3; a run whose test files have no labels has no value."""
    theirs = {**paper.TABLES["table3"]["mnrl"], "overall_mean": paper.OVERALL_TEST}
    rows = []
    for metric, title in TITLES.items():
        ours = [run.results["test"] for run in runs.values()]
        cells = ["no labels" if test is None else cell(test[metric]) for test in ours]
        rows.append([title, number(theirs[metric]) if metric in theirs else "—", *cells])
    submitted = [run.results["submitted"]["arm"] for run in runs.values()]
    header = ["Table 3, test", "paper (mnrl)"]
    header += [f"{name} ({arm})" for name, arm in zip(runs, submitted, strict=True)]
    return Table(header, rows)


def fine_tuning_table(runs: dict[str, Recorded], metric: str = "sts_pearson") -> Table:
    """What fine-tuning does to a metric, arm by arm; an interval over seeds where there are any."""
    rows = []
    for name, run in runs.items():
        for arm in ARMS[1:]:
            before, after = (
                np.array(run.value(arm, stage, metric)["per_seed"]) for stage in STAGES
            )
            change = over_seeds(after - before)
            said = f"{change['value']:+z.3f}, one seed"
            if change["ci95"] is not None:
                said = "{:+z.3f} [{:+z.3f}, {:+z.3f}]".format(change["value"], *change["ci95"])
            rows.append([name, arm, number(before.mean()), number(after.mean()), said])
    return Table(["run", "arm", "frozen", "fine-tuned", "change"], rows, TITLES[metric])
