"""Which rows go into a batch together, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from jaxtyping import Int
from torch import Tensor

Item = TypeVar("Item")


def length_bucketed(
    lengths: Sequence[int],
    generator: torch.Generator,
    batch_size: int,
    pool_batches: int = 50,
) -> list[list[int]]:
    """Batches of rows of similar length, so that little is padded, in random order.

    Rows are shuffled, cut into pools of about `pool_batches` batches, sorted by length inside
    each pool, and cut into batches, which are shuffled again. Every row occurs exactly once.

    Args:
        lengths: word pieces per row.
        generator: the only source of randomness.
        batch_size: rows per batch (the last batch of an epoch may be smaller).
        pool_batches: larger pools pad less and are less random.

    Raises:
        ValueError: `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    order = torch.randperm(len(lengths), generator=generator).tolist()
    pool = batch_size * pool_batches
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        rows = sorted(order[start : start + pool], key=lengths.__getitem__)
        batches += [rows[at : at + batch_size] for at in range(0, len(rows), batch_size)]
    shuffled = torch.randperm(len(batches), generator=generator).tolist()
    return [batches[index] for index in shuffled]


def budget_for(device: torch.device, precision: str = "fp32") -> int:
    """Padded word pieces per batch of a forward pass: what keeps a GPU busy, and a CPU's caches.

    On a CPU larger batches are slower, MiniLM at 8,192 by half, and take more memory; bf16, of
    half the size, has room for twice as many.
    """
    if device.type != "cpu":
        return 16384
    return 2048 if precision == "bf16" else 1024


def within_budget(
    rows: Sequence[int], lengths: Sequence[int], token_budget: int
) -> list[list[int]]:
    """Cut rows that are sorted by length, so that rows x longest stays within the budget."""
    batches: list[list[int]] = []
    for row in rows:
        if batches and lengths[row] * (len(batches[-1]) + 1) <= token_budget:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches


def length_groups(lengths: Sequence[int], groups: int) -> list[list[int]]:
    """Places of a batch's rows, the shortest first, cut into groups of about the same number.

    Each group is padded to its own longest row. A batch of pairs needs it: its pairs are alike in
    the longer sentence of each, and a third of what a model then reads is padding.

    Args:
        lengths: word pieces per row.
        groups: how many, at least 1; never more than there are rows.
    """
    places = sorted(range(len(lengths)), key=lengths.__getitem__)
    groups = max(1, min(groups, len(places)))
    edges = [len(places) * cut // groups for cut in range(groups + 1)]
    return [places[start:end] for start, end in pairwise(edges)]


def round_robin(*sources: Iterable[Item]) -> Iterator[tuple[int, Item]]:
    """One item of each source in turn; a source that is used up drops out until all are done.

    Yields (number of the source, item). Source: the paper, section 4.2.
    """
    running = {number: iter(source) for number, source in enumerate(sources)}
    while running:
        for number in list(running):
            try:
                yield number, next(running[number])
            except StopIteration:
                del running[number]


def pad_batch(
    ids: Sequence[Sequence[int]], pad_id: int
) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"]]:
    """Fill rows up to the longest one, on the right.

    Returns:
        The ids, and the attention mask: 1 on real tokens, 0 on padding.
    """
    width = max(map(len, ids), default=0)
    input_ids = torch.tensor([[*row, *[pad_id] * (width - len(row))] for row in ids])
    counts = torch.tensor([len(row) for row in ids])
    mask = (torch.arange(width)[None, :] < counts[:, None]).long()
    return input_ids.long().view(len(ids), width), mask
