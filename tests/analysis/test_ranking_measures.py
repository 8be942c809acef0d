"""Bounds and gradients of the ranking loss, against the loss itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minbert.analysis.ranking import (
    effective_negatives,
    gradient_on_cosines,
    largest_probability,
    loss_floor,
    ranking_losses,
    ranking_probabilities,
)
from minbert.losses import multiple_negatives_ranking

DRAW = np.random.default_rng(0)


def vectors(pairs: int, hidden: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(pairs)
    return tuple(torch.randn(pairs, hidden, generator=draw, dtype=torch.float64) for _ in range(2))


def cosines_of(a: torch.Tensor, b: torch.Tensor) -> np.ndarray:
    return (torch.nn.functional.normalize(a) @ torch.nn.functional.normalize(b).T).numpy()


@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_losses_are_the_library_s(scale: float) -> None:
    a, b = vectors(7)
    cosines = cosines_of(a, b)
    expected = multiple_negatives_ranking(a, b, scale=scale).item()
    assert ranking_losses(cosines, scale).mean() == pytest.approx(expected, rel=1e-5)
    assert np.allclose(ranking_probabilities(cosines, scale).sum(axis=1), 1.0)


def test_gradient_is_autograd_s() -> None:
    cosines = torch.tensor(cosines_of(*vectors(5)), requires_grad=True)
    torch.nn.functional.cross_entropy(3.0 * cosines, torch.arange(5)).backward()
    ours = gradient_on_cosines(cosines.detach().numpy(), 3.0)
    assert np.allclose(ours, cosines.grad.numpy(), atol=1e-12)
    assert np.allclose(ours.sum(axis=1), 0.0)


@pytest.mark.parametrize("pairs", [2, 3, 8, 32])
@pytest.mark.parametrize("scale", [0.5, 1.0, 20.0])
def test_the_floor_holds_and_a_simplex_reaches_it(pairs: int, scale: float) -> None:
    for hidden in (2, 40):
        a, b = vectors(pairs, hidden)
        assert ranking_losses(cosines_of(a, b), scale).mean() > loss_floor(scale, pairs)
    corners = torch.eye(pairs, dtype=torch.float64) - 1 / pairs
    at_best = ranking_losses(cosines_of(corners, corners), scale).mean()
    assert at_best == pytest.approx(loss_floor(scale, pairs), rel=1e-9)


def test_descent_on_the_vectors_ends_at_the_floor() -> None:
    a, b = (part.requires_grad_() for part in vectors(4, 5))
    optimizer = torch.optim.Adam([a, b], lr=0.05)
    for _ in range(600):
        optimizer.zero_grad()
        loss = multiple_negatives_ranking(a, b)
        loss.backward()
        optimizer.step()
    assert loss_floor(1.0, 4) - 1e-6 < loss.item() < loss_floor(1.0, 4) + 1e-3


@pytest.mark.parametrize("pairs", [2, 8, 64])
def test_one_row_can_reach_the_largest_probability(pairs: int) -> None:
    cosines = np.full((pairs, pairs), -1.0)
    cosines[0, 0] = 1.0
    best = ranking_probabilities(cosines, 1.0)[0, 0]
    assert best == pytest.approx(largest_probability(1.0, pairs))
    assert best == pytest.approx(np.e**2 / (np.e**2 + pairs - 1))


def test_effective_negatives_between_one_and_all() -> None:
    assert np.allclose(effective_negatives(np.zeros((6, 6))), 5.0)
    hard = np.zeros((6, 6))
    hard[:, 0] = 1.0
    hard[0, 1] = 1.0
    assert np.allclose(effective_negatives(hard, 200.0), 1.0)
    with pytest.raises(ValueError, match="no negatives"):
        effective_negatives(np.ones((1, 1)))
    with pytest.raises(ValueError, match="no negatives"):
        loss_floor(1.0, 1)
