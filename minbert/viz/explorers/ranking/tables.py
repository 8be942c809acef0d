"""The numbers of a batch in tables, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minbert.analysis.ranking import largest_probability
from minbert.viz.explorers.ranking.compute import RankedBatch
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


def cells_table(batch: RankedBatch, shown: str) -> Table:
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
        [
            f"a{i + 1} with b{j + 1}",
            f"{batch.cosines[i, j]:z.2f}",
            two_digits(means[i, j]),
            two_digits(batch.gradient[i, j], "+"),
            _mark(batch, i, j, in_words=True),
        ]
        for i, j in listed
    ]
    caption = f"The {MOST_CELLS} cells that are pushed most, and all that say the same"
    return Table(["cell", "cosine", "probability", "gradient", ""], rows, caption)


def pairs_table(batch: RankedBatch) -> Table:
    """What each pair pays, and why."""
    rivals = np.where(batch.push > 0, batch.cosines.round(7), -np.inf)
    rows = []
    for i, hardest in enumerate(rivals.argmax(axis=1)):
        there = (
            f"b{hardest + 1}, {batch.cosines[i, hardest]:z.2f}" if batch.push[i].any() else "none"
        )
        rows.append(
            [
                i + 1,
                f"{batch.cosines[i, i]:z.2f}",
                two_digits(batch.probabilities[i, i]),
                f"{batch.losses[i]:z.2f}",
                batch.ranks[i],
                there,
            ]
        )
    header = ["pair", "cosine of partner", "probability", "loss, nats", "rank", "hardest negative"]
    return Table(header, rows)


def row_table(batch: RankedBatch, row: int, second: Sequence[str]) -> Table:
    """The partner of one row, the negatives that are pushed most, and what is masked."""
    order = [int(j) for j in np.argsort(-batch.push[row].round(7), kind="stable")]
    pushed = [j for j in order if batch.push[row, j] > 0][:MOST_PUSHED]
    masked = np.flatnonzero(batch.masked[row])[:MOST_PUSHED].tolist()
    both = batch.backward is not None
    rows = []
    for j in [row, *pushed, *masked]:
        what = "partner" if j == row else _mark(batch, row, j, in_words=True)
        rows.append(
            [
                f"b{j + 1}",
                plain(second[j]),
                f"{batch.cosines[row, j]:z.2f}",
                two_digits(batch.probabilities[row, j]),
                *([two_digits(batch.backward[row, j])] if both else []),
                two_digits(batch.gradient[row, j], "+"),
                what,
            ]
        )
    back = ["other direction"] if both else []
    return Table(["", "second sentence", "cosine", "probability", *back, "gradient", ""], rows)


def _number(value: float, shown: str) -> str:
    if shown == "cosines":
        return f"{value:z.2f}"
    return two_digits(value, "+" if shown == "gradient per cell" else "")


def _mark(batch: RankedBatch, row: int, column: int, in_words: bool = False) -> str:
    if not batch.alike[row, column]:
        return ""
    if batch.masked[row, column]:
        return "says the same, masked" if in_words else " ×"
    return "says the same" if in_words else " ="


SHOWN = ("cosines", "probabilities", "gradient per cell")
"""What the cells of a batch can be looked at for."""
MOST_NAMED = 3
"""Couples of pairs that a sentence lists; picture and table have them all."""


def shown_values(batch: RankedBatch, shown: str) -> np.ndarray:
    """The numbers of the cells for one of `SHOWN`; a probability is the mean of what counts."""
    if shown == "cosines":
        return batch.cosines
    if shown == "gradient per cell":
        return batch.gradient
    if batch.backward is None:
        return batch.probabilities
    return (batch.probabilities + batch.backward) / 2


def two_digits(value: float, sign: str = "") -> str:
    """A probability or a gradient with two significant digits; what is tiny is called so."""
    if abs(value) < 1e-4:
        return "0" if value == 0 else "<0.0001"
    return f"{value:{sign}#.2g}".rstrip(".")


def setting(batch: RankedBatch) -> str:
    """Scale, temperature and direction."""
    ways = "one direction" if batch.backward is None else "mean of both directions"
    return f"scale {batch.scale:g} (temperature {1 / batch.scale:g}), {ways}"


def said_of_cells(batch: RankedBatch, shown: str) -> str:
    """What is to be seen on the diagonal and beside it, and which two are nearest to a mistake."""
    pairs, values = len(batch.cosines), shown_values(batch, shown)
    head = f"{shown.capitalize()} of a batch of {pairs} pairs, {setting(batch)}."
    return f"{head} {_said_of(batch, shown, values)} {said_of_alike(batch)}"


def _said_of(batch: RankedBatch, shown: str, values: np.ndarray) -> str:
    own = np.eye(len(values), dtype=bool)
    rivals = ~own & ~batch.masked
    if not rivals.any():
        return "All other pairs are masked: there are no negatives left."
    nearest = np.where(rivals, values.round(7), -np.inf).argmax()
    row, column = np.unravel_index(nearest, values.shape)
    there, partners = f"a{row + 1} with b{column + 1}", values[own].mean()
    if shown == "cosines":
        return (
            f"Mean on the diagonal, where the partners are: {partners:z.2f}; beside "
            f"it: {values[~own].mean():z.2f}. Nearest of different pairs: {there}, "
            f"{values[row, column]:z.2f}."
        )
    if shown == "probabilities":
        most = largest_probability(batch.scale, len(own))
        bound = "" if batch.masked.any() else f" (at this scale and size at most {most:z.2f})"
        return (
            f"A partner gets {two_digits(partners)} on average{bound}. The likeliest mistake: "
            f"{there}, {two_digits(values[row, column])}."
        )
    return (
        f"Partners are pulled together (negative, {two_digits(partners, '+')} on average), "
        f"all others pushed apart (positive). The largest push: {there}, "
        f"{two_digits(values[row, column], '+')}."
    )


def said_of_alike(batch: RankedBatch) -> str:
    """How many couples of pairs say the same, which, and what the loss does to them."""
    couples = batch.couples
    if not couples:
        return "No two of these pairs are known to say the same."
    named = "; ".join(f"{first + 1} and {second + 1}" for first, second in couples[:MOST_NAMED])
    more = "; …" if len(couples) > MOST_NAMED else ""
    verb = "couple of pairs says" if len(couples) == 1 else "couples of pairs say"
    done = (
        "are masked, so their gradient is zero"
        if batch.masked.any()
        else f"take {batch.push_on_alike:z.0%} of all push"
    )
    return (
        f"{len(couples)} {verb} the same ({named}{more}): {2 * len(couples)} cells, which {done}."
    )


def said_of_losses(batch: RankedBatch) -> str:
    """The loss beside what knowing nothing pays and what no batch goes below; who pays most."""
    pairs, worst = len(batch.losses), int(batch.losses.round(6).argmax())
    nothing = "fewer candidates where cells are masked" if batch.masked.any() else f"ln {pairs}"
    floor = (
        "with masked cells no closed form of the floor is known"
        if batch.floor is None
        else f"no batch goes below {batch.floor:z.2f}"
    )
    back = (
        ""
        if batch.backward is None
        else f", {(batch.ranks_backward == 1).sum()} in the other direction"
    )
    return (
        f"Loss {batch.loss:z.2f} nats, {setting(batch)}. Knowing nothing pays "
        f"{batch.indifference:z.2f} ({nothing}); {floor}. {(batch.ranks == 1).sum()} of {pairs} "
        f"partners rank first{back}. Pair {worst + 1} pays most, {batch.losses[worst]:z.2f} nats. "
        f"On average {batch.negatives_pushed.mean():z.1f} negatives share the push of a row."
    )


def said_of_row(batch: RankedBatch, row: int, sentences: Sequence[str]) -> str:
    """One row: who is the partner, where it ranks, and who takes most of the push.

    Args:
        batch: from `rank_batch`.
        row: from 0.
        sentences: the first sentence of this pair, then the second ones of all pairs.
    """
    first, *seconds = (plain(sentence, 100) for sentence in sentences)
    candidates = int((~batch.masked[row]).sum())
    said = (
        f"a{row + 1}, “{first}”, and its partner “{seconds[row]}”: cosine "
        f"{batch.cosines[row, row]:z.2f}, probability "
        f"{two_digits(batch.probabilities[row, row])}, rank "
        f"{batch.ranks[row]} of {candidates}. The pair pays {batch.losses[row]:z.2f} nats."
    )
    if candidates == 1:
        return f"{said} All other pairs are masked: nothing is pushed."
    push = batch.push[row]
    hardest = int(push.round(7).argmax())
    false = ", which says the same: a false negative" if batch.alike[row, hardest] else ""
    return (
        f"{said} Of the push {push[hardest] / push.sum():z.0%} goes to b{hardest + 1}, "
        f"“{seconds[hardest]}”{false}."
    )
