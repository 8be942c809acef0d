"""A map of sentences: one point each, told apart by colour and marker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from minbert.viz.style import COLOURS, MARKERS, new_axes


def point_map(
    positions: np.ndarray,
    labels: Sequence[str],
    axes: Axes | None = None,
    title: str = "",
    names: tuple[str, str] = ("first component", "second component"),
) -> tuple[Axes, str]:
    """Points in the plane, one colour and marker per label.

    Args:
        positions: (point, 2), for example two principal components of sentence vectors.
        labels: one per point; the legend lists them in the order of first appearance.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
        names: of the two directions.
    """
    positions = np.asarray(positions, dtype=float)
    axes = axes or new_axes(6.4, 4.6)
    groups = list(dict.fromkeys(labels))
    chosen = np.array([groups.index(label) for label in labels])
    for number, group in enumerate(groups):
        here = positions[chosen == number]
        axes.scatter(
            here[:, 0], here[:, 1], s=10, alpha=0.7, linewidths=0, label=f"{group} ({len(here)})",
            color=COLOURS[number % len(COLOURS)], marker=MARKERS[number % len(MARKERS)],
        )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.set_title(title)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    counts = ", ".join(f"{np.sum(chosen == n)} {group}" for n, group in enumerate(groups))
    return axes, f"{title or 'Map'}: {len(positions)} points in the plane: {counts}."
