"""Checkers of 08_learning_rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from minbert.course.checks.base import Verdict, judge_function


def largest_stable_rate(function: Callable[[Sequence[float]], float]) -> Verdict:
    """`function(curvatures)`: the rate below which gradient descent settles in all directions."""
    cases = [((1.0, 4.0),), ((0.5, 2.0, 10.0),), ((3.0,),), ((100.0, 1.0),)]
    return judge_function(
        function,
        lambda curvatures: 2 / max(curvatures),
        cases,
        mistakes={
            "this is the bound of the flattest direction: the steepest one has already diverged": (
                lambda curvatures: 2 / min(curvatures)
            ),
            "at 1 / curvature the steepest direction arrives in one step; it settles, swinging, "
            "up to twice that": (lambda curvatures: 1 / max(curvatures)),
            "the mean curvature belongs to no direction: each one needs |1 - rate * c| < 1": (
                lambda curvatures: 2 * len(curvatures) / sum(curvatures)
            ),
            "this is the rate that settles fastest, not the largest that settles": (
                lambda curvatures: 2 / (max(curvatures) + min(curvatures))
            ),
            "the largest curvature itself is no rate: rate * curvature must stay below 2": (
                lambda curvatures: max(curvatures)
            ),
        },
        praise="the steepest direction sets the bound for all.",
    )


def random_pair_cosine(function: Callable[[Tensor], Tensor]) -> Verdict:
    """`function(vectors)`: mean cosine over all pairs of different sentences."""
    draw = torch.Generator().manual_seed(8)
    offset = torch.tensor([2.0, 0.0, 0.0, 1.0])
    cases = [
        (torch.randn(3, 4, generator=draw),),
        (4 * torch.randn(6, 4, generator=draw) + offset,),
        (0.1 * torch.randn(5, 4, generator=draw) + offset,),
    ]

    def cosines(vectors: Tensor) -> Tensor:
        normalised = F.normalize(vectors, dim=-1)
        return normalised @ normalised.T

    def others(values: Tensor) -> Tensor:
        return values[~torch.eye(len(values), dtype=torch.bool)]

    return judge_function(
        function,
        lambda vectors: others(cosines(vectors)).mean(),
        cases,
        mistakes={
            "each sentence is compared with itself too, and those cosines are 1: leave the "
            "diagonal out": lambda vectors: cosines(vectors).mean(),
            "these are dot products: longer vectors count more; divide by the lengths": (
                lambda vectors: others(vectors @ vectors.T).mean()
            ),
            "the diagonal was set to 0 but still counted: divide by n * (n - 1)": (
                lambda vectors: (cosines(vectors).sum() - len(vectors)) / len(vectors) ** 2
            ),
            "the sign is lost: opposite vectors have cosine -1, and that is no collapse": (
                lambda vectors: others(cosines(vectors)).abs().mean()
            ),
            "this is a matrix of cosines: take the mean over the pairs of different sentences": (
                cosines
            ),
        },
        praise="no pair of a sentence with itself, no length, one number: near 1 is the alarm.",
    )
