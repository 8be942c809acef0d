"""Ranking own pairs: no two of one cluster in a batch, and hard negatives that are felt."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.nn import functional as F

from minbert.losses import multiple_negatives_ranking
from minbert.pretrained import from_pretrained
from minbert.tasks import QUORA
from minbert.training.loop import History, RunContext
from minbert.training.mnrl import ranked_vectors
from minbert.training.pair_ranking import (
    RankedPairs,
    distinct_batches,
    pair_ranking_loss,
    ranked_pairs_of,
    train_pair_ranking,
)
from minbert.training.recipe import RECIPES, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows

RECIPE = replace(RECIPES["lab"], dropout=0.0)
CONTEXT = RunContext(torch.device("cpu"), "fp32", 0)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(3, 40)), max_size=120),
    st.integers(1, 16),
    st.integers(0, 9),
)
def test_no_batch_holds_two_of_one_cluster(rows: list, size: int, seed: int) -> None:
    clusters, lengths = [one for one, _ in rows], [length for _, length in rows]
    generator = torch.Generator().manual_seed(seed)
    batches = distinct_batches(clusters, lengths, size, generator)
    for batch in batches:
        numbers = [clusters[pair] for pair in batch]
        assert 1 <= len(batch) <= size and len(set(numbers)) == len(numbers)
    assert sorted(pair for batch in batches for pair in batch) == list(range(len(rows)))
    most = max(Counter(clusters).values(), default=0)
    assert len(batches) <= most + -(-len(rows) // size)


def vectors(count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 5, generator=generator, dtype=torch.float32).requires_grad_()


def none(count: int = 0) -> torch.Tensor:
    return torch.zeros(count, 5)


def numbers(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.long)


@pytest.mark.parametrize("symmetric", [False, True])
def test_without_hard_negatives_it_is_the_ranking_loss(symmetric: bool) -> None:
    first, second = vectors(4, 1), vectors(4, 2)
    loss = pair_ranking_loss(
        first, second, none(), numbers(0, 1, 2, 3), numbers(), scale=5.0, symmetric=symmetric
    )
    plain = multiple_negatives_ranking(first, second, scale=5.0, symmetric=symmetric)
    torch.testing.assert_close(loss, plain)


def test_hard_negatives_are_columns_of_the_softmax() -> None:
    first, second, hard = vectors(3, 1), vectors(3, 2), vectors(2, 3)
    loss = pair_ranking_loss(
        first, second, hard, numbers(0, 1, 2), numbers(7, 8), scale=4.0, symmetric=False
    )
    columns = torch.cat([second, hard])
    scores = 4 * F.normalize(first, dim=-1) @ F.normalize(columns, dim=-1).T
    torch.testing.assert_close(loss, F.cross_entropy(scores, torch.arange(3)))


def test_hard_negatives_get_their_gradient() -> None:
    first, second, hard = vectors(3, 1), vectors(3, 2), vectors(2, 3)
    loss = pair_ranking_loss(
        first, second, hard, numbers(0, 1, 2), numbers(7, 8), scale=4.0, symmetric=False
    )
    [found] = torch.autograd.grad(loss, [hard])
    columns = F.normalize(torch.cat([second, hard]), dim=-1)
    explicit = F.cross_entropy(4 * F.normalize(first, dim=-1) @ columns.T, torch.arange(3))
    torch.testing.assert_close(found, torch.autograd.grad(explicit, [hard])[0])
    assert found.norm() > 1e-2


@pytest.mark.parametrize("symmetric", [False, True])
def test_moving_a_hard_negative_alone_lowers_the_loss(symmetric: bool) -> None:
    first, second, hard = vectors(3, 1), vectors(3, 2), vectors(1, 3)

    def loss(moved: torch.Tensor) -> torch.Tensor:
        return pair_ranking_loss(
            first, second, moved, numbers(0, 1, 2), numbers(9), scale=5.0, symmetric=symmetric
        )

    before = loss(hard)
    [gradient] = torch.autograd.grad(before, [hard])
    assert loss(hard - 0.05 * gradient) < before - 1e-4


def test_a_negative_of_the_same_cluster_is_felt_by_the_others_alone() -> None:
    first, second, hard = vectors(2, 1), vectors(2, 2), vectors(1, 3)
    loss = pair_ranking_loss(
        first, second, hard, numbers(0, 1), numbers(0), scale=5.0, symmetric=False
    )
    a, b, h = (F.normalize(one, dim=-1) for one in (first, second, hard))
    scores = 5 * torch.cat([a @ b.T, a @ h.T], dim=1)
    scores[0, 2] = -torch.inf
    torch.testing.assert_close(loss, F.cross_entropy(scores, torch.arange(2)))


def quora_rows(pairs: list[tuple[int, int, int]]) -> TaskRows:
    first, second, labels = zip(*pairs, strict=True)
    ids = tuple(map(str, range(len(pairs))))
    return TaskRows(QUORA, ids, first, second, torch.tensor(labels).float())


def test_labelled_pairs_become_partners_and_hard_negatives() -> None:
    rows = quora_rows([(0, 1, 1), (1, 2, 1), (0, 3, 0), (4, 5, 0), (6, 7, 1)])
    found = ranked_pairs_of(rows, [8, None, None, None, None], RECIPE)
    assert (found.first, found.second) == ((0, 1, 6), (1, 2, 7))
    assert found.negatives == ((8, 3), (), ())
    same = found.clusters[[0, 1, 2]].unique()
    assert len(same) == 1 and len(found.clusters[[0, 3, 4, 5, 6]].unique()) == 5


def ranked(table: SentenceTable, count: int) -> RankedPairs:
    words = ("red", "green", "blue", "small", "old", "new", "warm", "cold")
    first = table.add(f"a {word} house" for word in words[:count])
    second = table.add(f"the house is {word}" for word in words[:count])
    hard = table.add(f"a {word} car" for word in words[:count])
    clusters = torch.arange(len(table)) + 100
    clusters[list(second)] = clusters[list(first)]
    return RankedPairs(first, second, tuple((row,) for row in hard), clusters)


def trained(negatives: bool = True) -> tuple[dict, History]:
    encoder, tokenizer = from_pretrained("tiny")
    table = SentenceTable(tokenizer)
    pairs = ranked(table, 8)
    if not negatives:
        pairs = replace(pairs, negatives=tuple(() for _ in pairs.first))
    history = train_pair_ranking(
        encoder, {"own": pairs}, table, RECIPE, StageSettings(1, 4, 1e-3), CONTEXT
    )
    return encoder.state_dict(), history


def test_chunks_give_the_same_gradients() -> None:
    encoder, tokenizer = from_pretrained("tiny")
    table = SentenceTable(tokenizer)
    rows = table.add(f"a {word} house" for word in ("red", "green", "very old", "new", "warm"))
    found = {}
    for chunk in (None, 2, 5):
        encoder.zero_grad()
        vectors = ranked_vectors(
            encoder, rows, table, replace(RECIPE, ranking_chunk=chunk), CONTEXT
        )
        (vectors * torch.linspace(-1, 1, vectors.numel()).view_as(vectors)).sum().backward()
        found[chunk] = [one.grad.clone() for one in encoder.parameters() if one.grad is not None]
    assert len(found[None]) > 10
    for chunk in (2, 5):
        for one, other in zip(found[chunk], found[None], strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_the_column_of_hard_negatives_changes_what_is_learned() -> None:
    with_them, history = trained()
    without, bare = trained(negatives=False)
    name = "encoder.layer.0.attention.self.query.weight"
    assert not torch.allclose(with_them[name], without[name], atol=1e-5)
    assert history.tokens > bare.tokens and history.steps == bare.steps == 2
