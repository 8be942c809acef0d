"""Measures of attention weights, on maps whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from minbert.analysis.attention import (
    attention_entropy,
    attention_received,
    offset_weight,
    rollout,
)


def some_weights(*shape: int, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=draw).softmax(dim=-1)


def test_entropy_has_its_extremes_at_one_token_and_at_all() -> None:
    weights = np.array([[1.0, 0.0, 0.0, 0.0], [0.25] * 4, [0.5, 0.5, 0.0, 0.0]])
    assert attention_entropy(weights) == pytest.approx([0.0, math.log(4), math.log(2)])
    assert attention_entropy(some_weights(2, 3, 5, 5)).shape == (2, 3, 5)


def test_offsets_find_heads_that_look_beside_themselves() -> None:
    previous = np.eye(4, k=-1)
    previous[0, 0] = 1.0
    following = np.eye(4, k=1)
    following[3, 3] = 1.0
    maps = np.stack([previous, following, np.full((4, 4), 0.25)])
    assert offset_weight(maps, -1) == pytest.approx([1.0, 0.0, 0.25])
    assert offset_weight(maps, 1) == pytest.approx([0.0, 1.0, 0.25])
    assert offset_weight(maps, 0) == pytest.approx([0.25, 0.25, 0.25])
    with pytest.raises(ValueError, match="does not fit into 4 tokens"):
        offset_weight(maps, 4)


def test_received_sums_to_one_and_sees_a_favourite() -> None:
    assert attention_received(some_weights(2, 4, 6, 6)).sum() == pytest.approx(1.0)
    favourite = np.zeros((1, 2, 3, 3))
    favourite[..., 1] = 1.0
    assert attention_received(favourite) == pytest.approx([0.0, 1.0, 0.0])


def test_rollout_multiplies_the_layers_last_one_leftmost() -> None:
    weights = some_weights(2, 3, 4, 4)
    first, second = weights.double().mean(dim=1).numpy()
    half = 0.5 * np.eye(4)
    assert rollout(weights) == pytest.approx((half + 0.5 * second) @ (half + 0.5 * first))
    assert rollout(weights, residual=0.0) == pytest.approx(second @ first)
    assert rollout(weights, residual=1.0) == pytest.approx(np.eye(4))
    assert rollout(weights).sum(axis=1) == pytest.approx(np.ones(4))
    with pytest.raises(ValueError, match="residual"):
        rollout(weights, residual=1.5)
