"""Clusters of duplicates, and the birthday problem."""

from __future__ import annotations

from itertools import combinations

import pytest

from minbert.analysis.ranking import (
    chance_of_false_negative,
    duplicate_clusters,
    sampled_chance,
)
from minbert.data.examples import PairExample


def pair(first: str, second: str, label: float) -> PairExample:
    return PairExample(f"{first}{second}", first, second, label)


def test_duplicates_of_duplicates_are_one_cluster() -> None:
    clusters = duplicate_clusters(
        [pair("A", "B", 1.0), pair("C", "D", 1.0), pair("B", "E", 1.0), pair("E", "C", 0.0),
         pair("F", "D", 1.0)]
    )  # fmt: skip
    assert clusters["A"] == clusters["B"] == clusters["E"] == 0
    assert clusters["C"] == clusters["D"] == clusters["F"] == 1


def test_a_label_of_zero_joins_nothing() -> None:
    clusters = duplicate_clusters([pair("A", "B", 0.0), pair("A", "A", 1.0)])
    assert clusters == {"A": 0, "B": 1}


def test_a_long_chain_does_not_recurse() -> None:
    chain = [pair(str(n), str(n + 1), 1.0) for n in range(5000)]
    assert set(duplicate_clusters(chain[::-1]).values()) == {0}


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 5, 6])
def test_the_formula_counts_batches(batch_size: int) -> None:
    clusters = list("aaabbc")
    batches = list(combinations(range(6), batch_size))
    hits = sum(len({clusters[i] for i in batch}) < batch_size for batch in batches)
    assert chance_of_false_negative(clusters, batch_size) == pytest.approx(hits / len(batches))


def test_birthdays() -> None:
    people = [day for day in range(365) for _ in range(200)]
    assert chance_of_false_negative(people, 23) == pytest.approx(0.507, abs=0.005)
    assert chance_of_false_negative(range(365), 23) == pytest.approx(0.0, abs=1e-9)


def test_sampling_agrees_and_repeats() -> None:
    clusters = [n // 3 for n in range(300)]
    exact = chance_of_false_negative(clusters, 10)
    assert sampled_chance(clusters, 10, draws=3000) == pytest.approx(exact, abs=0.04)
    assert sampled_chance(clusters, 10, draws=50) == sampled_chance(clusters, 10, draws=50)


@pytest.mark.parametrize("batch_size", [0, 7])
def test_impossible_batches_are_refused(batch_size: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 6"):
        chance_of_false_negative(list("aaabbc"), batch_size)
