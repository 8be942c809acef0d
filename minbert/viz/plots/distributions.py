"""How values spread: one outline a group, over the same bins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from minbert.viz.style import COLOURS, LINE_STYLES, new_axes, tidy


def distributions(
    groups: Mapping[str, Sequence[float]],
    axes: Axes | None = None,
    title: str = "",
    x_label: str = "cosine",
    limits: tuple[float, float] = (-1.0, 1.0),
    bins: int = 50,
) -> tuple[Axes, str]:
    """Outlined histograms as densities, with a mark at each mean.

    Args:
        groups: values by name, for example cosines of positive and of random pairs.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
        limits: of the x axis; values outside are drawn at its ends.
    """
    axes = tidy(axes or new_axes())
    said = []
    for number, (name, values) in enumerate(groups.items()):
        values = np.asarray(values, dtype=float)
        colour = COLOURS[number % len(COLOURS)]
        style = LINE_STYLES[number % len(LINE_STYLES)]
        height, edges = np.histogram(
            np.clip(values, *limits), bins=bins, range=limits, density=True
        )
        axes.stairs(height, edges, fill=True, color=colour, alpha=0.15)
        axes.stairs(height, edges, color=colour, linestyle=style, linewidth=1.6, label=name)
        axes.axvline(values.mean(), color=colour, linestyle=style, linewidth=1.0)
        said.append(f"{name}: mean {values.mean():z.2f}, deviation {values.std():z.2f}")
    axes.set_xlabel(x_label)
    axes.set_ylabel("density")
    axes.set_title(title)
    axes.legend(frameon=False, fontsize=8)
    return axes, f"{title or 'Distributions'} of {x_label}. {'; '.join(said)}."
