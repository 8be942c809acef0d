"""Batches: every row once, little padding, sets in turn."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings, strategies as st

from minbert.data.batching import length_bucketed, pad_batch, round_robin, within_budget

lengths = st.lists(st.integers(1, 60), max_size=120)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@settings(deadline=None, max_examples=60)
@given(lengths, st.integers(1, 20), st.integers(0, 9))
def test_by_count_every_row_occurs_once(values: list[int], size: int, seed: int) -> None:
    batches = length_bucketed(values, generator(seed), batch_size=size, pool_batches=3)
    assert sorted(row for batch in batches for row in batch) == list(range(len(values)))
    assert all(1 <= len(batch) <= size for batch in batches)
    # Only the last batch of the last pool may be short.
    assert sum(len(batch) < size for batch in batches) <= 1


@settings(deadline=None, max_examples=60)
@given(lengths, st.integers(1, 200))
def test_within_a_budget_every_row_occurs_once(values: list[int], budget: int) -> None:
    by_length = sorted(range(len(values)), key=values.__getitem__)
    batches = within_budget(by_length, values, budget)
    assert [row for batch in batches for row in batch] == by_length
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(values[row] for row in batch) <= budget


def test_a_seed_gives_the_same_batches_and_another_gives_others() -> None:
    values = list(range(1, 100))
    first = length_bucketed(values, generator(1), batch_size=8)
    assert first == length_bucketed(values, generator(1), batch_size=8)
    assert first != length_bucketed(values, generator(2), batch_size=8)


def test_bucketing_pads_less_than_chance() -> None:
    draw = generator()
    values = torch.randint(5, 60, (2000,), generator=draw).tolist()

    def padded(batches: list[list[int]]) -> int:
        return sum(len(batch) * max(values[row] for row in batch) for batch in batches)

    random = torch.randperm(2000, generator=draw).split(8)
    bucketed = padded(length_bucketed(values, draw, batch_size=8))
    assert bucketed < 1.1 * sum(values)
    assert bucketed < 0.8 * padded([batch.tolist() for batch in random])


@pytest.mark.parametrize("size", [0, -1])
def test_wrong_sizes(size: int) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        length_bucketed([1, 2], generator(), size)


def test_round_robin_goes_on_until_all_are_exhausted() -> None:
    assert list(round_robin("abcd", "x", "12")) == [
        (0, "a"), (1, "x"), (2, "1"), (0, "b"), (2, "2"), (0, "c"), (0, "d"),
    ]  # fmt: skip
    assert list(round_robin()) == []


def test_within_budget_keeps_the_order() -> None:
    assert within_budget([0, 1, 2, 3], [1, 2, 2, 9], 4) == [[0, 1], [2], [3]]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(1, 99), max_size=9), max_size=6))
def test_padding(rows: list[list[int]]) -> None:
    ids, mask = pad_batch(rows, pad_id=0)
    width = max(map(len, rows), default=0)
    assert ids.shape == mask.shape == (len(rows), width)
    assert ids.dtype == mask.dtype == torch.int64
    for row, line, real in zip(rows, ids.tolist(), mask.tolist(), strict=True):
        assert line == row + [0] * (width - len(row))
        assert real == [1] * len(row) + [0] * (width - len(row))
