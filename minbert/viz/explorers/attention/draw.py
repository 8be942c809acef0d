"""Pictures of attention: all heads, one head in detail, measures of tokens, and their letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from minbert.viz.plots.matrix import write_numbers
from minbert.viz.style import COLOURS, DIVERGING, HATCHES, REFERENCE, SEQUENTIAL

THINNEST = 0.01
"""Weights below are not drawn as lines."""
WIDEST = 5.0
"""Points: how much wider a line of weight 1 is than one of weight 0."""


def weight_matrix(
    weights: Float[np.ndarray, "seq seq"], tokens: Sequence[str], row: int | None = None
) -> Axes:
    """Rows attend, columns get the weight.

    Args:
        weights: from 0 to 1.
        tokens: names of rows and columns.
        row: framed.
    """
    count, room = len(tokens), room_for(tokens)
    side = min(max(0.3 * count, 1.2), 5.0)
    left, below = room + 0.4, 0.9 * room + 0.45
    width, height = left + side + 0.8, below + side + 0.3
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((left / width, below / height, side / width, side / height))
    image = axes.imshow(weights, cmap=SEQUENTIAL, vmin=0.0, vmax=1.0)
    axes.set_axis_off()
    size = font_size(side, count)
    name_rows(axes, range(count), tokens, size)
    name_columns(axes, range(count), tokens, size, slant=60)
    name_axes(axes, "attended token (key)", "attending token (query)", below - 0.14, left - 0.12)
    colour_strip(figure, image, (left + side + 0.15, below, 0.14, side), "weight")
    if row is not None:
        across = [-0.5, count - 0.5, count - 0.5, -0.5, -0.5]
        down = [row - 0.5, row - 0.5, row + 0.5, row + 0.5, row - 0.5]
        for colour, thick in (("white", 4.0), (COLOURS[3], 2.0)):
            axes.plot(across, down, color=colour, linewidth=thick, clip_on=False)
    return axes


def weight_lines(
    weights: Float[np.ndarray, "seq seq"], tokens: Sequence[str], row: int | None = None
) -> Axes:
    """Tokens twice, joined by lines: the wider and darker a line, the larger the weight.

    Args:
        weights: from 0 to 1; those below `THINNEST` are left out.
        tokens: on the left they attend, on the right they get the weight.
        row: its lines in colour, all others in pale grey.
    """
    count, margin, across = len(tokens), 0.2 + room_for(tokens), 3.2
    tall = min(max(0.27 * count, 1.0), 6.0)
    width, height = 2 * margin + across, tall + 0.3
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((margin / width, 0.02, across / width, tall / height))
    queries, keys = np.nonzero(weights >= THINNEST)
    drawn = weights[queries, keys]
    chosen = np.ones(len(drawn), dtype=bool) if row is None else queries == row
    colours = np.where(chosen[:, None], to_rgba(COLOURS[0]), to_rgba(REFERENCE))
    colours[:, 3] = np.sqrt(np.clip(drawn, 0.0, 1.0)) * np.where(chosen, 1.0, 0.3)
    left = np.stack([np.zeros(len(drawn)), queries], axis=-1)
    right = np.stack([np.ones(len(drawn)), keys], axis=-1)
    order = np.argsort(chosen, kind="stable")
    axes.add_collection(
        LineCollection(
            np.stack([left, right], axis=1)[order],
            colors=colours[order],
            linewidths=(0.4 + WIDEST * drawn)[order],
            capstyle="butt",
        )
    )
    size = font_size(tall, count)
    for place, token in enumerate(tokens):
        bold = "bold" if place == row else "normal"
        axes.text(-0.02, place, token, ha="right", va="center", fontsize=size, fontweight=bold)
        axes.text(1.02, place, token, ha="left", va="center", fontsize=size)
    for x, side, text in ((0, "left", "attends"), (1, "right", "gets the weight")):
        axes.text(
            x, -0.55, text, ha=side, va="bottom", fontsize=9, fontstyle="italic", color=REFERENCE
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_axis_off()
    return axes


MOST_WRITTEN = 32
"""Cells of a heat map that carry their number; more of them would be too small to read."""
LEFT, RIGHT, BELOW, ABOVE = 0.6, 0.78, 0.5, 0.32
"""Inches around a map of heads."""


def mosaic(
    weights: Float[np.ndarray, "layer head seq seq"], gap: int
) -> Float[np.ndarray, "rows columns"]:
    """All maps in one matrix, layers below each other, heads side by side, NaN between them.

    Args:
        weights: of all heads.
        gap: cells between two maps.
    """
    layers, heads, seq, _ = weights.shape
    around = [(0, 0), (0, 0), (0, gap), (0, gap)]
    framed = np.pad(weights, around, constant_values=np.nan)
    side = seq + gap
    # (layer, head, row, column) -> (layer, row, head, column)
    return framed.transpose(0, 2, 1, 3).reshape(layers * side, heads * side)[:-gap, :-gap]


def attention_mosaic(weights: Float[np.ndarray, "layer head seq seq"]) -> Figure:
    """One small map a layer and head: rows attend, columns get the weight, all on one scale.

    Args:
        weights: from 0 to 1.
    """
    layers, heads, seq, _ = weights.shape
    tile = min(1.7, 6.6 / heads, 5.0 / layers)
    gap = -(-seq // 12)
    figure, axes = _figure(tile * heads, tile * layers)
    image = axes.imshow(
        mosaic(weights, gap),
        cmap=SEQUENTIAL,
        vmin=0.0,
        vmax=1.0,
        interpolation="nearest",
        aspect="auto",
    )
    _name_layers_and_heads(axes, layers, heads, seq + gap, (seq - 1) / 2)
    _colours(figure, image, LEFT + tile * heads, tile * layers, "weight")
    return figure


@dataclass(frozen=True)
class HeadNumbers:
    """One number a layer and head, as a heat map."""

    title: str
    values: Float[np.ndarray, "layer head"]
    limits: tuple[float, float]
    """Of the colours; if the lower one is negative, 0 is in the middle of two colours."""
    digits: int = 2


def head_maps(numbers: Sequence[HeadNumbers]) -> Figure:
    """Heat maps side by side, layers below each other, heads side by side.

    Args:
        numbers: at least one, all of the same shape.
    """
    layers, heads = numbers[0].values.shape
    cell = min(0.52, 2.55 / heads, 4.0 / layers)
    width, height = max(cell * heads, 0.8), max(cell * layers, 0.5)
    figure, *grid = _figure(width, height, len(numbers))
    for count, (axes, shown) in enumerate(zip(grid, numbers, strict=True)):
        low, high = shown.limits
        image = axes.imshow(
            shown.values,
            cmap=DIVERGING if low < 0 else SEQUENTIAL,
            vmin=low,
            vmax=high,
            aspect="auto",
        )
        _name_layers_and_heads(axes, layers, heads, 1, 0)
        _colours(figure, image, count * (LEFT + width + RIGHT) + LEFT + width, height)
        name_picture(axes, shown.title)
        if layers * heads <= MOST_WRITTEN:
            write_numbers(axes, image, shown.digits, size=7.5)
    return figure


def _figure(width: float, height: float, count: int = 1) -> list:
    """A figure and `count` axes of this size in inches, with room for names and colours."""
    each, whole = LEFT + width + RIGHT, BELOW + height + ABOVE
    total = max(each * count, 3.0)
    figure = Figure(figsize=(total, whole))
    places = [number * each + LEFT for number in range(count)]
    boxes = [(x / total, BELOW / whole, width / total, height / whole) for x in places]
    return [figure, *map(figure.add_axes, boxes)]


def _name_layers_and_heads(axes: Axes, layers: int, heads: int, side: int, middle: float) -> None:
    """Numbers at the maps, and what they count."""
    axes.set_axis_off()
    name_rows(axes, [layer * side + middle for layer in range(layers)], range(layers), 8)
    name_columns(axes, [head * side + middle for head in range(heads)], range(heads), 8)
    name_axes(axes, "head", "layer", 0.34, 0.34)


def _colours(figure: Figure, image: AxesImage, x: float, height: float, label: str = "") -> None:
    tall = min(height, 2.2)
    colour_strip(figure, image, (x + 0.1, BELOW + height - tall, 0.12, tall), label)


BAR_ROW, BARS_LEFT, BARS_RIGHT = 0.92, 0.6, 0.1
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
    wide, tall = min(max(0.42 * count, 4.8), 7.2), BAR_ROW * len(measures)
    width, height = BARS_LEFT + wide + BARS_RIGHT, below + tall
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((BARS_LEFT / width, below / height, wide / width, tall / height))
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
            corners,
            facecolor=COLOURS[number % len(COLOURS)],
            edgecolor="white",
            linewidth=0.5,
            hatch=HATCHES[number % len(HATCHES)],
        ),
        autolim=False,
    )
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
            str(name),
            (0, place),
            (-4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=size,
            annotation_clip=False,
        )


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
            str(name),
            (place, 0),
            (3 if slant else 0, -4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="top",
            fontsize=size,
            annotation_clip=False,
            **({"ha": "center"} | aligned),
        )


def name_axes(axes: Axes, across: str, along: str, below: float, left: float) -> None:
    """What columns and rows are, so many inches away from the axes."""
    for text, place, offset, turned in (
        (across, (0.5, 0), (0, -72 * below), 0),
        (along, (0, 0.5), (-72 * left, 0), 90),
    ):
        axes.annotate(
            text,
            place,
            offset,
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            va="center",
            rotation=turned,
            fontsize=10,
            annotation_clip=False,
        )


def name_picture(axes: Axes, title: str, size: float = 9.5) -> None:
    """A title above the axes' left end."""
    axes.annotate(
        title,
        (0, 1),
        (0, 6),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=size,
        annotation_clip=False,
    )


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
        np.linspace(low, high, 128)[:, None],
        cmap=image.cmap,
        norm=image.norm,
        aspect="auto",
        origin="lower",
        extent=(0, 1, low, high),
    )
    strip.set_axis_off()
    for value in (low, (low + high) / 2, high):
        strip.annotate(
            f"{value:.3g}",
            (1, value),
            (3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            annotation_clip=False,
        )
    name_picture(strip, label, 8.5)
    return strip
