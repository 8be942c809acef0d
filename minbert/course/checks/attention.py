"""Checkers of 02_attention."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from minbert.attention import scaled_dot_product_attention
from minbert.course.checks.base import Verdict, judge_function


def weights(function: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """`function(query, key)`: attention weights, (batch, head, query_seq, seq)."""
    draw = torch.Generator().manual_seed(2)
    cases = [
        tuple(torch.randn(1, 2, 3, 4, generator=draw) for _ in range(2)),
        tuple(torch.randn(1, 1, 5, 16, generator=draw) for _ in range(2)),
    ]

    def right(query: Tensor, key: Tensor) -> Tensor:
        return scaled_dot_product_attention(query, key, key)[1]

    def scores(query: Tensor, key: Tensor) -> Tensor:
        return query @ key.transpose(-2, -1)

    return judge_function(
        function,
        right,
        cases,
        mistakes={
            "the scores are not divided by sqrt(dim)": lambda q, k: scores(q, k).softmax(-1),
            "the scores are divided by dim, not by its square root": (
                lambda q, k: (scores(q, k) / q.shape[-1]).softmax(-1)
            ),
            "softmax runs over the queries: each column sums to 1, each row should": (
                lambda q, k: (scores(q, k) / q.shape[-1] ** 0.5).softmax(-2)
            ),
            "these are the scores; softmax over the keys is missing": (
                lambda q, k: scores(q, k) / q.shape[-1] ** 0.5
            ),
        },
        praise="each row sums to 1 and the scores keep their scale at every width.",
    )
