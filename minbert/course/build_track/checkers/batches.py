"""Piece 9: what batches must be, and what people write instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from minbert.course.build_track import seeding
from minbert.course.build_track.judging import Case, Checker, whole
from minbert.course.build_track.variants import Mistake
from minbert.course.checks.base import WrongAnswer

ROWS = ([5, 6, 7, 8], [9], [4, 4])


def _lengths() -> list[int]:
    return whole(21, 3, 40, 103).tolist()


def _bucketed(pieces: Any, lengths: Sequence[int], size: int, seed: int, pool: int = 50) -> Any:
    found = pieces.length_bucketed(lengths, size, seeding.generator(seed), pool)
    if not isinstance(found, list) or not all(isinstance(batch, list) for batch in found):
        raise WrongAnswer("length_bucketed must give a list of lists of row numbers")
    return found


def _every_row(pieces: Any) -> list[int]:
    return sorted(row for batch in _bucketed(pieces, _lengths(), 8, 1, 2) for row in batch)


def _sizes(pieces: Any) -> list[int]:
    return sorted(len(batch) for batch in _bucketed(pieces, _lengths(), 8, 1))


def _spans(pieces: Any, pool: int) -> bool:
    """Whether no batch overlaps another one in its lengths, ends apart."""
    lengths = _lengths()
    batches = _bucketed(pieces, lengths, 8, 2, pool)
    spans = sorted(
        [min(lengths[row] for row in batch), max(lengths[row] for row in batch)]
        for batch in batches
    )
    return all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))


def _in_random_order(pieces: Any) -> bool:
    lengths = _lengths()
    shortest = [min(lengths[row] for row in batch) for batch in _bucketed(pieces, lengths, 8, 3)]
    return shortest != sorted(shortest) and shortest != sorted(shortest, reverse=True)


def _follows_seed(pieces: Any) -> tuple[bool, bool]:
    first, again, other = (_bucketed(pieces, _lengths(), 8, seed, 2) for seed in (4, 4, 5))
    return first == again, first != other


def _company_changes(pieces: Any) -> bool:
    """Another epoch puts other rows together."""
    first, other = (
        {tuple(sorted(batch)) for batch in _bucketed(pieces, _lengths(), 8, seed, 3)}
        for seed in (6, 7)
    )
    return len(first & other) < len(first) / 2


def _in_turn(pieces: Any, *sources: Sequence[Any]) -> list[Any]:
    return list(pieces.round_robin(*sources))


def _from_iterators(pieces: Any) -> list[Any]:
    return list(pieces.round_robin(iter("abc"), (letter for letter in "x")))


CASES = (
    Case("rows of 4, 1 and 2", lambda pieces: pieces.pad_batch(ROWS, 0), "three rows"),
    Case("another id of padding", lambda pieces: pieces.pad_batch(ROWS[1:], 11), "two rows"),
    Case("one row", lambda pieces: pieces.pad_batch([[3, 2]], 0), "one row"),
    Case(
        "ids and mask are whole numbers",
        lambda pieces: [part.dtype == torch.long for part in pieces.pad_batch(ROWS, 0)],
    ),
    Case("every row is in one batch", _every_row, "103 lengths, batches of 8, pools of 16"),
    Case("sizes of the batches", _sizes, "103 lengths, batches of 8"),
    Case("rows of one batch have similar lengths", lambda pieces: _spans(pieces, 50)),
    Case("rows are sorted inside their pool only", lambda pieces: _spans(pieces, 1)),
    Case("batches are in random order", _in_random_order),
    Case("the same generator gives the same batches, another one does not", _follows_seed),
    Case("another epoch puts other rows together", _company_changes),
    Case("three sources of unequal size", lambda pieces: _in_turn(pieces, "abcd", "x", "pq")),
    Case("one source is empty", lambda pieces: _in_turn(pieces, "ab", "", "pqr")),
    Case("iterators as sources", _from_iterators),
)

FILL = "list(row) + [pad_id] * (width - len(row))"
ONES = "[1] * len(row) + [0] * (width - len(row))"
LEFT = (
    (FILL, "[pad_id] * (width - len(row)) + list(row)"),
    (ONES, "[0] * (width - len(row)) + [1] * len(row)"),
)
ORDER = "order = torch.randperm(len(lengths), generator=generator).tolist()"
SORTED = "sorted(order[start : start + pool], key=lambda row: lengths[row])"
DROPPED = "                del running[number]\n                continue"
YIELD = "            yield number, item"
OWN = "generator=torch.Generator().manual_seed(0)"
MISTAKES = (
    Mistake("padding stands on the left: fill rows on the right", LEFT),
    Mistake(
        "the mask is upside down: 1 on words, 0 on padding",
        ((ONES, "[0] * len(row) + [1] * (width - len(row))"),),
    ),
    Mistake(
        "rows are filled with 0: take the id of padding", ((FILL, FILL.replace("[pad_id]", "[0]")),)
    ),
    Mistake("the mask is 1 everywhere", ((ONES, "[1] * width"),)),
    Mistake(
        "every row gets one padding more than it needs: the longest row needs none",
        (("width = max(len(row) for row in ids)", "width = max(len(row) for row in ids) + 1"),),
    ),
    Mistake(
        "the mask is of another kind: whole numbers (torch.long) are asked for",
        (("torch.tensor(mask)", "torch.tensor(mask).bool()"),),
    ),
    Mistake(
        "the last, smaller batch is left out: its rows are never seen",
        (("range(0, len(rows), batch_size)", "range(0, len(rows) - batch_size + 1, batch_size)"),),
    ),
    Mistake(
        "rows are not sorted by length: much of each batch is padding",
        ((SORTED, "order[start : start + pool]"),),
    ),
    Mistake(
        "batches go from short to long rows: shuffle them in the end",
        (("return [batches[number] for number in shuffled]", "return batches"),),
    ),
    Mistake(
        "rows are not shuffled first: every epoch puts the same rows together",
        ((ORDER, "order = list(range(len(lengths)))"),),
    ),
    Mistake(
        "all rows are sorted at once: sort inside pools, or every epoch has the same batches",
        (("pool = batch_size * pool_batches", "pool = len(order)"),),
    ),
    Mistake(
        "the rows are shuffled without the generator: no run can be repeated",
        ((ORDER, "order = torch.randperm(len(lengths)).tolist()"),),
    ),
    Mistake(
        "a generator made inside is used: every epoch has the same batches",
        (
            (ORDER, ORDER.replace("generator=generator", OWN)),
            ("len(batches), generator=generator", f"len(batches), {OWN}"),
        ),
    ),
    Mistake(
        "the batches hold lengths: they should hold row numbers",
        (
            (
                "batches.append(rows[at : at + batch_size])",
                "batches.append([lengths[row] for row in rows[at : at + batch_size]])",
            ),
        ),
    ),
    Mistake(
        "all turns end with the smallest source: only that one should drop out",
        ((DROPPED, "                return"),),
    ),
    Mistake(
        "one source comes after the other: they should take turns",
        ((YIELD, f"{YIELD}\n            yield from ((number, one) for one in running[number])"),),
    ),
    Mistake(
        "the number of the source is missing: give (number, item)",
        ((YIELD, "            yield item"),),
    ),
)

check = Checker(9, CASES, MISTAKES, "little padding, no row lost, every data set has its turn.")
