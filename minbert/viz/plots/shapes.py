"""Shapes of tensors as coloured chips, one colour an axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from minbert.viz.style import AXIS_COLOURS, REFERENCE, new_axes

COLOURS = {**AXIS_COLOURS, "dim": AXIS_COLOURS["hidden"]}
"""`dim`, the width of one head, is a slice of `hidden` and shares its colour."""


def shape_chips(
    shapes: Mapping[str, Sequence[tuple[str, int]]], axes: Axes | None = None, title: str = ""
) -> tuple[Axes, str]:
    """One line a tensor: its name, then a chip for each axis with the axis' name and size.

    Args:
        shapes: name → (axis, size) in order, for example `("seq", 10)`; the first word of an
            axis' name decides the colour.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
    """
    most = max(len(shape) for shape in shapes.values())
    start = 0.11 * max(map(len, shapes)) + 0.2
    if axes is None:
        axes = new_axes(start + 1.35 * most + 0.2, 0.4 * len(shapes) + (0.5 if title else 0.2))
    said = []
    for row, (name, shape) in enumerate(shapes.items()):
        axes.text(0.0, row, name, va="center", fontsize=10)
        for place, (axis, size) in enumerate(shape):
            colour = COLOURS.get(axis.split()[0], REFERENCE)
            left = start + 1.35 * place
            axes.add_patch(
                FancyBboxPatch(
                    (left + 0.05, row - 0.3),
                    1.2,
                    0.6,
                    boxstyle="round,pad=0,rounding_size=0.12",
                    facecolor=(*_rgb(colour), 0.22),
                    edgecolor=colour,
                    linewidth=1.3,
                )
            )
            axes.text(left + 0.65, row, f"{axis} {size:,}", ha="center", va="center", fontsize=9)
        said.append(f"{name} ({', '.join(f'{axis} {size}' for axis, size in shape)})")
    axes.set_xlim(0, start + 1.35 * most)
    axes.set_ylim(len(shapes) - 0.5, -0.5)
    axes.axis("off")
    axes.set_title(title, fontsize=11)
    return axes, f"{title or 'Shapes'}, one colour an axis: {'; '.join(said)}."


def _rgb(colour: str) -> tuple[float, float, float]:
    return tuple(int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
