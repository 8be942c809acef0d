"""Checkers of 07_negatives_ranking."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from minbert.course.checks.base import Verdict, judge_function


def _cosines(pairs: int, seed: int) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    a, b = (F.normalize(torch.randn(pairs, 4, generator=draw), dim=1) for _ in range(2))
    return a @ b.T


def loss(function: Callable[[Tensor, float], Tensor]) -> Verdict:
    """`function(cosines, scale)`: mean ranking loss of a batch in which all pairs are similar."""

    def right(cosines: Tensor, scale: float) -> Tensor:
        return -(scale * cosines).log_softmax(1).diagonal().mean()

    def without_own(cosines: Tensor, scale: float) -> Tensor:
        others = (scale * cosines).masked_fill(torch.eye(len(cosines)).bool(), -torch.inf)
        return (others.logsumexp(1) - scale * cosines.diagonal()).mean()

    return judge_function(
        function,
        right,
        [(_cosines(4, 1), 1.0), (_cosines(5, 2), 20.0)],
        mistakes={
            "the cosines are not multiplied by the scale": lambda c, s: right(c, 1.0),
            "the cosines are divided by the scale: it is the inverse of the temperature": (
                lambda c, s: right(c, 1 / s)
            ),
            "this is the sum over the pairs, not their mean": lambda c, s: right(c, s) * len(c),
            "softmax runs down the columns: that ranks the first sentences for each second one": (
                lambda c, s: right(c.T, s)
            ),
            "the sign is wrong: this is the mean log-probability, and the loss is minus that": (
                lambda c, s: -right(c, s)
            ),
            "the partner is missing in the denominator: the sum runs over all j, i included": (
                without_own
            ),
            "this is minus the scaled cosine alone: nothing pushes the others away": (
                lambda c, s: -(s * c).diagonal().mean()
            ),
        },
        praise="cross-entropy over the rows, with the partner's place as the label.",
    )


def gradient(function: Callable[[Tensor, float], Tensor]) -> Verdict:
    """`function(cosines, scale)`: derivative of the mean loss by each cosine."""

    def right(cosines: Tensor, scale: float) -> Tensor:
        return scale * residual(cosines, scale) / len(cosines)

    def residual(cosines: Tensor, scale: float) -> Tensor:
        return (scale * cosines).softmax(1) - torch.eye(len(cosines))

    return judge_function(
        function,
        right,
        [(_cosines(3, 5), 2.0), (_cosines(5, 6), 20.0)],
        mistakes={
            "1/K is missing: the loss is a mean over the pairs": (lambda c, s: s * residual(c, s)),
            "the factor s is missing: the chain rule gives it, for the logits are s times the "
            "cosines": lambda c, s: residual(c, s) / len(c),
            "both s and 1/K are missing: this is the derivative by the logits, for one row": (
                residual
            ),
            "the sign is wrong: this is the direction of descent": lambda c, s: -right(c, s),
            "these are the probabilities alone: take 1 off the partner's": (
                lambda c, s: s * (s * c).softmax(1) / len(c)
            ),
            "softmax runs down the columns": lambda c, s: right(c.T, s).T,
        },
        praise="each negative is pushed away by its own probability, and each row sums to 0.",
    )
