"""The checkers of 04_one_task pass what is right and name what is wrong."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from minbert.course.checks import one_task
from minbert.optimizer import AdamW


def library_step(theta, gradient, mean, square, step, lr, weight_decay):
    """One step of the library's optimizer from a given state."""
    parameter = theta.clone().requires_grad_()
    optimizer = AdamW([parameter], lr=lr, weight_decay=weight_decay)
    optimizer.state[parameter] = {"step": step - 1, "mean": mean, "square": square}
    parameter.grad = gradient
    optimizer.step()
    return parameter.detach(), mean, square


def test_the_librarys_own_step_passes() -> None:
    assert one_task.adamw_step(library_step).passed


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"correct": False}, "divide by 1 - beta"),
        ({"decay": "l2"}, "that is L2"),
        ({"decay": "none"}, "decay is missing"),
        ({"decay": "whole"}, "not multiplied by lr"),
        ({"root": False}, "root is missing"),
        ({"inside": True}, "inside the root"),
        ({"momentum": False}, "corrected mean"),
        ({"offset": 1}, "counts steps from 0"),
        ({"sign": -1.0}, "uphill"),
    ],
)
def test_mistakes_of_a_step_are_named(mistake: dict, said: str) -> None:
    verdict = one_task.adamw_step(one_task._step(**mistake))
    assert not verdict.passed and said in str(verdict)


def test_a_stub_is_told_to_return() -> None:
    assert "returns None" in str(one_task.adamw_step(lambda *arguments: None))
    assert "returns None" in str(one_task.weighted_loss(lambda *arguments: None))


def test_the_weighted_mean_passes() -> None:
    def right(logits, labels, weights):
        return F.cross_entropy(logits[weights > 0], labels[weights > 0])

    assert one_task.weighted_loss(right).passed


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda each, weights: (each.mean() * weights).sum() / weights.sum(), "they cancel"),
        (lambda each, weights: (each * weights).mean(), "it is counted"),
        (lambda each, weights: (each * weights).sum(), "this is the sum"),
        (lambda each, weights: each * weights, "one by one"),
        (lambda each, weights: each[weights == 0].sum() / (weights == 0).sum(), "of the padding"),
    ],
)
def test_mistakes_of_the_mean_are_named(mistake, said: str) -> None:
    def function(logits, labels, weights):
        return mistake(F.cross_entropy(logits, labels, reduction="none"), weights)

    verdict = one_task.weighted_loss(function)
    assert not verdict.passed and said in str(verdict)


def test_a_difference_without_a_name_is_shown_with_numbers() -> None:
    verdict = one_task.weighted_loss(lambda logits, labels, weights: torch.tensor(0.5))
    assert "expected" in str(verdict)
