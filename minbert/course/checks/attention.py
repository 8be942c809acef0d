"""Checkers of 02_attention."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from minbert.attention import scaled_dot_product_attention
from minbert.course.checks.base import Verdict, judge_function, raised


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


def masked(function: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """`function(scores, allowed)`: weights that leave out what is not allowed.

    scores: (batch, head, query_seq, seq); allowed: (batch, 1, 1, seq), True where a key may be
    looked at.
    """
    draw = torch.Generator().manual_seed(3)
    lengths = [([3, 5], 5), ([2, 1, 4], 4)]
    cases = [
        (
            torch.randn(len(real), 2, seq, seq, generator=draw),
            (torch.arange(seq) < torch.tensor(real)[:, None])[:, None, None, :],
        )
        for real, seq in lengths
    ]

    def fill(scores: Tensor, where: Tensor, value: float) -> Tensor:
        return scores.masked_fill(where, value).softmax(-1)

    lowest = torch.finfo(torch.float32).min
    return judge_function(
        function,
        lambda scores, allowed: fill(scores, ~allowed, lowest),
        cases,
        mistakes={
            "the mask comes after softmax: the rows of a padded text no longer sum to 1": (
                lambda scores, allowed: scores.softmax(-1) * allowed
            ),
            "the mask is upside down: all weight goes to padding (True means: may be looked at)": (
                lambda scores, allowed: fill(scores, allowed, lowest)
            ),
            "a score of 0 does not exclude, exp(0) = 1 takes part: it must be very negative": (
                lambda scores, allowed: fill(scores, ~allowed, 0.0)
            ),
            "adding the mask makes allowed scores larger by 1 and excludes nothing": (
                lambda scores, allowed: (scores + allowed).softmax(-1)
            ),
            "the mask is not used: padding gets weight": lambda scores, allowed: scores.softmax(-1),
        },
        praise="padding gets exactly 0 and every row still sums to 1.",
    )


def split_heads(function: Callable[[Tensor, int], Tensor]) -> Verdict:
    """`function(states, num_heads)`: (batch, seq, hidden) cut into (batch, head, seq, dim)."""
    cases = [
        (torch.arange(2 * 3 * 8.0).view(2, 3, 8), 2),
        (torch.arange(1 * 4 * 12.0).view(1, 4, 12), 3),
    ]

    def cut(states: Tensor, heads: int) -> Tensor:
        batch, seq, hidden = states.shape
        return states.view(batch, seq, heads, hidden // heads)

    def interleaved(states: Tensor, heads: int) -> Tensor:
        batch, seq, hidden = states.shape
        return states.view(batch, seq, hidden // heads, heads).permute(0, 3, 1, 2)

    def straight(states: Tensor, heads: int) -> Tensor:
        batch, seq, hidden = states.shape
        return states.view(batch, heads, seq, hidden // heads)

    return judge_function(
        function,
        lambda states, heads: cut(states, heads).transpose(1, 2),
        cases,
        mistakes={
            "the shape is right and the content is not: one view to (batch, head, seq, dim) lets a "
            "head read features of several tokens; cut first, then exchange two axes": straight,
            "the features are dealt out in turn: a head should get neighbouring ones": interleaved,
            "cut rightly; the axes seq and head must still change places": cut,
            "this is (batch, head, dim, seq): seq should come before dim": (
                lambda states, heads: cut(states, heads).permute(0, 2, 3, 1)
            ),
        },
        praise="each head has its own slice of every token.",
    )


SCALES: dict[str, Callable[[int], float]] = {
    "does not divide": lambda dim: 1.0,
    "divides by dim": lambda dim: 1 / dim,
    "divides by sqrt(dim)": lambda dim: dim**-0.5,
}
"""What people write as the scale of the scores."""
TELLING = 0.01
"""Weights of two functions must differ by this much somewhere, for a case to tell them apart."""


def telling_case(function: Callable[[], tuple[Tensor, Tensor]]) -> Verdict:
    """`function()`: a (query, key) on which a wrong scale gives visibly wrong weights."""
    try:
        case = function()
    except Exception as error:  # the learner's code may raise anything
        return raised(error)
    if case is None or case is Ellipsis:
        return Verdict(False, "your function returns None: return a query and a key")
    if not (isinstance(case, tuple) and len(case) == 2 and all(map(torch.is_tensor, case))):
        return Verdict(False, f"expected a tuple of two tensors, got {type(case).__name__}")
    query, key = (part.double() for part in case)
    if query.ndim != 4 or key.ndim != 4 or query.shape[-1] != key.shape[-1]:
        shapes = f"{tuple(query.shape)} and {tuple(key.shape)}"
        return Verdict(False, f"expected two (batch, head, seq, dim) with one dim, got {shapes}")
    dim, scores = query.shape[-1], query @ key.transpose(-2, -1)
    if dim == 1:
        return Verdict(False, "with dim = 1 every scale is 1: nothing can be told apart")
    weights = {name: (scores * scale(dim)).softmax(-1) for name, scale in SCALES.items()}
    right = weights.pop("divides by sqrt(dim)")
    for name, wrong in weights.items():
        if (wrong - right).abs().max() >= TELLING:
            continue
        if right.max(dim=-1).values.min() > 1 - TELLING:
            why = "its softmax is saturated: the largest weight is 1 at every scale"
        elif right.max() - right.min() < TELLING:
            why = "its scores are all nearly equal: the weights are uniform at every scale"
        else:
            why = "the weights hardly differ"
        return Verdict(False, f"this case also passes code that {name}; {why}")
    return Verdict(True, "a function with a wrong scale would be caught on this case.")
