"""Attention weights: one head as a matrix, or all heads at a glance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minbert.viz.style import SEQUENTIAL, new_axes, subplots


def attention_map(
    weights: np.ndarray, tokens: Sequence[str], axes: Axes | None = None, title: str = ""
) -> tuple[Axes, str]:
    """One head: who (row) looks at whom (column).

    Args:
        weights: (seq, seq), each row sums to 1.
        tokens: names of rows and columns.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
    """
    weights = np.asarray(weights, dtype=float)
    if axes is None:
        side = 1.6 + 0.32 * len(tokens)
        axes = new_axes(min(side + 0.8, 7.5), min(side, 6.5))
    image = axes.imshow(weights, cmap=SEQUENTIAL, vmin=0.0, vmax=1.0)
    axes.set_xticks(range(len(tokens)), tokens, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(tokens)), tokens)
    axes.set_xlabel("attended token (key)")
    axes.set_ylabel("attending token (query)")
    axes.set_title(title)
    axes.figure.colorbar(image, ax=axes, label="weight", shrink=0.8)
    row, column = np.unravel_index(int(weights.argmax()), weights.shape)
    return axes, (
        f"{title or 'Attention of one head'}: heat map of {len(tokens)} by {len(tokens)} weights; "
        f"the largest, {weights[row, column]:z.2f}, goes from {tokens[row]} to {tokens[column]}."
    )


SMALLEST_PT = 4.5
"""Below this size of type a map's tokens are not written beside it."""


def attention_grid(attentions: np.ndarray, tokens: Sequence[str]) -> tuple[Figure, str]:
    """All heads of all layers as small maps, one row a layer, with one colour bar for all.

    The tokens are written at the left and at the bottom, where the maps are large enough for it.

    Args:
        attentions: (layer, head, seq, seq).
        tokens: of the text.
    """
    attentions = np.asarray(attentions, dtype=float)
    layers, heads = attentions.shape[:2]
    side = min(2.2, 9.6 / heads)
    type_pt = min(7.0, 0.8 * 72 * side / len(tokens))
    named = type_pt >= SMALLEST_PT
    margin = 0.7 if named else 0.0
    size = (side * heads + 1.2 + margin, side * layers + 0.7 + margin)
    figure, grid = subplots(layers, heads, figsize=size)
    for layer in range(layers):
        for head in range(heads):
            axes = grid[layer, head]
            image = axes.imshow(attentions[layer, head], cmap=SEQUENTIAL, vmin=0.0, vmax=1.0)
            axes.set_xticks([])
            axes.set_yticks([])
            if layer == 0:
                axes.set_title(f"head {head}", fontsize=8)
            if head == 0:
                axes.set_ylabel(f"layer {layer}", fontsize=8)
            if named and head == 0:
                axes.set_yticks(range(len(tokens)), tokens, fontsize=type_pt)
            if named and layer == layers - 1:
                axes.set_xticks(range(len(tokens)), tokens, fontsize=type_pt, rotation=90)
    figure.colorbar(image, ax=grid, label="weight", shrink=0.8)
    own = np.einsum("lhss->lh", attentions) / len(tokens)
    layer, head = np.unravel_index(int(own.argmax()), own.shape)
    return figure, (
        f"{layers} by {heads} small heat maps, one per layer and head, of the attention in a text "
        f"of {len(tokens)} tokens. Layer {layer}, head {head} looks at its own position most: "
        f"{own[layer, head]:z.2f} of the weight on average."
    )
