"""Results as points with intervals, beside what they are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from minbert.viz.plots.references import reference_line
from minbert.viz.style import COLOURS, MARKERS, new_axes, tidy


@dataclass(frozen=True)
class Point:
    """One result."""

    row: str
    """Line it stands on, for example an arm."""
    group: str
    """Colour and marker, for example a stage."""
    value: float
    interval: tuple[float, float] | None = None
    """95 %, or None where none is known (the paper's values)."""


def intervals(
    points: Sequence[Point],
    axes: Axes | None = None,
    title: str = "",
    x_label: str = "",
    references: dict[str, float] | None = None,
) -> tuple[Axes, str]:
    """A dot plot: one line a row, one mark a group, bars for intervals.

    Args:
        points: in the order in which rows and groups shall appear.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
        references: vertical lines, such as a majority class.
    """
    rows = list(dict.fromkeys(point.row for point in points))
    groups = list(dict.fromkeys(point.group for point in points))
    axes = tidy(axes or new_axes(6.4, 1.2 + 0.5 * len(rows)))
    step = 0.6 / max(1, len(groups))
    for number, group in enumerate(groups):
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        offset = (number - (len(groups) - 1) / 2) * step
        for at, point in enumerate(chosen := [p for p in points if p.group == group]):
            y = rows.index(point.row) + offset
            if point.interval:
                axes.plot(point.interval, (y, y), color=colour, linewidth=1.4)
            axes.plot(
                point.value,
                y,
                marker,
                color=colour,
                markersize=5,
                label=group if at == 0 and chosen else None,
            )
    for name, value in (references or {}).items():
        reference_line(axes, value, name, align="center", axis="x")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_xlabel(x_label)
    axes.set_title(title, pad=16 if references else 6)
    if len(groups) > 1:
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    said = "; ".join(f"{point.row}, {point.group} {point.value:z.3f}" for point in points)
    return axes, f"{title or 'Results'} ({x_label}): {said}."
