"""What each learning rate leads to: one mark a rate, its range over the seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from minbert.viz.plots.references import reference_line
from minbert.viz.style import COLOURS, MARKERS, REFERENCE, new_axes, tidy


def by_rate(
    groups: Mapping[str, Mapping[float, Sequence[float]]],
    axes: Axes | None = None,
    title: str = "",
    y_label: str = "",
    references: Mapping[str, float] | None = None,
    places: Mapping[float, int] | None = None,
) -> tuple[Axes, str]:
    """Values over learning rates on a logarithmic axis, joined by a line.

    Args:
        groups: per name, values by learning rate, one a seed; rates of 0 and NaN are left out.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
        references: horizontal lines, such as the value before any training.
        places: of rates among the colours, for marks in the colours of their curves; without, each
            group has one colour.
    """
    axes = tidy(axes or new_axes())
    said = []
    for place, (name, values) in enumerate(groups.items()):
        rates = sorted(rate for rate in values if rate > 0 and np.isfinite(values[rate]).all())
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        means = [float(np.mean(values[rate])) for rate in rates]
        of_rate = {rate: colour if places is None else COLOURS[places[rate]] for rate in rates}
        for rate in rates:
            ends = min(values[rate]), max(values[rate])
            axes.plot(
                (rate, rate), ends, color=of_rate[rate], lw=5, alpha=0.35, solid_capstyle="butt"
            )
        joined = colour if places is None else REFERENCE
        axes.plot(rates, means, marker=marker, color=joined, label=name, linewidth=1.2)
        if places is not None:
            marks = [of_rate[rate] for rate in rates]
            axes.scatter(rates, means, marker=marker, color=marks, zorder=3)
        shown = ", ".join(
            f"{mean:z.2f} at {rate:g}" for rate, mean in zip(rates, means, strict=True)
        )
        said.append(f"{name}: {shown}" if len(groups) > 1 else shown)
    for name, value in (references or {}).items():
        reference_line(axes, value, name, at=0.5, align="center")
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel(y_label)
    axes.set_title(title)
    if len(groups) > 1:
        axes.legend(frameon=False, fontsize=8)
    return axes, f"{title or 'Learning rates'}, {y_label} over learning rate: {'; '.join(said)}."
