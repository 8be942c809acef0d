"""Names of rows and columns, and colour bars, as plain text: many times as fast as ticks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

INCHES_PER_LETTER = 0.08
"""Of names at 9.5 points, on average."""


def font_size(inches: float, count: int) -> float:
    """Points, so that `count` names beside each other do not touch within so many inches."""
    return min(9.5, 0.85 * 72 * inches / count)


def room_for(names: Sequence[str]) -> float:
    """Inches that the longest name takes."""
    return INCHES_PER_LETTER * max(map(len, names))


def name_rows(axes: Axes, places: Sequence[float], names: Sequence[object], size: float) -> None:
    """Names to the left of the axes, at these places of the y axis."""
    for place, name in zip(places, names, strict=True):
        axes.annotate(
            str(name), (0, place), (-4, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center", fontsize=size,
            annotation_clip=False,
        )  # fmt: skip


def name_columns(
    axes: Axes, places: Sequence[float], names: Sequence[object], size: float, slant: float = 0.0
) -> None:
    """Names below the axes, at these places of the x axis.

    Args:
        axes, places, names, size: as for `name_rows`.
        slant: degrees; slanted names end at their places.
    """
    aligned = {"ha": "right", "rotation": slant, "rotation_mode": "anchor"} if slant else {}
    for place, name in zip(places, names, strict=True):
        axes.annotate(
            str(name), (place, 0), (3 if slant else 0, -4), xycoords=("data", "axes fraction"),
            textcoords="offset points", va="top", fontsize=size, annotation_clip=False,
            **({"ha": "center"} | aligned),
        )  # fmt: skip


def name_axes(axes: Axes, across: str, along: str, below: float, left: float) -> None:
    """What columns and rows are, so many inches away from the axes."""
    for text, place, offset, turned in (
        (across, (0.5, 0), (0, -72 * below), 0),
        (along, (0, 0.5), (-72 * left, 0), 90),
    ):
        axes.annotate(
            text, place, offset, xycoords="axes fraction", textcoords="offset points",
            ha="center", va="center", rotation=turned, fontsize=10, annotation_clip=False,
        )  # fmt: skip


def name_picture(axes: Axes, title: str, size: float = 9.5) -> None:
    """A title above the axes' left end."""
    axes.annotate(
        title, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points",
        fontsize=size, annotation_clip=False,
    )  # fmt: skip


def colour_strip(
    figure: Figure, image: AxesImage, place: tuple[float, float, float, float], label: str = ""
) -> Axes:
    """A colour bar: the image's colours with the numbers at both ends and in the middle.

    Args:
        figure: of the image.
        image: whose colours are explained.
        place: left, bottom, width, height, in inches.
        label: what the numbers are.
    """
    width, height = figure.get_size_inches()
    strip = figure.add_axes(
        (place[0] / width, place[1] / height, place[2] / width, place[3] / height)
    )
    low, high = image.norm.vmin, image.norm.vmax
    strip.imshow(
        np.linspace(low, high, 128)[:, None], cmap=image.cmap, norm=image.norm, aspect="auto",
        origin="lower", extent=(0, 1, low, high),
    )  # fmt: skip
    strip.set_axis_off()
    for value in (low, (low + high) / 2, high):
        strip.annotate(
            f"{value:.3g}", (1, value), (3, 0), textcoords="offset points", va="center",
            fontsize=8, annotation_clip=False,
        )  # fmt: skip
    name_picture(strip, label, 8.5)
    return strip
