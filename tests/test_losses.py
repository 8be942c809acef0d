"""Losses in closed form and on hand-made two-dimensional vectors."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from minbert import losses
from minbert.masking import IGNORE


def at_angles(*degrees: float) -> torch.Tensor:
    """Vectors in the plane, of different lengths (cosine must not care)."""
    radians = torch.tensor(degrees) * math.pi / 180
    lengths = torch.arange(1, len(degrees) + 1).float()[:, None]
    return torch.stack([radians.cos(), radians.sin()], dim=1) * lengths


def test_ranking_of_equal_vectors_is_the_logarithm_of_the_batch() -> None:
    same = at_angles(30, 30, 30, 30)
    assert losses.multiple_negatives_ranking(same, same).item() == pytest.approx(math.log(4))


def test_ranking_two_orthogonal_pairs_by_hand() -> None:
    a = b = at_angles(0, 90)
    # Each row holds cosines 1 and 0, so the probability of the partner is e / (e + 1).
    expected = -math.log(math.e / (math.e + 1))
    assert losses.multiple_negatives_ranking(a, b).item() == pytest.approx(expected, abs=1e-6)
    scaled = -math.log(math.exp(20) / (math.exp(20) + 1))
    got = losses.multiple_negatives_ranking(a, b, scale=20.0).item()
    assert got == pytest.approx(scaled, abs=1e-6)


def test_pairs_that_are_not_similar_serve_as_negatives_only() -> None:
    a, b = at_angles(0, 60, 90), at_angles(10, 200, 80)
    similar = torch.tensor([True, False, True])
    cosines = F.cosine_similarity(a[:, None], b[None], dim=-1)
    rows = [cosines[i, i] - cosines[i].logsumexp(0) for i in (0, 2)]
    expected = -(rows[0] + rows[1]) / 2  # divided by K_s = 2, log-sum over K = 3
    got = losses.multiple_negatives_ranking(a, b, similar)
    assert got.item() == pytest.approx(expected.item(), abs=1e-6)


def test_symmetric_averages_both_directions() -> None:
    a, b = at_angles(0, 50, 120), at_angles(20, 10, 100)
    there = losses.multiple_negatives_ranking(a, b)
    back = losses.multiple_negatives_ranking(b, a)
    both = losses.multiple_negatives_ranking(a, b, symmetric=True)
    assert both.item() == pytest.approx((there + back).item() / 2, abs=1e-6)


def test_pairs_of_one_cluster_are_not_each_others_negatives() -> None:
    a, b = at_angles(0, 5, 90), at_angles(2, 3, 88)
    clusters = torch.tensor([7, 7, 8])
    got = losses.multiple_negatives_ranking(
        a, b, torch.tensor([True, False, False]), clusters=clusters
    )
    without = losses.multiple_negatives_ranking(a[[0, 2]], b[[0, 2]], torch.tensor([True, False]))
    assert got.item() == pytest.approx(without.item(), abs=1e-6)
    assert got < losses.multiple_negatives_ranking(a, b, torch.tensor([True, False, False]))


def test_a_batch_without_a_similar_pair_has_no_loss() -> None:
    a = at_angles(0, 90)
    with pytest.raises(ValueError, match="none of the 2 pairs is similar"):
        losses.multiple_negatives_ranking(a, a, torch.zeros(2, dtype=torch.bool))


def test_ranking_loss_falls_when_partners_turn_towards_each_other() -> None:
    b = at_angles(0, 120, 240)
    values = [
        losses.multiple_negatives_ranking(at_angles(away, 120 + away, 240 + away), b).item()
        for away in (60, 40, 20, 0)
    ]
    assert values == sorted(values, reverse=True)


def test_masked_language_model_is_blind_to_other_positions() -> None:
    logits = torch.randn(2, 4, 11, generator=torch.Generator().manual_seed(0))
    labels = torch.full((2, 4), IGNORE)
    labels[0, 1], labels[1, 3] = 5, 7
    expected = -(logits[0, 1].log_softmax(-1)[5] + logits[1, 3].log_softmax(-1)[7]) / 2
    got = losses.masked_language_model(logits, labels)
    assert got.item() == pytest.approx(expected.item(), abs=1e-6)
    changed = logits.clone()
    changed[labels == IGNORE] += 100
    assert losses.masked_language_model(changed, labels).item() == pytest.approx(got.item())
    chosen = labels != IGNORE
    alone = losses.masked_language_model(logits[chosen], labels[chosen])
    assert alone.item() == pytest.approx(got.item(), abs=1e-6)
    with pytest.raises(ValueError, match="no token is masked"):
        losses.masked_language_model(logits, torch.full((2, 4), IGNORE))


def test_uniform_guesses_cost_the_logarithm_of_the_choices() -> None:
    assert losses.sentiment(torch.zeros(3, 5), torch.tensor([0, 2, 4])).item() == pytest.approx(
        math.log(5)
    )
    assert losses.paraphrase(torch.zeros(2), torch.tensor([0.0, 1.0])).item() == pytest.approx(
        math.log(2)
    )
    assert losses.similarity(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 5.0])).item() == 2.5


def test_where_all_is_clear_the_gradient_of_ranking_keeps_its_direction_in_bf16() -> None:
    """The rival's does not: findings/ranking_loss_fades_in_bf16.sh."""
    draw = torch.Generator().manual_seed(0)
    first = torch.randn(32, 384, generator=draw)
    second = first + torch.randn(32, 384, generator=draw)
    gradients = []
    for enabled in (False, True):
        given = first.clone().requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            loss = losses.multiple_negatives_ranking(given, second, scale=20.0)
        assert 0 < loss.item() < 1e-3 and loss.dtype == torch.float32
        gradients.append(torch.autograd.grad(loss, given)[0].flatten())
    assert torch.cosine_similarity(*gradients, dim=0) > 0.99
