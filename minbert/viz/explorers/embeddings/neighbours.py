"""The nearest sentences of one: computed in the full space, and held against what a map shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from minbert.analysis.geometry import anisotropy
from minbert.analysis.neighbours import nearest
from minbert.viz.explorers.embeddings.labelled_sentences import LabelledSentences
from minbert.viz.plots.points import group_style
from minbert.viz.style import REFERENCE, new_axes, tidy
from minbert.viz.table import Table
from minbert.viz.text import drawable, plain

MOST_COMPARED = 1_000
"""Vectors from which random pairs are drawn."""


@dataclass(frozen=True)
class Nearest:
    """Neighbours of one sentence, nearest first."""

    row: int
    rows: tuple[int, ...]
    cosines: tuple[float, ...]


def compute_nearest(vectors: np.ndarray, row: int, k: int) -> Nearest:
    """The k nearest of one sentence by cosine in the full space.

    Args:
        vectors: (sentence, hidden).
        row: whose.
        k: how many, fewer than there are sentences.
    """
    found = nearest(vectors, k, [row])
    return Nearest(row, tuple(found.rows[0].tolist()), tuple(found.cosines[0].tolist()))


def compute_random(vectors: np.ndarray, seed: int = 0) -> float | None:
    """Mean cosine of random pairs among at most `MOST_COMPARED`; None if there is no direction."""
    some = vectors[np.random.default_rng(seed).permutation(len(vectors))[:MOST_COMPARED]]
    kept = some[np.abs(some).max(axis=1) > 0]
    return anisotropy(kept, seed) if len(kept) > 1 else None


def draw_nearest(
    near: Nearest, sentences: Sequence[str], groups: np.ndarray, random: float | None
) -> Axes:
    """One bar a neighbour, as long as its cosine, with its sentence.

    Args:
        near: whom to draw.
        sentences: all of them.
        groups: number of each sentence's group, for the colour.
        random: mean cosine of random pairs, drawn as a line.
    """
    axes = tidy(new_axes(7.6, 0.9 + 0.27 * len(near.rows)))
    axes.grid(visible=False)
    start = min(0.0, *near.cosines)
    for place, (row, cosine) in enumerate(zip(near.rows, near.cosines, strict=True)):
        axes.barh(place, cosine, color=group_style(int(groups[row]))[0], alpha=0.4, height=0.8)
        said = f"{cosine:z.2f}  {drawable(sentences[row], 72)}"
        axes.text(start + 0.01, place, said, va="center", fontsize=9)
    if random is not None:
        axes.axvline(random, color=REFERENCE, linestyle="--", linewidth=1.2)
    axes.set_xlim(start, 1.0)
    axes.set_yticks([])
    axes.invert_yaxis()
    axes.set_xlabel("cosine; dashed: mean of random pairs")
    return axes


def describe_nearest(
    near: Nearest,
    data: LabelledSentences,
    stage: str,
    random: float | None,
    ranks: Sequence[int],
    column: str | None,
) -> str:
    """What the bars show, and how it agrees with the map.

    Args:
        near, random: as drawn.
        data: of which the sentences are.
        stage: whose vectors they are.
        ranks: of the neighbours on the map, 1 for the nearest there; empty without a map.
        column: of labels, to say how many neighbours share the sentence's own.
    """
    k, sentences = len(near.rows), data.sentences
    first, last = near.rows[0], near.rows[-1]
    said = (
        f"Nearest to point {near.row}, “{plain(sentences[near.row])}”, in all "
        f"{data.vectors[stage].shape[1]} dimensions of {stage}: from “{plain(sentences[first])}” "
        f"({near.cosines[0]:z.2f})"
    )
    if k > 1:
        said += f" to “{plain(sentences[last])}” ({near.cosines[-1]:z.2f})"
    said += f"; random pairs have {random:z.2f} on average." if random is not None else "."
    if ranks:
        close = sum(rank <= k for rank in ranks)
        said += f" {close} of these {k} are among its {k} nearest on the map."
    if column is not None:
        labels = data.columns[column]
        same = sum(labels[row] == labels[near.row] for row in near.rows)
        said += f" {same} of {k} share its {plain(column, 30)} ({plain(labels[near.row], 30)})."
    return said


def nearest_table(near: Nearest, data: LabelledSentences, ranks: Sequence[int]) -> Table:
    """The sentence itself and its neighbours, with ranks on the map and all labels."""
    columns: Mapping[str, Sequence[str]] = data.columns

    def line(cosine: str, rank: str, row: int) -> list[str]:
        labels = [plain(values[row], 30) for values in columns.values()]
        return [cosine, rank, str(row), *labels, plain(data.sentences[row], 120)]

    rows = [line("itself", "", near.row)]
    for at, (row, cosine) in enumerate(zip(near.rows, near.cosines, strict=True)):
        rows.append(line(f"{cosine:z.3f}", str(ranks[at]) if ranks else "", row))
    titles = [plain(title, 30) for title in columns]
    return Table(["cosine", "rank on the map", "point", *titles, "sentence"], rows)
