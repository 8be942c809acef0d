"""Curves of training: one line a run, a band where there are several seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from minbert.viz.plots.references import reference_line
from minbert.viz.style import COLOURS, LINE_STYLES, new_axes, tidy


def curves(
    lines: Mapping[str, tuple[Sequence[float], np.ndarray]],
    axes: Axes | None = None,
    title: str = "",
    x_label: str = "step",
    y_label: str = "loss (nats)",
    references: Mapping[str, float] | None = None,
    smooth: int = 1,
    places: Mapping[str, int] | None = None,
) -> tuple[Axes, str]:
    """Lines over steps; a two-dimensional array becomes its mean and its range.

    Args:
        lines: per name, x values and y values, the latter (step,) or (seed, step).
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
        references: horizontal lines, such as ln(vocabulary).
        smooth: mean over this many neighbouring points.
        places: of names among the colours and line styles, for names that several pictures share;
            without, the order of `lines`.
    """
    axes = tidy(axes or new_axes())
    said = []
    for number, (name, (x, y)) in enumerate(lines.items()):
        y = np.atleast_2d(np.asarray(y, dtype=float))
        x = np.asarray(x, dtype=float)
        if smooth > 1 and len(x) > smooth:
            kernel = np.ones(smooth) / smooth
            y = np.stack([np.convolve(row, kernel, mode="valid") for row in y])
            x = np.convolve(x, kernel, mode="valid")
        place = number if places is None else places[name]
        colour = COLOURS[place % len(COLOURS)]
        style = LINE_STYLES[place % len(LINE_STYLES)]
        mean = y.mean(axis=0)
        axes.plot(x, mean, style, color=colour, label=name, linewidth=1.6)
        if len(y) > 1:
            axes.fill_between(x, y.min(axis=0), y.max(axis=0), color=colour, alpha=0.2, lw=0)
        said.append(f"{name} from {mean[0]:z.2f} to {mean[-1]:z.2f}")
    for name, value in (references or {}).items():
        reference_line(axes, value, f"{name} = {value:z.2f}")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_title(title)
    if len(lines) > 1:
        axes.legend(frameon=False, fontsize=8)
    return axes, f"{title or 'Curves'}, {y_label} over {x_label}: {'; '.join(said)}."
