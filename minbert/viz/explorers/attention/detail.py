"""Attention weights of one head, or of anything that is a matrix of weights: cells, or lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from minbert.viz.explorers.attention.lettering import (
    colour_strip,
    font_size,
    name_axes,
    name_columns,
    name_rows,
    room_for,
)
from minbert.viz.style import COLOURS, REFERENCE, SEQUENTIAL

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
