"""Several measures of the same tokens, one under the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from minbert.viz.style import COLOURS, HATCHES, subplots, tidy


def attribution_bars(
    measures: Mapping[str, np.ndarray], tokens: Sequence[str], title: str = ""
) -> tuple[Figure, str]:
    """One row of bars a measure, each on a scale of its own; the largest bar is named.

    Args:
        measures: by name, one value a token, for example attention, ablation, gradient.
        tokens: of the text.
        title: above the picture and first in the alt sentence.

    Raises:
        ValueError: a measure has not one value a token.
    """
    width = min(8.0, 1.6 + 0.5 * len(tokens))
    figure, rows = subplots(
        len(measures), 1, figsize=(width, 0.8 + 1.15 * len(measures)), sharex=True
    )
    said = []
    for number, (axes, (name, values)) in enumerate(zip(rows[:, 0], measures.items(), strict=True)):
        values = np.asarray(values, dtype=float)
        if values.shape != (len(tokens),):
            raise ValueError(f"{name}: expected {len(tokens)} values, got shape {values.shape}")
        tidy(axes).bar(
            range(len(tokens)),
            values,
            color=COLOURS[number % len(COLOURS)],
            hatch=HATCHES[number % len(HATCHES)],
            edgecolor="white",
            linewidth=0.5,
        )
        axes.set_title(name, fontsize=9, loc="left", pad=3)
        axes.tick_params(axis="y", labelsize=8)
        said.append(f"{name} is largest at {tokens[int(values.argmax())]}")
    rows[-1, 0].set_xticks(
        range(len(tokens)), tokens, rotation=45, ha="right", rotation_mode="anchor"
    )
    figure.suptitle(title, fontsize=11)
    return figure, f"{title or 'Bars'}, one bar a token: {'; '.join(said)}."
