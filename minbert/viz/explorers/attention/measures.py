"""Several measures of the same tokens, one under the other: drawn fast, with values below zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from minbert.viz.explorers.attention.lettering import font_size, name_columns, name_rows, room_for
from minbert.viz.style import COLOURS, HATCHES, REFERENCE

EACH, LEFT, RIGHT = 0.92, 0.6, 0.1
"""Inches: a row of bars with its name, and what is beside them."""
BARS = 0.68
"""Share of a row that the bars may fill; its name stands above."""


@dataclass(frozen=True)
class TokenMeasure:
    """One number a token."""

    name: str
    values: Float[np.ndarray, " seq"]
    limits: tuple[float, float]
    """Of the bars, 0 among them; rows with the same limits can be compared."""
    mark: float | None = None
    """Where a dashed line is drawn."""


def measure_bars(measures: Sequence[TokenMeasure], tokens: Sequence[str]) -> Axes:
    """One row of bars a measure, over the same tokens.

    Args:
        measures: at least one.
        tokens: names of the bars.
    """
    count, below = len(tokens), 0.1 + 0.9 * room_for(tokens)
    wide, tall = min(max(0.42 * count, 4.8), 7.2), EACH * len(measures)
    width, height = LEFT + wide + RIGHT, below + tall
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((LEFT / width, below / height, wide / width, tall / height))
    axes.set_axis_off()
    axes.set(xlim=(-0.6, count - 0.4), ylim=(0, len(measures)))
    for number, measure in enumerate(measures):
        _bars(axes, measure, len(measures) - 1 - number, number)
    name_columns(axes, range(count), tokens, font_size(wide, count), slant=60)
    return axes


def _bars(axes: Axes, measure: TokenMeasure, bottom: float, number: int) -> None:
    """One row, as one artist: many times as fast as one for each bar."""
    low, high = measure.limits
    # Each row has a scale of its own within the one that they share.
    heights = bottom + BARS * (measure.values - low) / (high - low)
    zero, mark = (
        bottom + BARS * (value - low) / (high - low) for value in (0.0, measure.mark or 0.0)
    )
    corners = [
        [(at - 0.4, zero), (at - 0.4, height), (at + 0.4, height), (at + 0.4, zero)]
        for at, height in enumerate(heights)
    ]
    axes.add_collection(
        PolyCollection(
            corners, facecolor=COLOURS[number % len(COLOURS)], edgecolor="white", linewidth=0.5,
            hatch=HATCHES[number % len(HATCHES)],
        ),
        autolim=False,
    )  # fmt: skip
    ends = axes.get_xlim()
    axes.plot(ends, (zero, zero), color="black", linewidth=0.8)
    if measure.mark is not None:
        axes.plot(ends, (mark, mark), color="black", linewidth=1.4, linestyle="--")
    extremes = min(float(measure.values.min()), 0.0), max(float(measure.values.max()), 0.0)
    far = [value for value in extremes if abs(value) > 0.2 * (high - low)]
    places = [bottom + BARS * (value - low) / (high - low) for value in far]
    name_rows(axes, [zero, *places], ["0", *(f"{value:.2g}" for value in far)], 8)
    for place in places:
        axes.plot(ends, (place, place), color=REFERENCE, linewidth=0.4, zorder=0)
    axes.text(ends[0], bottom + BARS + 0.05, measure.name, va="bottom", fontsize=9)
