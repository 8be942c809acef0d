"""Checkers of 05_three_heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from minbert.analysis.geometry import anisotropy
from minbert.course.checks.base import Verdict, judge_function
from minbert.heads import similarity_score


def comparing_features(function: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """`function(first, second)`: (u, v, |u - v|, u · v) side by side, (batch, 4 · hidden)."""
    draw = torch.Generator().manual_seed(5)
    cases = [
        tuple(torch.randn(batch, hidden, generator=draw) for _ in range(2))
        for batch, hidden in ((4, 2), (3, 3), (1, 5))
    ]

    def parts(*chosen: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda u, v: torch.cat([part(u, v) for part in chosen], dim=-1)

    def first(u: Tensor, v: Tensor) -> Tensor:
        return u

    def second(u: Tensor, v: Tensor) -> Tensor:
        return v

    def apart(u: Tensor, v: Tensor) -> Tensor:
        return (u - v).abs()

    def product(u: Tensor, v: Tensor) -> Tensor:
        return u * v

    def difference(u: Tensor, v: Tensor) -> Tensor:
        return u - v

    def dot(u: Tensor, v: Tensor) -> Tensor:
        return (u * v).sum(dim=-1, keepdim=True)

    return judge_function(
        function,
        parts(first, second, apart, product),
        cases,
        mistakes={
            "these are u and v alone: a linear layer on them is still w1·u + w2·v": (
                parts(first, second)
            ),
            "u - v has kept its sign: a linear layer on u - v is one on u and v again, so take "
            "the absolute value": parts(first, second, difference, product),
            "the products were summed to one number: keep one per axis, so that the layer can "
            "weigh them": parts(first, second, apart, dot),
            "the order is (u, v, u · v, |u - v|): the difference comes before the product": (
                parts(first, second, product, apart)
            ),
            "u · v is missing: there are three parts, there should be four": (
                parts(first, second, apart)
            ),
            "|u - v| is missing: there are three parts, there should be four": (
                parts(first, second, product)
            ),
            "the parts lie below each other, not side by side: concatenate along the last axis": (
                lambda u, v: torch.cat([u, v, apart(u, v), product(u, v)], dim=0)
            ),
        },
        praise="|u - v| and u · v are not linear in (u, v): that is what lets the head compare.",
    )


def labels_kept(function: Callable[[Sequence[float], Tensor], bool]) -> Verdict:
    """`function(labels, tensor)`: whether the tensor still holds the labels of the file."""
    labels = [4.8, 0.6, 3.0, 2.2]
    cases = [
        (labels, torch.tensor(labels)),
        (labels, torch.LongTensor([4, 0, 3, 2])),
        (labels, torch.tensor([4.0, 0.0, 3.0, 2.0])),
        ([1.0, 0.0, 4.0], torch.LongTensor([1, 0, 4])),
        (labels, torch.tensor(labels[::-1])),
        ([2.9, 1.0], torch.tensor([3.2, 1.0])),
    ]

    def right(labels: Sequence[float], tensor: Tensor) -> bool:
        return bool(np.allclose(labels, tensor.tolist(), atol=1e-4))

    def answer(labels: Sequence[float], tensor: Tensor) -> bool:
        return bool(function(labels, tensor))

    empty = function(*cases[0])
    return judge_function(
        function if empty is None or empty is Ellipsis else answer,
        right,
        cases,
        mistakes={
            "you compare exactly, but the tensor is float32 and the file's numbers are float64: "
            "4.8 is not 4.8 to the last digit, so allow 1e-4": (
                lambda labels, tensor: labels == tensor.tolist()
            ),
            "you ask for the type of the tensor: whole numbers made float again pass that test, "
            "and labels that were whole all along fail it; compare the values": (
                lambda labels, tensor: tensor.is_floating_point()
            ),
            "you cut the labels to whole numbers as well before comparing: that hides the very "
            "bug": lambda labels, tensor: [int(x) for x in labels] == [int(x) for x in tensor],
            "your answer is always True, also where the tenths are gone: comparing how many there "
            "are is not enough": lambda labels, tensor: len(labels) == len(tensor),
            "you compare the means only: the same labels in another order pass, and then every "
            "example has another one's": (
                lambda labels, tensor: abs(np.mean(labels) - tensor.float().mean().item()) < 1e-4
            ),
            "a tolerance of 1 is what truncation loses at most: make it much smaller": (
                lambda labels, tensor: np.allclose(labels, tensor.tolist(), rtol=0, atol=1.0)
            ),
        },
        praise="a loader with this one line in it cannot lose the tenths unnoticed.",
    )


def mean_cosine(function: Callable[[Tensor], float]) -> Verdict:
    """`function(vectors)`: mean cosine over all pairs of two different lines."""
    draw = torch.Generator().manual_seed(6)
    cases = [
        (torch.randn(6, 4, generator=draw) * torch.tensor([[1], [9], [1], [3], [1], [2]]),),
        (torch.randn(5, 8, generator=draw) + 2,),
        (torch.tensor([[3.0, 0.0], [0.0, 2.0], [-1.0, 0.0]]),),
    ]

    def right(vectors: Tensor) -> float:
        return anisotropy(vectors)

    def cosines(vectors: Tensor) -> Tensor:
        units = vectors / vectors.norm(dim=1, keepdim=True)
        return units @ units.T

    def apart(matrix: Tensor) -> Tensor:
        first, second = torch.triu_indices(len(matrix), len(matrix), offset=1)
        return matrix[first, second]

    return judge_function(
        function,
        right,
        cases,
        mistakes={
            "each vector is also paired with itself, which gives 1: leave the diagonal out": (
                lambda vectors: cosines(vectors).mean().item()
            ),
            "these are dot products: divide each vector by its length first": (
                lambda vectors: apart(vectors @ vectors.T).mean().item()
            ),
            "you average the absolute cosines: opposite directions must be able to cancel": (
                lambda vectors: apart(cosines(vectors)).abs().mean().item()
            ),
            "negative cosines are cut off, as in the similarity head: here they count": (
                lambda vectors: apart(cosines(vectors)).clamp(min=0).mean().item()
            ),
            "the sum without the diagonal is divided by n², the diagonal's places included": (
                lambda vectors: 2 * apart(cosines(vectors)).sum().item() / len(vectors) ** 2
            ),
            "this is on the scale 0 to 5 of the similarity head, not a cosine": (
                lambda vectors: (
                    similarity_score(
                        vectors[torch.triu_indices(len(vectors), len(vectors), offset=1)[0]],
                        vectors[torch.triu_indices(len(vectors), len(vectors), offset=1)[1]],
                    )
                    .mean()
                    .item()
                )
            ),
        },
        tolerance=1e-4,
        praise="this is the zero point: hold every cosine against it before you call it high.",
    )
