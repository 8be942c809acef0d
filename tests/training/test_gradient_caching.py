"""Gradient caching: the loss and the gradients of the whole batch, a chunk of it at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from minbert.data.batching import length_groups
from minbert.encoder import Encoder
from minbert.experiments.experiment import Experiment
from minbert.pretrained import from_pretrained
from minbert.training import vectors
from minbert.training.gradient_caching import RandomState, cached_vectors
from minbert.training.loop import RunContext
from minbert.training.mnrl import clusters_of, ranking_loss, train_ranking
from minbert.training.recipe import RECIPES, Recipe, StageSettings
from minbert.training.sentences import CourseRows
from minbert.training.vectors import set_dropout

CPU = torch.device("cpu")
STILL = replace(RECIPES["lab"], dropout=0.0, attention_dropout=0.0)
NOISY = replace(RECIPES["lab"], dropout=0.2, attention_dropout=0.1)
CONTEXT = RunContext(CPU, "fp32", seed=0)


@pytest.fixture
def rows(experiment: Experiment) -> CourseRows:
    _, tokenizer = from_pretrained(experiment.encoder_name)
    return CourseRows(experiment.data, tokenizer, 64)


@pytest.fixture
def encoder(experiment: Experiment) -> Encoder:
    return from_pretrained(experiment.encoder_name)[0].train()


@pytest.fixture
def gradients(encoder: Encoder, rows: CourseRows) -> Callable[..., dict[str, Tensor]]:
    """The loss of one batch of pairs and its gradients by the name of the weight."""
    pairs = rows.tasks["quora"]["train"]
    batch = pairs.subset(range(13))
    similar = torch.tensor([place % 3 != 1 for place in range(13)])  # K_s = 9 of K = 13

    def of(recipe: Recipe, clusters: bool = False) -> dict[str, Tensor]:
        set_dropout(encoder, recipe)
        encoder.zero_grad()
        torch.manual_seed(5)
        numbers = clusters_of(batch, similar) if clusters else None
        loss = ranking_loss(encoder, batch, similar, rows.table, recipe, CONTEXT, numbers)
        state = torch.get_rng_state()
        loss.backward()
        assert torch.equal(state, torch.get_rng_state()), "going back draws nothing"
        found = {
            name: weight.grad.clone()
            for name, weight in encoder.named_parameters()
            if weight.grad is not None
        }
        return {"loss": loss.detach(), **found}

    return of


def assert_equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys() and len(one) > 10
    for name in one:
        torch.testing.assert_close(one[name], other[name], atol=1e-5, rtol=1e-4, msg=name)
    assert max(gradient.abs().max() for gradient in one.values()) > 1e-2


@pytest.mark.parametrize("chunk", [1, 4, 7, 26, 1000])
@pytest.mark.parametrize("symmetric", [True, False])
def test_without_dropout_all_is_as_in_one_batch(
    gradients: Callable[..., dict[str, Tensor]], chunk: int, symmetric: bool
) -> None:
    plain = replace(STILL, symmetric=symmetric)
    for clusters in (False, True):
        assert_equal(
            gradients(plain, clusters), gradients(replace(plain, ranking_chunk=chunk), clusters)
        )


@pytest.mark.parametrize("chunk", [4, 7, 13, 26])
def test_with_dropout_all_is_as_in_the_same_chunks_with_a_graph(
    gradients: Callable[..., dict[str, Tensor]], chunk: int
) -> None:
    """Chunks draw in their order, so the whole batch at once draws other masks than they do."""
    same_chunks = replace(NOISY, length_groups=math.ceil(26 / chunk))
    cached = gradients(replace(NOISY, ranking_chunk=chunk))
    assert_equal(gradients(same_chunks), cached)
    still = gradients(replace(STILL, ranking_chunk=chunk))
    assert abs(still["loss"] - cached["loss"]) > 1e-4, "dropout is on"


def test_without_its_random_state_a_chunk_gets_other_gradients(
    gradients: Callable[..., dict[str, Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(NOISY, ranking_chunk=7)
    right = gradients(recipe)
    later = RandomState.now(CPU)
    with monkeypatch.context() as patched:
        patched.setattr(RandomState, "now", classmethod(lambda cls, device: later))
        wrong = gradients(recipe)
    assert right["loss"] == wrong["loss"]
    assert any((right[name] - wrong[name]).abs().max() > 1e-3 for name in right)


def test_no_more_than_a_chunk_is_in_the_graph_at_a_time(
    gradients: Callable[..., dict[str, Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, pooled = [], vectors.pool

    def watched(*values: object) -> Tensor:
        found = pooled(*values)
        seen.append((len(found), found.requires_grad))
        return found

    monkeypatch.setattr(vectors, "pool", watched)
    gradients(replace(STILL, ranking_chunk=10))
    forward, backward = seen[:3], seen[3:]
    assert [graph for _, graph in forward] == [False] * 3
    assert [graph for _, graph in backward] == [True] * 3
    assert sorted(forward) == [(8, False), (9, False), (9, False)]


def test_in_bfloat16_too(encoder: Encoder, rows: CourseRows) -> None:
    batch = rows.tasks["quora"]["train"].subset(range(8))
    similar = torch.ones(8, dtype=torch.bool)
    found = []
    for recipe in (replace(NOISY, length_groups=4), replace(NOISY, ranking_chunk=4)):
        set_dropout(encoder, recipe)
        encoder.zero_grad()
        torch.manual_seed(0)
        context = RunContext(CPU, "bf16", seed=0)
        ranking_loss(encoder, batch, similar, rows.table, recipe, context).backward()
        found.append(encoder.embeddings.word_embeddings.weight.grad.clone())
    torch.testing.assert_close(*found, atol=1e-3, rtol=0.05)


def test_a_whole_training_ends_alike(experiment: Experiment, rows: CourseRows) -> None:
    """Curve, clipping, skipped batches and weights: the loop knows nothing of the caching."""
    settings = StageSettings(2, batch_size=8, learning_rate=1e-3, max_gradient_norm=0.5)
    data = {name: rows.tasks[name]["train"] for name in ("quora", "sts")}
    ends = []
    # 16 sentences in 4 chunks; of a last, smaller batch both make as many
    for recipe in (replace(NOISY, length_groups=4), replace(NOISY, ranking_chunk=4)):
        model, _ = from_pretrained(experiment.encoder_name)
        history = train_ranking(
            model, data, rows.table, recipe, settings, experiment.context(seed=0)
        )
        ends.append((history, torch.cat([weight.flatten() for weight in model.parameters()])))
    (plain, plain_weights), (cached, cached_weights) = ends
    assert plain.steps == cached.steps > 4 and plain.skipped == cached.skipped
    losses = [[point["loss"] for point in history.points] for history in (plain, cached)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    torch.testing.assert_close(plain_weights, cached_weights, atol=2e-4, rtol=0)


def test_a_frozen_encoder_is_left_alone() -> None:
    line = nn.Linear(3, 2).requires_grad_(False)
    inputs = torch.randn(4, 3)
    found = cached_vectors(lambda places: line(inputs[places]), [[0, 2], [3, 1]], CPU)
    assert torch.allclose(found, line(inputs[[0, 2, 3, 1]]))
    found.sum().backward()
    assert line.weight.grad is None


def test_gradients_add_to_those_that_are_there() -> None:
    line = nn.Linear(3, 2)
    inputs = torch.randn(4, 3)
    line(inputs).square().sum().backward()
    once = line.weight.grad.clone()
    cached_vectors(
        lambda places: line(inputs[places]), [[0], [3, 1, 2]], CPU
    ).square().sum().backward()
    torch.testing.assert_close(line.weight.grad, 2 * once)


@pytest.mark.parametrize(
    ("lengths", "groups", "expected"),
    [
        ([5, 2, 9, 1], 2, [[3, 1], [0, 2]]),
        ([5, 2, 9, 1], 1, [[3, 1, 0, 2]]),
        ([5, 2, 9], 2, [[1], [0, 2]]),
        ([3, 3, 3], 9, [[0], [1], [2]]),
        ([], 4, [[]]),
    ],
)
def test_groups_of_similar_length(
    lengths: list[int], groups: int, expected: list[list[int]]
) -> None:
    assert length_groups(lengths, groups) == expected


@pytest.mark.parametrize("groups", [2, 3])
def test_groups_change_no_gradient(
    gradients: Callable[..., dict[str, Tensor]], groups: int
) -> None:
    assert_equal(gradients(STILL), gradients(replace(STILL, length_groups=groups)))


@pytest.mark.parametrize(
    "choice", [{"ranking_chunk": 0}, {"ranking_chunk": 2.5}, {"length_groups": 0}]
)
def test_a_recipe_refuses_what_is_no_number_of_sentences(choice: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(choice))):
        replace(STILL, **choice)
