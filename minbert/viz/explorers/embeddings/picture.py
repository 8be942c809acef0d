"""A map of sentences as a picture, in words, and as numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from minbert.viz.explorers.embeddings.labelled_sentences import Groups
from minbert.viz.explorers.embeddings.map import SentenceMap
from minbert.viz.explorers.embeddings.neighbours import Nearest
from minbert.viz.plots.points import marked_point_map
from minbert.viz.table import Table
from minbert.viz.text import drawable, plain

MOST_LISTED = 20
"""Found sentences that stand in the table; all of them are marked on the map."""


def draw_map(placed: SentenceMap, groups: Groups, near: Nearest, found: Sequence[int]) -> Axes:
    """Points with the chosen one ringed, lines to its neighbours, black edges around found ones."""
    names = [drawable(name) for name in groups.names]
    labels = [names[number] for number in groups.of]
    along, up = (drawable(name, 60) for name in placed.axes)
    return marked_point_map(
        placed.positions, labels, near.row, near.rows, found, (along, up), names
    )[0]


def describe_map(
    placed: SentenceMap, groups: Groups, near: Nearest, found: Sequence[int], text: str, by: str
) -> str:
    """What is to be seen on it.

    Args:
        placed, groups, near, found: as drawn.
        text: what was searched for.
        by: title of the column that gives the colours; may be empty.
    """
    counts = [
        f"{name} ({count:,})" for name, count in zip(groups.names, groups.counts, strict=True)
    ]
    shown = ", ".join(counts[:7]) + (f" and {len(counts) - 7} groups more" if counts[7:] else "")
    coloured = f", coloured by {plain(by, 30)}" if by else ""
    edges = f" Black edges mark those that contain “{plain(text, 40)}”: {len(found):,}."
    return (
        f"{len(groups.of):,} sentences{coloured}: {shown}. {placed.said}"
        f"{edges if text.strip() else ''} The ring is point {near.row}; lines lead to its "
        f"{len(near.rows)} nearest in the full space."
    )


def map_table(
    placed: SentenceMap,
    groups: Groups,
    near: Nearest,
    found: Sequence[int],
    sentences: Sequence[str],
) -> Table:
    """Centres of the groups; the chosen sentence; the first `MOST_LISTED` found ones."""
    is_found = np.zeros(len(sentences), dtype=bool)
    is_found[np.asarray(found, dtype=int)] = True

    def place(position: np.ndarray) -> list[str]:
        return [f"{value:z.2f}" for value in position]

    rows = [
        [
            f"centre of {name}", *place(placed.positions[groups.of == number].mean(axis=0)),
            f"{count:,} sentences, {is_found[groups.of == number].sum():,} found",
        ]
        for number, (name, count) in enumerate(zip(groups.names, groups.counts, strict=True))
    ]  # fmt: skip
    for kind, listed in (("chosen", [near.row]), ("found", found[:MOST_LISTED])):
        rows += [
            [f"point {row} ({kind})", *place(placed.positions[row]), plain(sentences[row], 120)]
            for row in listed
        ]
    return Table(["what", *(plain(name, 60) for name in placed.axes), "sentence"], rows)
