"""Loss and metric curves of the stages of a training, while it goes on and afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minbert.viz.plots.curves import curves
from minbert.viz.style import subplots
from minbert.viz.table import Table

MOST_STAGES = 4
"""Side by side in a picture: the latest; the table has all."""

FEW = 20
"""Points that are marked one by one."""


@dataclass
class StageCurves:
    """What is known of one stage."""

    losses: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """Per data set (step, loss): means over runs of steps, in nats."""
    metrics: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """Per metric (step, value)."""
    rates: list[tuple[int, float]] = field(default_factory=list)
    """(step, learning rate)."""
    total_steps: int = 0

    @property
    def step(self) -> int:
        """The last one that is known; 0 before the first."""
        return self.rates[-1][0] if self.rates else 0

    def add(self, points: Iterable[Mapping[str, Any]]) -> None:
        """Append points as the training loop and `history.json` have them."""
        for point in points:
            line = self.losses.setdefault(point["source"], [])
            line.append((point["step"], point["loss"]))
            self.rates.append((point["step"], point["learning_rate"]))
        self.total_steps = max(self.total_steps, self.step)


def draw_training(
    stages: Mapping[str, StageCurves],
    smooth: int = 1,
    logarithmic: bool = False,
    with_rates: bool = False,
) -> tuple[Figure, str]:
    """One column a stage: its loss, below it its metrics and its learning rate where asked for.

    Args:
        stages: by name, in the order of training.
        smooth: mean over so many neighbouring points of the loss.
        logarithmic: scale of the loss.
        with_rates: whether learning rates are drawn.

    Raises:
        ValueError: there is no stage with a point yet.
    """
    shown = {name: stage for name, stage in stages.items() if stage.rates}
    shown = dict(list(shown.items())[-MOST_STAGES:])
    if not shown:
        raise ValueError("nothing was trained yet: curves appear with the first steps")
    with_metrics = any(stage.metrics for stage in shown.values())
    rows = 1 + with_metrics + with_rates
    width = min(6.4, 8.8 / len(shown))
    size = width * len(shown), 1.0 + 1.9 * rows
    figure, grid = subplots(rows, len(shown), figsize=size, sharex="col", sharey="row")
    said = []
    for column, (name, stage) in zip(grid.T, shown.items(), strict=True):
        rest = iter(column)
        said.append(_draw(next(rest), stage.losses, f"Loss of {name}", "loss (nats)", smooth))
        if logarithmic:
            column[0].set_yscale("log")
        if with_metrics:
            axes = next(rest)
            if stage.metrics:
                said.append(_draw(axes, stage.metrics, f"Metrics of {name}", _metric(shown)))
        if with_rates:
            rates = {"learning rate": stage.rates}
            _draw(next(rest), rates, "", "learning rate")
        for axes in column:
            axes.set_xlim(0, stage.total_steps)
            axes.label_outer()
    return figure, " ".join(said)


def _metric(stages: Mapping[str, StageCurves]) -> str:
    """What the axis of the metrics is called: by the name of the only one, where there is one."""
    names = {name for stage in stages.values() for name in stage.metrics}
    return names.pop() if len(names) == 1 else "metric"


def _draw(
    axes: Axes,
    lines: Mapping[str, Sequence[tuple[int, float]]],
    title: str,
    label: str,
    smooth: int = 1,
) -> str:
    arrays = {name: np.array(line, dtype=float).T for name, line in lines.items()}
    _, alt = curves(
        {name: (steps, values) for name, (steps, values) in arrays.items()},
        axes=axes,
        title=title,
        y_label=label,
        smooth=smooth,
    )
    for line in axes.get_lines():
        if len(line.get_xdata()) <= FEW:
            line.set_marker("o")
    return alt


def training_table(stages: Mapping[str, StageCurves]) -> Table:
    """First, lowest (or highest: of metrics) and last value of every curve."""
    rows = []
    for name, stage in stages.items():
        for source, line in stage.losses.items():
            values = [value for _, value in line]
            best = min(values)
            rows.append([name, f"loss, {source}", line[-1][0], values[0], best, values[-1]])
        for metric, line in stage.metrics.items():
            values = [value for _, value in line]
            rows.append([name, metric, line[-1][0], values[0], max(values), values[-1]])
    digits = [[*row[:3], *(f"{value:z.3f}" for value in row[3:])] for row in rows]
    header = ["stage", "curve", "at step", "first", "best", "last"]
    return Table(header, digits, caption="Best: the lowest loss, the largest metric")
