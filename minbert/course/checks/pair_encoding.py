"""Checkers of 12_pair_encoding."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from minbert.course.checks.base import Verdict, judge_function


def interaction(function: Callable[..., object]) -> Verdict:
    """`function(score, a, b, c, d)`: what a score says of pairs beyond each sentence alone."""

    def product(first: float, second: float) -> float:
        return first * second

    def lopsided(first: float, second: float) -> float:
        return first**2 * second + 3 * first

    cases = [(product, 2.0, 3.0, 5.0, 11.0), (lopsided, 1.0, 4.0, -2.0, 0.5)]
    return judge_function(
        function,
        lambda score, a, b, c, d: score(a, b) - score(a, d) - score(c, b) + score(c, d),
        cases,
        mistakes={
            "all four count plus: the crossed pairs, (a, d) and (c, b), count minus": (
                lambda score, a, b, c, d: score(a, b) + score(a, d) + score(c, b) + score(c, d)
            ),
            "the signs are the other way round: (a, b) and (c, d) count plus": (
                lambda score, a, b, c, d: score(a, d) + score(c, b) - score(a, b) - score(c, d)
            ),
            "first sentences are a and c, second ones b and d: (a, c) is no pair": (
                lambda score, a, b, c, d: score(a, b) - score(a, c) - score(b, d) + score(c, d)
            ),
            "only two pairs are in it: without the crossed ones nothing cancels": (
                lambda score, a, b, c, d: score(a, b) + score(c, d)
            ),
            "score(first, second) takes the first sentence first: (d, a) is not (a, d)": (
                lambda score, a, b, c, d: score(a, b) - score(d, a) - score(b, c) + score(c, d)
            ),
        },
        praise="what each sentence says by itself cancels; only what they say together is left.",
    )


def features(function: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """`function(u, v)`: u, v, |u − v| and u · v side by side."""
    draw = torch.Generator().manual_seed(12)
    cases = [
        tuple(torch.randn(rows, width, generator=draw) for _ in range(2))
        for rows, width in ((3, 4), (1, 6), (2, 2))
    ]
    return judge_function(
        function,
        lambda u, v: torch.cat([u, v, (u - v).abs(), u * v], dim=-1),
        cases,
        mistakes={
            "the difference has lost no sign: without |…| the layer can make it from u and v by "
            "itself, and it compares nothing": (
                lambda u, v: torch.cat([u, v, u - v, u * v], dim=-1)
            ),
            "the product comes before the difference: the order is u, v, |u − v|, u · v": (
                lambda u, v: torch.cat([u, v, u * v, (u - v).abs()], dim=-1)
            ),
            "they are stacked below each other (dim=0), which makes more pairs; join along the "
            "last dimension": lambda u, v: torch.cat([u, v, (u - v).abs(), u * v], dim=0),
            "u and v themselves are missing: the layer reads the comparisons alone": (
                lambda u, v: torch.cat([(u - v).abs(), u * v], dim=-1)
            ),
            "the comparisons are missing: this is the paper's (u, v), which cannot compare": (
                lambda u, v: torch.cat([u, v], dim=-1)
            ),
            "the product is summed over the dimensions: u · v is meant element by element": (
                lambda u, v: torch.cat(
                    [u, v, (u - v).abs(), (u * v).sum(dim=-1, keepdim=True)], dim=-1
                )
            ),
        },
        praise="a linear layer on these can weigh, dimension by dimension, how far u and v agree.",
    )


def segments(function: Callable[[list[str], list[str]], list[int]]) -> Verdict:
    """`function(first, second)`: segment ids of [CLS] first [SEP] second [SEP]."""
    cases = [
        (["how", "are", "you"], ["fine"]),
        (["a"], ["b", "c", "d", "e"]),
        (["x", "y"], ["z", "w"]),
    ]
    return judge_function(
        function,
        lambda first, second: [0] * (len(first) + 2) + [1] * (len(second) + 1),
        cases,
        mistakes={
            "the special tokens have segments, too: [CLS] and the first [SEP] are of segment 0, "
            "the last [SEP] of segment 1": (
                lambda first, second: [0] * len(first) + [1] * len(second)
            ),
            "the first [SEP] belongs to the first sentence: segment 0": (
                lambda first, second: [0] * (len(first) + 1) + [1] * (len(second) + 2)
            ),
            "[CLS] is missing: it stands before the first sentence, in segment 0": (
                lambda first, second: [0] * (len(first) + 1) + [1] * (len(second) + 1)
            ),
            "the last [SEP] is missing: it belongs to the second sentence": (
                lambda first, second: [0] * (len(first) + 2) + [1] * len(second)
            ),
            "segments are counted from 0: the first sentence is 0, the second 1": (
                lambda first, second: [1] * (len(first) + 2) + [2] * (len(second) + 1)
            ),
        },
        praise="one more embedding, and every word knows whose it is.",
    )
