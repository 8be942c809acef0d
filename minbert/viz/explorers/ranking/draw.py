"""A batch as the ranking loss sees it: its cosines, who is pushed, and the words that matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from minbert.viz.explorers.ranking.compute import RankedBatch
from minbert.viz.explorers.ranking.tables import (
    said_of_cells,
    said_of_losses,
    said_of_row,
    shown_values,
)
from minbert.viz.plots.distributions import distributions
from minbert.viz.style import COLOURS, DIVERGING, REFERENCE, SEQUENTIAL, subplots, tidy


def draw_batches(batches: Mapping[str, RankedBatch]) -> tuple[Figure, str]:
    """Cosines above, probabilities below, one column a batch (before and after, say).

    Args:
        batches: by name.
    """
    figure, grid = subplots(
        2,
        len(batches),
        figsize=(0.9 + 3.4 * len(batches), 7.2),
    )
    said = []
    for column, (name, batch) in enumerate(batches.items()):
        upper, lower = grid[:, column]
        above = upper.imshow(batch.cosines, cmap=DIVERGING, vmin=-1, vmax=1)
        below = lower.imshow(batch.probabilities, cmap=SEQUENTIAL, vmin=0, vmax=1)
        upper.set_title(f"{name}: cosines")
        lower.set_title(f"{name}: probabilities")
        for axes in (upper, lower):
            places = _places(len(batch.cosines))
            axes.set_xticks([place - 1 for place in places], places, fontsize=7)
            axes.set_yticks([place - 1 for place in places], places, fontsize=7)
            axes.set_xlabel("second sentence of pair")
            axes.set_ylabel("first sentence of pair")
        said.append(
            f"{name}: mean cosine {_diagonal(batch.cosines):z.2f} on the diagonal and "
            f"{_others(batch.cosines):z.2f} beside it, {batch.found:z.0%} of the partners rank "
            f"first, loss {batch.loss:z.2f} nats"
        )
    figure.colorbar(above, ax=list(grid[0]), label="cosine", shrink=0.8)
    figure.colorbar(below, ax=list(grid[1]), label="probability", shrink=0.8)
    pairs = len(batch.cosines)
    return figure, (
        f"Heat maps of {pairs} by {pairs} sentences, temperature {1 / batch.scale:g}. "
        f"{'; '.join(said)}."
    )


def draw_cosines(
    spaces: Mapping[str, Mapping[str, Sequence[float]]],
    x_label: str = "cosine",
    limits: tuple[float, float] = (-0.5, 1.0),
) -> tuple[Figure, str]:
    """Distributions of cosines, one panel a space, all on the same axis.

    Args:
        spaces: per space (before, after) the groups of `distributions` (positive, random pairs).
        x_label, limits: of the x axis; values outside are drawn at its ends.
    """
    figure, panels = subplots(
        1,
        len(spaces),
        figsize=(0.6 + 3.6 * len(spaces), 3.2),
        sharex=True,
        sharey=True,
    )
    said = [
        distributions(groups, axes=axes, title=name, x_label=x_label, limits=limits)[1]
        for axes, (name, groups) in zip(panels[0], spaces.items(), strict=True)
    ]
    for axes in panels[0, 1:]:
        axes.set_ylabel("")
    return figure, " ".join(said)


def _diagonal(values: np.ndarray) -> float:
    return float(np.diag(values).mean())


def _others(values: np.ndarray) -> float:
    return float(values[~np.eye(len(values), dtype=bool)].mean())


SIDE = 4.1
"""Of the heat map, in inches."""


def draw_cells(batch: RankedBatch, shown: str) -> tuple[Figure, str]:
    """The batch as a heat map: partners dotted, false negatives in squares, masked cells crossed.

    Args:
        batch: from `rank_batch`.
        shown: one of `views.ranking_words.SHOWN`. The colours of cosines end at the tenth below
            the smallest, those of gradients at the largest push (partners are pulled harder).
    """
    values = shown_values(batch, shown)
    colours, low, high = _colours(batch, shown, values)
    figure = Figure(figsize=(6.2, 5.1))
    axes = figure.add_axes((0.11, 0.11, SIDE / 6.2, SIDE / 5.1))
    image = axes.imshow(values, cmap=colours, vmin=low, vmax=high)
    ends = "min" if values.min() < low - 1e-9 else "neither"
    figure.colorbar(image, cax=figure.add_axes((0.82, 0.2, 0.03, 0.6)), label=shown, extend=ends)
    _mark_cells(axes, batch)
    places = _places(len(values))
    axes.set_xticks([place - 1 for place in places], places, fontsize=8)
    axes.set_yticks([place - 1 for place in places], places, fontsize=8)
    axes.set_xlabel("second sentence of pair (b)")
    axes.set_ylabel("first sentence of pair (a)")
    return figure, said_of_cells(batch, shown)


def _colours(batch: RankedBatch, shown: str, values: np.ndarray) -> tuple[str, float, float]:
    if shown == "cosines":
        return SEQUENTIAL, min(float(np.floor(10 * values.min())) / 10, 0.9), 1.0
    if shown == "probabilities":
        return SEQUENTIAL, 0.0, 1.0
    largest = float(batch.push.max()) or 1.0
    return DIVERGING, -largest, largest


def _mark_cells(axes: Axes, batch: RankedBatch) -> None:
    """Marks with a white rim, so that they are seen on every colour."""
    cell = min(SIDE * 72 / len(batch.cosines), 26.0)
    partners = np.eye(len(batch.cosines), dtype=bool)
    for marker, part_of_cell, label, cells in (
        ("o", 0.28, "partners", partners),
        ("s", 0.76, "say the same", batch.alike & ~batch.masked),
        ("X", 0.6, "masked", batch.masked),
    ):
        if not cells.any():
            continue
        rows, columns = np.nonzero(cells)
        size = part_of_cell * cell
        if marker == "s":
            width = max(size / 9, 1.0)
            for rim, colour in ((2.6 * width, "white"), (width, "black")):
                axes.plot(
                    columns,
                    rows,
                    marker,
                    markersize=size,
                    fillstyle="none",
                    markeredgecolor=colour,
                    markeredgewidth=rim,
                    label=label if colour == "black" else None,
                )
        else:
            axes.plot(
                columns,
                rows,
                marker,
                markersize=size,
                color="black",
                label=label,
                markeredgecolor="white",
                markeredgewidth=max(size / 12, 0.5),
            )
    legend = axes.figure.legend(
        loc="upper left", bbox_to_anchor=(0.09, 1.0), ncols=3, frameon=False
    )
    for handle in legend.legend_handles:
        handle.set_markersize(8)


def draw_losses(batch: RankedBatch) -> tuple[Axes, str]:
    """What each pair pays, beside what knowing nothing pays and what no batch goes below."""
    pairs = len(batch.losses)
    axes = _wide_axes(2.3)
    _bars(axes, np.arange(1, pairs + 1), batch.losses, COLOURS[4])
    lines = [
        (batch.loss, "mean: the loss", "-", COLOURS[3]),
        (batch.indifference, "knowing nothing", "--", REFERENCE),
    ]
    if batch.floor is not None:
        lines.append((batch.floor, "floor", ":", "black"))
    for value, label, style, colour in lines:
        axes.axhline(value, label=f"{label}, {value:z.2f}", linestyle=style, color=colour)
    axes.set_ylim(0, 1.1 * max(batch.losses.max(), batch.indifference, 0.01))
    axes.set_ylabel("nats")
    _finish(axes, "pair", pairs)
    return axes, said_of_losses(batch)


def draw_row(batch: RankedBatch, row: int, sentences: Sequence[str]) -> tuple[Axes, str]:
    """Whom one first sentence takes for its partner.

    Args:
        batch: from `rank_batch`.
        row: from 0.
        sentences: the first sentence of this pair, then the second ones of all pairs.
    """
    pairs, likely = len(batch.cosines), batch.probabilities[row]
    places = np.arange(1, pairs + 1)
    own, masked = places == row + 1, batch.masked[row]
    axes = _wide_axes(2.1)
    for label, chosen, colour, hatch in (
        ("partner", own, COLOURS[2], "//"),
        ("negatives", ~own & ~batch.alike[row], COLOURS[4], ""),
        ("says the same", batch.alike[row] & ~masked, COLOURS[3], "xx"),
    ):
        if chosen.any():
            _bars(axes, places[chosen], likely[chosen], colour, hatch, label)
    if masked.any():
        axes.plot(places[masked], likely[masked], "X", color="black", label="masked", clip_on=False)
    if batch.backward is not None:
        axes.plot(
            places, batch.backward[row], "D", color="black", markersize=3, label="other direction"
        )
    highest = (
        likely.max() if batch.backward is None else max(likely.max(), batch.backward[row].max())
    )
    axes.set_ylim(0, 1.1 * highest)
    axes.set_ylabel("probability")
    _finish(axes, "second sentence of pair (b)", pairs)
    return axes, said_of_row(batch, row, sentences)


def _wide_axes(height: float) -> Axes:
    figure = Figure(figsize=(6.2, height))
    return figure.add_axes((0.11, 0.46 / height, 0.86, 1 - 0.78 / height))


def _bars(
    axes: Axes,
    places: np.ndarray,
    heights: np.ndarray,
    colour: str,
    hatch: str = "",
    label: str | None = None,
) -> None:
    """Bars as one artist: many times as fast as one for each."""
    corners = [
        [(at - 0.4, 0.0), (at - 0.4, high), (at + 0.4, high), (at + 0.4, 0.0)]
        for at, high in zip(places, heights, strict=True)
    ]
    axes.add_collection(
        PolyCollection(
            corners, facecolor=colour, edgecolor="black", linewidth=0.6, hatch=hatch, label=label
        ),
        autolim=False,
    )


def _places(pairs: int) -> list[int]:
    """Which pairs are numbered at an axis."""
    return list(range(1, pairs + 1, 1 if pairs <= 20 else 4 if pairs <= 40 else 8))


def _finish(axes: Axes, label: str, pairs: int) -> None:
    """Numbers of the pairs below, the legend above."""
    axes.set_xticks(_places(pairs), _places(pairs), fontsize=8)
    axes.set_xlim(0.3, pairs + 0.7)
    axes.set_xlabel(label)
    tidy(axes)
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=4,
        frameon=False,
        borderaxespad=0.1,
        fontsize=8,
    )
