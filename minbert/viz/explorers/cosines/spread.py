"""Pictures of cosines: how three kinds of pairs spread, in one space and from layer to layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minbert.analysis.layers import LayerVectors
from minbert.analysis.pair_cosines import DIFFERENT, RANDOM, SIMILAR, CosineSpread
from minbert.viz.explorers.ranking.draw import draw_cosines
from minbert.viz.plots.curves import curves
from minbert.viz.style import MARKERS, subplots
from minbert.viz.table import Table
from minbert.viz.text import drawable, plain

LEFT_END = -0.5
"""Of the axis of cosines, which ends at 1; where a cosine is below, the next quarter is."""
POOLER = "pooler"
MEASURES: dict[str, Callable[[CosineSpread], float]] = {
    "AUC, similar above different": lambda spread: spread.auc,
    "AUC, similar above random": lambda spread: spread.auc_random,
    "anisotropy": lambda spread: spread.anisotropy,
    "alignment": lambda spread: spread.alignment,
    "uniformity": lambda spread: spread.uniformity,
}
Ways = Mapping[str, Mapping[str, CosineSpread]]
"""Per stage, the spreads of `way` in their order."""


def way(vectors: LayerVectors, pooling: str) -> dict[str, Float[np.ndarray, "sentence hidden"]]:
    """What a pooling gives at each layer on the way, by name: `0` for the embeddings, `1`, …

    The pooler has nothing but the last layer: its way is that of [CLS], which it reads, and
    `pooler` at the end.
    """
    if pooling == POOLER:
        return {**way(vectors, "cls"), POOLER: vectors[POOLER][0]}
    return {str(layer): states for layer, states in enumerate(vectors[pooling])}


def number(value: float, digits: int = 3) -> str:
    """Rounded, without a minus before zero; a dash where there is no number."""
    return "–" if np.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}"


def draw_spreads(spreads: Mapping[str, CosineSpread]) -> tuple[Figure, str]:
    """One panel of outlines a space, all on the same axis.

    Args:
        spreads: by what the panel is to be called.

    Raises:
        ValueError: in none of the spaces is there a pair.
    """
    shown = {name: spread for name, spread in spreads.items() if spread.groups}
    if not shown:
        raise ValueError(
            "There is no cosine to be shown: fewer than two sentences have a vector of their own "
            "with a length above zero. [CLS] before the first layer, for one, is the same for all "
            "sentences, and nothing of it is left when the mean is subtracted."
        )
    groups = [spread.groups for spread in shown.values()]
    lowest = min(float(cosines.min()) for kinds in groups for cosines in kinds.values())
    left = max(-1.0, min(LEFT_END, np.floor(4 * lowest) / 4))
    titles = _labels(shown, limit=32)
    figure, _ = draw_cosines(dict(zip(titles, groups, strict=True)), limits=(left, 1.0))
    return figure, f"Distributions of cosines. {' '.join(map(_said, shown, shown.values()))}"


def _labels(names: Iterable[str], limit: int) -> list[str]:
    """Names as they can be drawn; numbered where cutting them made two of them the same."""
    cut = [drawable(name, limit) for name in names]
    return cut if len({*cut}) == len(cut) else [f"{n}: {name}" for n, name in enumerate(cut, 1)]


def _said(name: str, spread: CosineSpread) -> str:
    means = ", ".join(f"{group} {number(spread.mean(group), 2)}" for group in spread.groups)
    return (
        f"{plain(name)}: mean of {means}; AUC {number(spread.auc, 2)}, anisotropy "
        f"{number(spread.anisotropy, 2)}, alignment {number(spread.alignment, 2)}, uniformity "
        f"{number(spread.uniformity, 2)}."
    )


def spreads_table(spreads: Mapping[str, CosineSpread]) -> Table:
    """The numbers of each space in a column of its own."""
    rows = [
        [name, *(number(measure(spread)) for spread in spreads.values())]
        for name, measure in MEASURES.items()
    ]
    for group in (SIMILAR, DIFFERENT, RANDOM):
        counts = [len(spread.groups.get(group, ())) for spread in spreads.values()]
        rows.append([f"{group}: pairs", *counts])
        means = [number(spread.mean(group)) for spread in spreads.values()]
        rows.append([f"{group}: mean", *means])
        for name, share in (("5% quantile", 0.05), ("median", 0.5), ("95% quantile", 0.95)):
            values = [number(spread.quantile(group, share)) for spread in spreads.values()]
            rows.append([f"{group}: {name}", *values])
    return Table(["", *map(plain, spreads)], rows)


def draw_layers(ways: Ways) -> tuple[Figure, str]:
    """Anisotropy and AUC over the layers, one line a stage.

    Args:
        ways: stages may have different numbers of layers.

    Raises:
        ValueError: no stage has a number to be drawn.
    """
    figure, axes = subplots(1, 2, figsize=(7.8, 3.0), layout="none")
    left, right = axes[0]
    figure.subplots_adjust(left=0.05, right=0.99, bottom=0.16, top=0.91, wspace=0.13)
    steps = max(map(list, ways.values()), key=len)
    said = [
        _draw_measure(axes, ways, steps, title, measure, reference)
        for axes, title, measure, reference in (
            (left, "Anisotropy", lambda spread: spread.anisotropy, {}),
            (right, "AUC, similar above different", lambda spread: spread.auc, {"chance": 0.5}),
        )
    ]
    if not any(said):
        raise ValueError("There is no number to be shown: no layer has two vectors of any length.")
    return figure, " ".join(filter(None, said))


def _draw_measure(
    axes: Axes,
    ways: Ways,
    steps: list[str],
    title: str,
    measure: Callable[[CosineSpread], float],
    references: Mapping[str, float],
) -> str:
    lines, said = {}, []
    for label, (stage, spreads) in zip(_labels(ways, 24), ways.items(), strict=True):
        values = {step: measure(spread) for step, spread in spreads.items()}
        known = {step: value for step, value in values.items() if not np.isnan(value)}
        if known:
            lines[label] = ([steps.index(step) for step in known], list(known.values()))
            most, least = (choose(known, key=known.__getitem__) for choose in (max, min))
            said.append(
                f"{plain(stage)}: largest {_at(most, known)}, smallest {_at(least, known)}, at "
                f"the end {_at(next(reversed(known)), known)}"
            )
    if not said:
        axes.set_visible(False)
        return ""
    curves(lines, axes, title, "layer", "", references)
    for line, marker in zip(axes.lines[: len(lines)], MARKERS, strict=False):
        line.set_marker(marker)
    if len(lines) > 1:
        axes.legend(frameon=False, fontsize=8)
    axes.set_xticks(range(len(steps)), steps, fontsize=10 if len(steps) < 10 else 8)
    lowest = min(value for _, values in lines.values() for value in values)
    axes.set_ylim(min(0.0, lowest) - 0.05, 1.05)
    return f"{title}, by layer. {'; '.join(said)}."


def _at(step: str, values: Mapping[str, float]) -> str:
    place = f"the {step}" if step == POOLER else f"layer {step}"
    return f"{number(values[step], 2)} at {place}"


def layers_table(ways: Ways) -> Table:
    """Every number of every layer; layer 0 is the embeddings."""
    names = (SIMILAR, DIFFERENT)
    rows = [
        [
            plain(stage),
            step,
            *(number(spread.mean(name)) for name in names),
            *(number(measure(spread)) for measure in MEASURES.values()),
        ]
        for stage, spreads in ways.items()
        for step, spread in spreads.items()
    ]
    return Table(["stage", "layer", *(f"mean of {name}" for name in names), *MEASURES], rows)
