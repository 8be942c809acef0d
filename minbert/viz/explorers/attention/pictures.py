"""Pictures and tables of attention, with the sentences that say what is in them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minbert.analysis.attention import attention_received
from minbert.viz.explorers.attention.compute import Attention, Dependence, head_habits, mean_entropy
from minbert.viz.explorers.attention.draw import (
    THINNEST,
    HeadNumbers,
    TokenMeasure,
    attention_mosaic,
    head_maps,
    measure_bars,
    weight_lines,
    weight_matrix,
)
from minbert.viz.table import Table
from minbert.viz.text import drawable, plain, shorten


def draw_all_heads(attention: Attention, most: int) -> tuple[Figure, str]:
    """Small maps of all heads, and which head does what most.

    Args:
        attention: of one text.
        most: tokens that are drawn; the means are over all.
    """
    layers, heads = attention.weights.shape[:2]
    said = [
        f"{_to(name)} in {_place(values, values.argmax())} ({values.max():z.2f})"
        for name, values in head_habits(attention).items()
    ]
    return attention_mosaic(attention.weights[..., :most, :most]), (
        f"{layers * heads} small heat maps, one a layer and head, of the attention among "
        f"{len(attention.tokens)} tokens; rows attend, columns get the weight. The most weight "
        f"that goes, on average, {'; '.join(said)}."
    )


def all_heads_table(attention: Attention) -> Table:
    """Where the weight of each head goes, the mean over the tokens that attend."""
    habits = head_habits(attention)
    rows = [
        [layer, head, *(f"{values[layer, head]:z.2f}" for values in habits.values())]
        for layer, head in np.ndindex(attention.weights.shape[:2])
    ]
    return Table(["layer", "head", *habits], rows, "Share of a head's weight that goes to")


def draw_head_by_head(
    attention: Attention, dependence: Dependence | None = None
) -> tuple[Figure, str]:
    """Entropy of each head and, with `dependence`, how the cosine changes without the head."""
    entropies, most = mean_entropy(attention.weights), math.log(len(attention.tokens))
    maps = [HeadNumbers("entropy (nats)", entropies, (0.0, max(most, 1e-9)))]
    alt = (
        f"Mean entropy of the rows: from {entropies.min():z.2f} nats, the most selective head, "
        f"{_place(entropies, entropies.argmin())}, to {entropies.max():z.2f}, "
        f"{_place(entropies, entropies.argmax())}; at most ln({len(attention.tokens)}) = "
        f"{most:z.2f}."
    )
    if dependence is not None:
        changes = dependence.heads
        largest = np.abs(changes).argmax()
        limit = max(float(np.abs(changes).max()), 1e-9)
        maps.append(HeadNumbers("change of cosine without it", changes, (-limit, limit), 3))
        alt += (
            f" The cosine, {dependence.cosine:z.3f}, changes most without "
            f"{_place(changes, largest)}: by {changes.flat[largest]:+z.3f}."
        )
    return head_maps(maps), alt


def head_by_head_table(attention: Attention, dependence: Dependence | None = None) -> Table:
    """The numbers of `draw_head_by_head`."""
    entropies, header = mean_entropy(attention.weights), ["layer", "head", "entropy (nats)"]
    rows = [[layer, head, f"{value:z.2f}"] for (layer, head), value in np.ndenumerate(entropies)]
    if dependence is not None:
        header += ["cosine without it", "change"]
        for row, change in zip(rows, dependence.heads.flat, strict=True):
            row += [f"{dependence.cosine + change:z.3f}", f"{change:+z.3f}"]
    return Table(header, rows, f"Entropy is at most {math.log(len(attention.tokens)):z.2f} nats")


def draw_detail(
    weights: Float[np.ndarray, "seq seq"],
    attention: Attention,
    title: str,
    lines: bool = False,
    row: int | None = None,
    most: int = 40,
) -> tuple[Axes, str]:
    """One matrix of weights as cells, or as lines between tokens.

    Args:
        weights: rows sum to 1.
        attention: whose tokens name rows and columns.
        title: what the weights are.
        lines: instead of cells.
        row: a token whose weights are brought out and said.
        most: tokens that are drawn.
    """
    tokens = attention.tokens
    draw = weight_lines if lines else weight_matrix
    axes = draw(weights[:most, :most], [_label(token) for token in tokens[:most]], row)
    query, key = np.unravel_index(int(weights.argmax()), weights.shape)
    kind = (
        f"lines from tokens that attend (left) to those that get the weight (right), the wider "
        f"and darker the more; weights below {THINNEST} are left out"
        if lines
        else "heat map, rows attend, columns get the weight"
    )
    alt = (
        f"{title}: {kind}. The largest of {len(tokens)} by {len(tokens)} weights, "
        f"{weights[query, key]:.2f}, goes from {_quoted(tokens[query])} to {_quoted(tokens[key])}; "
        f"mean entropy {mean_entropy(weights):z.2f} of at most "
        f"{math.log(len(tokens)):z.2f} nats."
    )
    if row is not None:
        largest = np.argsort(-weights[row], kind="stable")[:3]
        shares = ", ".join(f"{_quoted(tokens[key])} {weights[row, key]:z.2f}" for key in largest)
        alt += (
            f" The largest weights of {_quoted(tokens[row])} (position "
            f"{attention.positions[row]}) are on {shares}."
        )
    return axes, alt


def detail_table(
    weights: Float[np.ndarray, "seq seq"], tokens: Sequence[str], most: int = 40
) -> Table:
    """All weights that are drawn."""
    names = [plain(token) for token in tokens[:most]]
    cells = [[f"{value:z.2f}" for value in row] for row in weights[:most, :most]]
    rows = [[name, *row] for name, row in zip(names, cells, strict=True)]
    return Table(["attending token", *names], rows, "Weight on")


def token_measures(
    attention: Attention, dependence: Dependence, layer: int, head: int
) -> dict[str, Float[np.ndarray, " seq"]]:
    """What each token gets, and what the cosine does without it; only tokens that are shown."""
    shown = list(attention.positions)
    return {
        "this head": attention.weights[layer, head].mean(axis=0),
        "all heads": attention_received(attention.weights),
        "rollout": attention.rollouts[-1].mean(axis=0),
        "[MASK]": dependence.masked[shown],
        "hidden": dependence.hidden[shown],
        "gradient": dependence.gradient[shown],
    }


def draw_tokens(
    attention: Attention, dependence: Dependence, layer: int, head: int
) -> tuple[Axes, str]:
    """Weights a token gets, above the changes of the cosine without it, and the gradient.

    Args:
        attention, dependence: of the same text.
        layer, head: whose weights are shown; its own ablation is a dashed line.
    """
    measures = token_measures(attention, dependence, layer, head)
    change = float(dependence.heads[layer, head])
    weights = (0.0, 1.05 * max(float(measures[name].max()) for name in list(measures)[:3]))
    changes = np.concatenate([measures["[MASK]"], measures["hidden"], [change, 0.0]])
    room = 0.03 * max(float(np.ptp(changes)), 1e-6)
    limits = (float(changes.min()) - room, float(changes.max()) + room)
    here = f"layer {layer}, head {head}"
    rows = [
        TokenMeasure(f"weight the token gets from {here}", measures["this head"], weights),
        TokenMeasure("weight from all heads, mean", measures["all heads"], weights),
        TokenMeasure("weight by rollout", measures["rollout"], weights),
        TokenMeasure(
            f"[MASK]: change of cosine (dashed: without {here})",
            measures["[MASK]"],
            limits,
            change,
        ),
        TokenMeasure(
            f"hidden: change of cosine (dashed: without {here})",
            measures["hidden"],
            limits,
            change,
        ),
        TokenMeasure(
            "gradient: steepness of the cosine",
            measures["gradient"],
            (0.0, max(1.05 * float(measures["gradient"].max()), 1e-9)),
        ),
    ]
    tokens = [_quoted(token) for token in attention.tokens]

    def top(name: str, sign: str = "") -> str:
        values = measures[name]
        place = int(np.abs(values).argmax())
        return f"{tokens[place]} ({format(values[place], sign + 'z.3f')})"

    alt = (
        f"Cosine {dependence.cosine:z.3f}; without {here} {dependence.cosine + change:z.3f} "
        f"({change:+z.3f}). Most weight of this head goes to {top('this head')}, of all heads to "
        f"{top('all heads')}, by rollout to {top('rollout')}. The cosine changes most when "
        f"{top('[MASK]', '+')} becomes [MASK] and when {top('hidden', '+')} is hidden; it is "
        f"steepest at {top('gradient')}."
    )
    return measure_bars(rows, [_label(token) for token in attention.tokens]), alt


def tokens_table(attention: Attention, dependence: Dependence, layer: int, head: int) -> Table:
    """The numbers of `draw_tokens`."""
    measures = token_measures(attention, dependence, layer, head)
    signs = {"[MASK]": "+z.3f", "hidden": "+z.3f"}
    rows = [
        [
            position,
            plain(token),
            *(format(values[place], signs.get(name, ".3f")) for name, values in measures.items()),
        ]
        for place, (position, token) in enumerate(
            zip(attention.positions, attention.tokens, strict=True)
        )
    ]
    return Table(
        ["position", "token", *measures],
        rows,
        "Weight the token gets, change of the cosine without it, gradient",
    )


def _place(values: Float[np.ndarray, "layer head"], number: int | np.integer) -> str:
    layer, head = np.unravel_index(int(number), values.shape)
    return f"layer {layer}, head {head}"


def _to(habit: str) -> str:
    return (
        f"to the {habit}"
        if habit.endswith(("token", "sentence"))
        else ("to the token itself" if habit == "itself" else f"to {habit}")
    )


def _quoted(token: str) -> str:
    return f"“{plain(token, 24)}”"


def _label(token: str) -> str:
    return shorten(drawable(token, 12), 16)
