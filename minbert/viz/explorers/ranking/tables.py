"""The numbers of a batch of pairs under the ranking loss, as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minbert.viz.explorers.ranking.gradient import PushedBatch
from minbert.viz.explorers.ranking.words import shown_values, two_digits
from minbert.viz.table import Table
from minbert.viz.text import plain

LARGEST_MATRIX = 12
"""Pairs up to which the table is the whole matrix."""
MOST_CELLS = 12
"""Rows of the table of a larger batch, besides false negatives."""
MOST_PUSHED = 5
"""Negatives that the table of one row lists."""
MOST_ALIKE = 40
"""Cells of false negatives that the table of a larger batch lists."""


def cells_table(batch: PushedBatch, shown: str) -> Table:
    """The whole matrix of a small batch; of a larger one the cells that are pushed most."""
    values, pairs = shown_values(batch, shown), len(batch.cosines)
    if pairs <= LARGEST_MATRIX:
        cells = [
            [
                f"a{i + 1}",
                *(_number(values[i, j], shown) + _mark(batch, i, j) for j in range(pairs)),
            ]
            for i in range(pairs)
        ]
        caption = f"{shown.capitalize()}; = says the same, × masked"
        return Table([f"{'':2}", *(f"b{j + 1}" for j in range(pairs))], cells, caption)
    order = np.argsort(-batch.push.round(7), axis=None, kind="stable")[:MOST_CELLS]
    largest = [divmod(int(cell), pairs) for cell in order]
    couples = [cell for i, j in batch.couples for cell in ((i, j), (j, i))]
    listed = list(dict.fromkeys([*largest, *couples[:MOST_ALIKE]]))
    means = shown_values(batch, "probabilities")
    rows = [
        [f"a{i + 1} with b{j + 1}", f"{batch.cosines[i, j]:z.2f}", two_digits(means[i, j]),
         two_digits(batch.gradient[i, j], "+"), _mark(batch, i, j, in_words=True)]
        for i, j in listed
    ]  # fmt: skip
    caption = f"The {MOST_CELLS} cells that are pushed most, and all that say the same"
    return Table(["cell", "cosine", "probability", "gradient", ""], rows, caption)


def pairs_table(batch: PushedBatch) -> Table:
    """What each pair pays, and why."""
    rivals = np.where(batch.push > 0, batch.cosines.round(7), -np.inf)
    rows = []
    for i, hardest in enumerate(rivals.argmax(axis=1)):
        there = (
            f"b{hardest + 1}, {batch.cosines[i, hardest]:z.2f}" if batch.push[i].any() else "none"
        )
        rows.append(
            [i + 1, f"{batch.cosines[i, i]:z.2f}", two_digits(batch.probabilities[i, i]),
             f"{batch.losses[i]:z.2f}", batch.ranks[i], there]
        )  # fmt: skip
    header = ["pair", "cosine of partner", "probability", "loss, nats", "rank", "hardest negative"]
    return Table(header, rows)


def row_table(batch: PushedBatch, row: int, second: Sequence[str]) -> Table:
    """The partner of one row, the negatives that are pushed most, and what is masked."""
    order = [int(j) for j in np.argsort(-batch.push[row].round(7), kind="stable")]
    pushed = [j for j in order if batch.push[row, j] > 0][:MOST_PUSHED]
    masked = np.flatnonzero(batch.masked[row])[:MOST_PUSHED].tolist()
    both = batch.backward is not None
    rows = []
    for j in [row, *pushed, *masked]:
        what = "partner" if j == row else _mark(batch, row, j, in_words=True)
        rows.append(
            [f"b{j + 1}", plain(second[j]), f"{batch.cosines[row, j]:z.2f}",
             two_digits(batch.probabilities[row, j]),
             *([two_digits(batch.backward[row, j])] if both else []),
             two_digits(batch.gradient[row, j], "+"), what]
        )  # fmt: skip
    back = ["other direction"] if both else []
    return Table(["", "second sentence", "cosine", "probability", *back, "gradient", ""], rows)


def _number(value: float, shown: str) -> str:
    if shown == "cosines":
        return f"{value:z.2f}"
    return two_digits(value, "+" if shown == "gradient per cell" else "")


def _mark(batch: PushedBatch, row: int, column: int, in_words: bool = False) -> str:
    if not batch.alike[row, column]:
        return ""
    if batch.masked[row, column]:
        return "says the same, masked" if in_words else " ×"
    return "says the same" if in_words else " ="
