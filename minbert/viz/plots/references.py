"""Lines that results are held against: chance, the paper's value, what knowing nothing gives."""

from __future__ import annotations

from matplotlib.axes import Axes

from minbert.viz.style import REFERENCE


def reference_line(
    axes: Axes, value: float, label: str, at: float = 1.0, align: str = "right", axis: str = "y"
) -> None:
    """A dotted line across the axes, with its label beside it.

    Args:
        axes: drawn on.
        value: where the line is, in the data's units.
        label: written above the line, or above the axes where the line is vertical.
        at: place of the label along the line, from 0 to 1.
        align: the label's horizontal alignment: `left`, `center` or `right` of that place.
        axis: that `value` is on: `y` for a horizontal line, `x` for a vertical one.
    """
    dotted = {"color": REFERENCE, "linewidth": 1.0, "linestyle": (0, (1, 1))}
    if axis == "y":
        axes.axhline(value, **dotted)
        place, units = (at, value), ("axes fraction", "data")
    else:
        axes.axvline(value, **dotted)
        place, units = (value, at), ("data", "axes fraction")
    axes.annotate(label, place, xycoords=units, ha=align, va="bottom", fontsize=8, color=REFERENCE)
