"""Two runs on the same dev examples: which differences are more than noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minbert.data.examples import CourseData
from minbert.data.predictions import read_predictions
from minbert.evaluation.metrics import score
from minbert.evaluation.power import detectable_difference
from minbert.evaluation.statistics import compare, holm
from minbert.experiments.markdown import interval, markdown_table, number, signed
from minbert.experiments.report import SIGNIFICANT
from minbert.model_files import read_json
from minbert.tasks import Task


@dataclass(frozen=True)
class Comparison:
    """One task of two runs, a and b."""

    task: Task
    examples: int
    a: float
    b: float
    difference: float
    """a - b."""
    ci95: tuple[float, float]
    """Of the difference, by paired bootstrap over the examples."""
    p_value: float
    corrected: float
    """The p-value, by Holm's rule over all tasks compared."""
    detectable: float
    """The smallest true difference that a test on so many examples finds four times in five."""
    method: str

    @property
    def verdict(self) -> str:
        """`a is better`, `b is better`, or `within noise`."""
        if self.corrected >= SIGNIFICANT:
            return "within noise"
        return f"{'a' if self.difference > 0 else 'b'} is better"


def compare_runs(run_a: Path, run_b: Path, data: CourseData) -> list[Comparison]:
    """Every task of which both runs have dev predictions, in the order of the data.

    Args:
        run_a, run_b: folders that `reproduce` or `single-task` has written, of one submitted model
            each; with several seeds that of the best one, so that luck of the seed is in it.
        data: what both were run on.

    Raises:
        FileNotFoundError: there are no dev predictions of a common task.
        ValueError: a run is of other data, or its predictions are of other examples.
    """
    files = {
        task: [run / "predictions" / f"{task.name}-dev.csv" for run in (run_a, run_b)]
        for task in data.tasks
    }
    tasks = tuple(task for task, paths in files.items() if all(path.is_file() for path in paths))
    if not tasks:
        raise FileNotFoundError(
            f"{run_a} and {run_b} have no predictions/TASK-dev.csv of a common task: expected "
            "folders that `minbert reproduce` or `minbert single-task` has written"
        )
    for run in (run_a, run_b):
        _same_data(run, data)
    labels = {
        task: {example.id: example.label for example in data.tasks[task].dev} for task in tasks
    }
    golds = {task.name: np.array(list(labels[task].values())) for task in tasks}
    a, b = (
        {task.name: _of_these(files[task][side], task, labels[task]) for task in tasks}
        for side in (0, 1)
    )
    tests = compare(golds, [a], [b], tasks)
    corrected = holm([test["p_value"] for test in tests])
    return [
        Comparison(
            task=task,
            examples=len(golds[task.name]),
            a=score(task, a[task.name], golds[task.name]),
            b=score(task, b[task.name], golds[task.name]),
            difference=test["difference"],
            ci95=(test["ci95"][0], test["ci95"][1]),
            p_value=test["p_value"],
            corrected=p_value,
            detectable=detectable_difference((test["ci95"][1] - test["ci95"][0]) / 2),
            method=test["method"],
        )
        for task, test, p_value in zip(tasks, tests, corrected, strict=True)
    ]


def _of_these(path: Path, task: Task, labels: dict[str, float | None]) -> np.ndarray:
    """A run's predictions in the order of the labels."""
    _, values = read_predictions(path, task)
    if values.keys() != labels.keys():
        strange = min(values.keys() ^ labels.keys())
        raise ValueError(
            f"{path} has {len(values)} predictions, expected those of the {len(labels)} dev "
            f"examples of {task.name}; id {strange} is in one of them only: other data?"
        )
    return np.array([values[identity] for identity in labels])


def _same_data(run: Path, data: CourseData) -> None:
    recorded = read_json(run / "results.json").get("data", {})
    if recorded.get("digest", data.digest) != data.digest:
        raise ValueError(
            f"{run} was computed from other data ({recorded.get('note')}) than these "
            f"({data.note}): give --data as for that run"
        )


def comparison_table(found: Sequence[Comparison]) -> str:
    """As Markdown, a line a task; what the columns mean stands below it."""
    rows = [
        [
            f"{one.task.row}, n = {one.examples:,}",
            number(one.a),
            number(one.b),
            f"{signed(one.difference)} {interval(one.ci95)}",
            f"{one.p_value:.2g}",
            f"{one.corrected:.2g}",
            number(one.detectable),
            one.verdict,
        ]
        for one in found
    ]
    header = ["dev", "a", "b", "a - b [95 %]", "p", "p, Holm", "detectable", ""]
    methods = ", ".join(f"{one.task.name}: {one.method}" for one in found)
    return (
        markdown_table(header, rows)
        + f"\nPaired tests on the same examples ({methods}); p, Holm: corrected for "
        f"{len(found)} tests; detectable: the smallest true difference that so many examples find "
        "four times in five. They speak of the sample of examples: another seed of the same run "
        "differs, too.\n"
    )
