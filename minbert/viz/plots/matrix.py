"""A matrix of numbers, each written into its cell when there is room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from minbert.viz.style import DIVERGING, SEQUENTIAL, new_axes


def matrix(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    axes: Axes | None = None,
    title: str = "",
    label: str = "value",
    limits: tuple[float, float] | None = None,
    digits: int = 2,
) -> tuple[Axes, str]:
    """A heat map with its numbers: a batch of similarities, a table of scores.

    Args:
        values: (row, column).
        rows, columns: their names.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
        label: what a value is.
        limits: of the colours; from the values without. Around zero a diverging map is taken.
        digits: after the point, in the cells.
    """
    values = np.asarray(values, dtype=float)
    if axes is None:
        axes = new_axes(min(2.4 + 0.7 * len(columns), 8.0), min(1.6 + 0.42 * len(rows), 7.0))
    low, high = limits or (float(np.nanmin(values)), float(np.nanmax(values)))
    image = axes.imshow(
        values, cmap=DIVERGING if low < 0 < high else SEQUENTIAL, vmin=low, vmax=high, aspect="auto"
    )
    axes.set_xticks(range(len(columns)), columns, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_title(title)
    if values.size <= 150:
        write_numbers(axes, image, digits)
    axes.figure.colorbar(image, ax=axes, label=label, shrink=0.8)
    row, column = np.unravel_index(int(np.nanargmax(values)), values.shape)
    return axes, (
        f"{title or 'Matrix'}: {len(rows)} rows by {len(columns)} columns of {label}, from "
        f"{np.nanmin(values):.{digits}f} to {np.nanmax(values):.{digits}f}; the largest is in "
        f"row {rows[row]}, column {columns[column]}."
    )


def write_numbers(axes: Axes, image: AxesImage, digits: int, size: float = 8) -> None:
    """Write each value into its cell: dark figures on light cells, and the other way round.

    Args:
        axes: that show the image.
        image: a heat map, as `Axes.imshow` gives it.
        digits: after the point.
        size: of the figures, in points.
    """
    for (row, column), value in np.ndenumerate(image.get_array()):
        red, green, blue, _ = image.cmap(image.norm(value))
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        colour = "black" if light else "white"
        written = {"ha": "center", "va": "center", "fontsize": size, "color": colour}
        axes.text(column, row, f"{value:z.{digits}f}", **written)
