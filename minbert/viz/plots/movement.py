"""A map before and after: where sentences went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from minbert.viz.style import COLOURS, REFERENCE, new_axes


def movement(
    before: np.ndarray,
    after: np.ndarray,
    marked: Sequence[int] = (),
    names: Sequence[str] = (),
    axes: Axes | None = None,
    title: str = "",
) -> tuple[Axes, str]:
    """Arrows from where points were to where they are, on one map.

    Args:
        before, after: (point, 2), coordinates on the same map.
        marked: rows drawn in colour; all others are grey.
        names: one per marked row, for the legend.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
    """
    before, after = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    axes = axes or new_axes(6.4, 4.6)
    steps = after - before
    settings = {"angles": "xy", "scale_units": "xy", "scale": 1.0}
    axes.quiver(*before.T, *steps.T, color=REFERENCE, alpha=0.35, width=0.002, **settings)
    for number, (row, name) in enumerate(zip(marked, names, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        axes.quiver(*before[row], *steps[row], color=colour, width=0.007, label=name, **settings)
        axes.plot(*before[row], "o", color=colour, markersize=4)
    both = np.concatenate([before, after])
    margin = 0.05 * np.ptp(both, axis=0)
    axes.set_xlim(both[:, 0].min() - margin[0], both[:, 0].max() + margin[0])
    axes.set_ylim(both[:, 1].min() - margin[1], both[:, 1].max() + margin[1])
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("first component")
    axes.set_ylabel("second component")
    axes.set_title(title)
    if len(names):
        axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    moved = np.linalg.norm(steps, axis=1)
    return axes, (
        f"{title or 'Movement'}: {len(before)} arrows on a map, from before to after; the median "
        f"length is {np.median(moved):z.1f}, the longest {moved.max():z.1f}."
    )
