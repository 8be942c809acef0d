"""Colours and sizes that all pictures share."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000")
"""Distinguishable with every kind of colour vision. Source: Okabe and Ito (2008)."""
LINE_STYLES = ("-", "--", "-.", ":")
"""Beside the colour, so that lines are told apart in grey."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "//", "..", "xx", "\\\\")

AXIS_COLOURS = {
    "batch": "#E69F00",
    "seq": "#0072B2",
    "head": "#CC79A7",
    "hidden": "#009E73",
    "vocabulary": "#D55E00",
}
"""One colour per axis of a tensor, the same throughout the course."""

SEQUENTIAL = "cividis"
"""Colour map for amounts: from dark to light in grey as well."""
DIVERGING = "PuOr_r"
"""Colour map for values around zero."""

REFERENCE = "#767676"
"""Chance levels, the paper's values: what ours are held against; readable on white."""


def subplots(
    rows: int = 1,
    columns: int = 1,
    *,
    figsize: tuple[float, float],
    layout: str | None = None,
    **options: Any,
) -> tuple[Figure, np.ndarray]:
    """A figure and its axes, (row, column).

    As pyplot's, without pyplot, which keeps every figure in one place for the whole process:
    explorers draw in a thread of their own while a cell draws in another.

    Args:
        rows, columns: how many axes.
        figsize: width and height in inches.
        layout: of the figure, `constrained` when nothing else is asked for; `none` is fast.
        options: such as `sharex`, `gridspec_kw`.
    """
    figure = Figure(figsize=figsize, layout=layout or "constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def new_axes(width: float = 6.0, height: float = 3.6) -> Axes:
    """Axes of a new figure, in inches; narrow enough for a notebook's column."""
    return subplots(figsize=(width, height))[1][0, 0]


def tidy(axes: Axes) -> Axes:
    """Take the frame's top and right side away, and put a light grid behind the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    return axes
