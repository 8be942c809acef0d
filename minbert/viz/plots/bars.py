"""Counts and scores as bars, told apart by colour and hatching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from minbert.viz.style import COLOURS, HATCHES, new_axes, tidy


def grouped_bars(
    groups: Mapping[str, Sequence[float]],
    names: Sequence[str],
    axes: Axes | None = None,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    digits: int = 2,
) -> tuple[Axes, str]:
    """Bars side by side: one cluster a name, one bar a group.

    Args:
        groups: heights by group, one per name.
        names: of the clusters.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
        digits: after the point, in the alt sentence.
    """
    axes = tidy(axes or new_axes())
    width = 0.8 / len(groups)
    said = []
    for number, (group, heights) in enumerate(groups.items()):
        x = np.arange(len(names)) + (number - (len(groups) - 1) / 2) * width
        axes.bar(
            x,
            heights,
            width,
            label=group,
            color=COLOURS[number % len(COLOURS)],
            hatch=HATCHES[number % len(HATCHES)],
            edgecolor="white",
            linewidth=0.5,
        )
        shown = ", ".join(
            f"{name} {height:.{digits}f}" for name, height in zip(names, heights, strict=True)
        )
        said.append(f"{group}: {shown}" if len(groups) > 1 else shown)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_title(title)
    if len(groups) > 1:
        axes.legend(frameon=False, fontsize=8)
    return axes, f"{title or 'Bars'}, {y_label or 'height'} per {x_label or 'name'}. " + (
        "; ".join(said) + "."
    )
