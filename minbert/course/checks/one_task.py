"""Checkers of 04_one_task."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from minbert.course.checks.base import Verdict, judge_function

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8

State = tuple[Tensor, Tensor, Tensor]
"""Parameter, mean of gradients, mean of their squares."""


def adamw_step(function: Callable[..., State]) -> Verdict:
    """`function(theta, gradient, mean, square, step, lr, weight_decay)`: the three, updated.

    β₁ = .9, β₂ = .999, ε = 1e-8; `step` counts from 1.
    """
    draw = torch.Generator().manual_seed(4)

    def case(size: float, step: int, lr: float, weight_decay: float) -> tuple:
        theta, gradient, mean = (torch.randn(4, generator=draw) for _ in range(3))
        square = torch.rand(4, generator=draw) if step > 1 else torch.zeros(4)
        mean = mean if step > 1 else torch.zeros(4)
        return theta, size * gradient, size * mean, size**2 * square, step, lr, weight_decay

    cases = [
        case(1.0, 1, 0.1, 0.0),
        case(1.0, 3, 0.1, 0.0),
        case(30.0, 2, 0.1, 0.2),
        case(1e-6, 5, 0.01, 0.5),
    ]
    return judge_function(
        function,
        _step(),
        cases,
        mistakes={
            "m and v are used as they are: divide by 1 - beta ** step, or the first steps have the "
            "wrong length": _step(correct=False),
            "the decay went into the gradient: that is L2; AdamW shrinks theta apart from it": (
                _step(decay="l2")
            ),
            "weight decay is missing: theta also loses lr * weight_decay of itself": (
                _step(decay="none")
            ),
            "the decay is not multiplied by lr": _step(decay="whole"),
            "the root is missing: divide by the root of the corrected square": _step(root=False),
            "epsilon is added to the square, inside the root: it belongs beside the root": (
                _step(inside=True)
            ),
            "the gradient itself is divided by the root: take its corrected mean": (
                _step(momentum=False)
            ),
            "the bias correction counts steps from 0: `step` is 1 at the first one": (
                _step(offset=1)
            ),
            "the step goes uphill: subtract it": _step(sign=-1.0),
        },
        praise="the means are corrected, the decay stands apart, and the length of a step is lr.",
    )


def _step(
    correct: bool = True,
    decay: str = "decoupled",
    root: bool = True,
    inside: bool = False,
    momentum: bool = True,
    offset: int = 0,
    sign: float = 1.0,
) -> Callable[..., State]:
    """AdamW's step, or one with a named mistake in it."""

    def step_of(theta, gradient, mean, square, step, lr, weight_decay) -> State:
        shrink = {"decoupled": lr * weight_decay, "whole": weight_decay}.get(decay, 0.0)
        if decay == "l2":
            gradient = gradient + weight_decay * theta
        theta = theta * (1 - shrink)
        mean = BETA1 * mean + (1 - BETA1) * gradient
        square = BETA2 * square + (1 - BETA2) * gradient**2
        count = step + offset
        direction = mean / (1 - BETA1**count) if correct else mean
        size = square / (1 - BETA2**count) if correct else square
        if not momentum:
            direction = gradient
        divisor = (size + EPS).sqrt() if inside else size.sqrt() + EPS
        if not root:
            divisor = size + EPS
        return theta - sign * lr * direction / divisor, mean, square

    return step_of


def weighted_loss(function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Verdict:
    """`function(logits, labels, weights)`: mean loss of the positions whose weight is 1."""
    draw = torch.Generator().manual_seed(7)

    def case(positions: int, classes: int, real: int) -> tuple:
        logits = 3 * torch.randn(positions, classes, generator=draw)
        labels = torch.randint(classes, (positions,), generator=draw)
        return logits, labels, (torch.arange(positions) < real).float()

    def each(logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels, reduction="none")

    return judge_function(
        function,
        lambda logits, labels, weights: (each(logits, labels) * weights).sum() / weights.sum(),
        [case(6, 5, 4), case(8, 3, 2), case(5, 7, 5)],
        mistakes={
            "this is the mean over all positions, padding included: the loss was reduced before "
            "the weights came, and then they cancel": (
                lambda logits, labels, weights: each(logits, labels).mean()
            ),
            "the padding adds nothing, yet it is counted: divide by the number of real positions": (
                lambda logits, labels, weights: (each(logits, labels) * weights).mean()
            ),
            "this is the sum: it grows with the number of real positions; divide by it": (
                lambda logits, labels, weights: (each(logits, labels) * weights).sum()
            ),
            "these are the losses one by one: sum them and divide by the number of real ones": (
                lambda logits, labels, weights: each(logits, labels) * weights
            ),
            "this is the loss of the padding: weight 1 means a real position": (
                lambda logits, labels, weights: (
                    (each(logits, labels) * (1 - weights)).sum() / (1 - weights).sum()
                )
            ),
        },
        praise="padding adds nothing and is not counted.",
    )
