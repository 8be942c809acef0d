"""All heads of all layers in one picture, and numbers per head as heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from minbert.viz.explorers.attention.lettering import (
    colour_strip,
    name_axes,
    name_columns,
    name_picture,
    name_rows,
)
from minbert.viz.style import DIVERGING, SEQUENTIAL

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
        mosaic(weights, gap), cmap=SEQUENTIAL, vmin=0.0, vmax=1.0, interpolation="nearest",
        aspect="auto",
    )  # fmt: skip
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
            shown.values, cmap=DIVERGING if low < 0 else SEQUENTIAL, vmin=low, vmax=high,
            aspect="auto",
        )  # fmt: skip
        _name_layers_and_heads(axes, layers, heads, 1, 0)
        _colours(figure, image, count * (LEFT + width + RIGHT) + LEFT + width, height)
        name_picture(axes, shown.title)
        if layers * heads <= MOST_WRITTEN:
            _write_numbers(axes, image, shown.digits)
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


def _write_numbers(axes: Axes, image: AxesImage, digits: int) -> None:
    """Dark figures on light cells, and the other way round."""
    for (layer, head), value in np.ndenumerate(image.get_array()):
        red, green, blue, _ = image.cmap(image.norm(value))
        light = 0.3 * red + 0.59 * green + 0.11 * blue > 0.5
        axes.text(
            head, layer, f"{value:z.{digits}f}", ha="center", va="center", fontsize=7.5,
            color="black" if light else "white",
        )  # fmt: skip
