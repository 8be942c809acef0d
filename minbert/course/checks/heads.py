"""Checkers of 05_three_heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from minbert.analysis import geometry
from minbert.course.checks.base import Verdict, judge_function


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

    def answer(labels: Sequence[float], tensor: Tensor) -> bool | None:
        found = function(labels, tensor)
        return None if found is None or found is Ellipsis else bool(found)

    return judge_function(
        answer,
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


def axis_shares(function: Callable[[Tensor], Tensor]) -> Verdict:
    """`function(vectors)`: shares of squared length along the principal axes, largest first."""
    draw = torch.Generator().manual_seed(6)
    cases = [
        (torch.randn(6, 4, generator=draw) + 2,),
        (torch.randn(7, 3, generator=draw) * torch.tensor([1.0, 2.0, 5.0]),),
        (torch.tensor([[3.0, 0.0], [0.0, 4.0]]),),
    ]

    def right(vectors: Tensor) -> Tensor:
        return torch.from_numpy(geometry.axis_shares(vectors))

    def answer(vectors: Tensor) -> Tensor | None:
        found = function(vectors)
        return None if found is None or found is Ellipsis else torch.as_tensor(found)

    def values(vectors: Tensor) -> Tensor:
        return torch.linalg.svdvals(vectors)

    return judge_function(
        answer,
        right,
        cases,
        mistakes={
            "these are shares of length, not of squared length: square the singular values": (
                lambda x: values(x) / values(x).sum()
            ),
            "these are the singular values; square them and divide by the sum of the squares": (
                values
            ),
            "the squares are not divided by their sum: shares sum to 1": lambda x: values(x) ** 2,
            "the mean was subtracted first: then the common direction is gone before it is "
            "measured": lambda x: right(x - x.mean(dim=0)),
            "these are shares along the coordinate axes: the common direction need not be one of "
            "them": lambda x: (x**2).sum(dim=0) / (x**2).sum(),
            "the smallest share comes first: sort them from the largest down": (
                lambda x: right(x).flip(0)
            ),
            "this is the largest share alone: return all of them": lambda x: right(x)[0],
        },
        tolerance=1e-4,
        praise="one large share and many small ones mean one common direction.",
    )
