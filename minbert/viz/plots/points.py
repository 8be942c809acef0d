"""A map of sentences: one point each, told apart by colour and marker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from minbert.viz.style import COLOURS, MARKERS, new_axes


def group_style(number: int) -> tuple[str, str]:
    """Colour and marker of a group; after seven the colours return with other markers."""
    lap = number // len(COLOURS)
    return COLOURS[number % len(COLOURS)], MARKERS[(number + lap) % len(MARKERS)]


def point_map(
    positions: np.ndarray,
    labels: Sequence[str],
    axes: Axes | None = None,
    title: str = "",
    names: tuple[str, str] = ("first component", "second component"),
    groups: Sequence[str] = (),
) -> tuple[Axes, str]:
    """Points in the plane, one colour and marker per label.

    Args:
        positions: (point, 2), for example two principal components of sentence vectors.
        labels: one per point.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
        names: of the two directions.
        groups: the labels in the order of the legend; without, that of first appearance.
    """
    positions = np.asarray(positions, dtype=float)
    axes = axes or new_axes(6.4, 4.6)
    groups = list(groups or dict.fromkeys(labels))
    chosen = np.array([groups.index(label) for label in labels])
    for number, group in enumerate(groups):
        here = positions[chosen == number]
        colour, marker = group_style(number)
        axes.scatter(
            here[:, 0],
            here[:, 1],
            s=10,
            alpha=0.7,
            linewidths=0,
            label=f"{group} ({len(here)})",
            color=colour,
            marker=marker,
        )
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.set_title(title)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    counts = ", ".join(f"{np.sum(chosen == n)} {group}" for n, group in enumerate(groups))
    return axes, f"{title or 'Map'}: {len(positions)} points in the plane: {counts}."


def marked_point_map(
    positions: np.ndarray,
    labels: Sequence[str],
    chosen: int,
    lines_to: Sequence[int] = (),
    edged: Sequence[int] = (),
    names: tuple[str, str] = ("first component", "second component"),
    groups: Sequence[str] = (),
) -> tuple[Axes, str]:
    """A `point_map` with a ring around one point, lines from it, and edges around some others.

    Args:
        positions, labels, names, groups: see `point_map`; both axes get the same scale.
        chosen: row of the point with the ring.
        lines_to: rows to which lines lead.
        edged: rows drawn larger, with a black edge.
    """
    positions = np.asarray(positions, dtype=float)
    groups = list(groups or dict.fromkeys(labels))
    axes, alt = point_map(positions, labels, names=names, groups=groups)
    axes.set_aspect("equal", adjustable="datalim")
    for row in lines_to:
        axes.plot(*positions[[chosen, row]].T, color="#333333", linewidth=0.8, zorder=3)
    for number, group in enumerate(groups):
        here = positions[[row for row in edged if labels[row] == group]]
        colour, marker = group_style(number)
        axes.scatter(*here.T, s=30, color=colour, marker=marker, edgecolors="black", zorder=4)
    axes.plot(*positions[chosen], "o", markersize=13, fillstyle="none", color="black", zorder=5)
    return axes, alt
