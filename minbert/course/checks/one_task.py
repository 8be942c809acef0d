"""Checkers of 04_one_task."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from minbert.course.checks.base import Verdict, judge_function

BETA1, BETA2 = 0.9, 0.999


def uncorrected(function: Callable[[int], float]) -> Verdict:
    """`function(step)`: how long that step is without bias correction, in learning rates.

    The slope is the same at every step; β₁ = .9, β₂ = .999, ε does not matter; `step` counts
    from 1.
    """

    def filled(step: int) -> tuple[float, float]:
        return 1 - BETA1**step, 1 - BETA2**step

    return judge_function(
        function,
        lambda step: filled(step)[0] / filled(step)[1] ** 0.5,
        [(step,) for step in (1, 2, 10, 1000)],
        mistakes={
            "the root is missing: the step divides by the root of v": (
                lambda step: filled(step)[0] / filled(step)[1]
            ),
            "this is the inverse: the uncorrected m stands above, the root of v below": (
                lambda step: filled(step)[1] ** 0.5 / filled(step)[0]
            ),
            "the two betas are exchanged: m has .9, v has .999": (
                lambda step: filled(step)[1] / filled(step)[0] ** 0.5
            ),
            "this is 1, the corrected step: without correction m and v are smaller than g and g²": (
                lambda step: 1.0
            ),
            "this holds for the first step only: after t steps m has the share 1 - .9^t of g": (
                lambda step: (1 - BETA1) / (1 - BETA2) ** 0.5
            ),
            "both are taken at the power t, but 1 minus that is what they hold": (
                lambda step: BETA1**step / BETA2 ** (step / 2)
            ),
        },
        praise="v lags behind m, so early steps are too long without the correction.",
    )


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
