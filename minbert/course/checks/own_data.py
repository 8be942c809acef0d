"""Checkers of 14_your_own_data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minbert.course.checks.base import Verdict, judge_function
from minbert.data import components
from minbert.evaluation import partner_share

Pairs = Sequence[tuple[str, str]]


def groups(function: Callable[[Pairs], Sequence[int]]) -> Verdict:
    """`function(pairs)`: a number per pair; pairs joined by any chain of texts have the same."""
    cases = [
        ([("a", "b"), ("c", "d"), ("b", "e")],),
        ([("a", "b"), ("c", "d"), ("b", "c")],),
        ([("a", "b"), ("c", "d"), ("e", "f")],),
        ([("a", "b"), ("c", "d"), ("e", "f"), ("d", "e"), ("g", "g"), ("f", "b")],),
        ([("a", "b"), ("a", "c"), ("d", "b")],),
    ]
    return judge_function(
        function,
        components,
        cases,
        mistakes={
            "only the first texts are compared: a text may stand on either side": (
                lambda pairs: _numbered(first for first, _ in pairs)
            ),
            "a pair that joins two groups must make one of them: (a, b), (c, d), (b, c) are one": (
                _without_joining
            ),
            "every pair has a number of its own: pairs that share a text must have the same": (
                lambda pairs: list(range(len(pairs)))
            ),
            "the groups are right, their numbers are not: 0, 1, 2 … in the order of first "
            "appearance": lambda pairs: [max(components(pairs)) - n for n in components(pairs)],
        },
        praise="no text can now stand on both sides.",
    )


def found(function: Callable[[np.ndarray, np.ndarray], float]) -> Verdict:
    """`function(first, second)`: share of rows whose nearest by cosine is their own partner."""
    draw = np.random.default_rng(0)
    cases = []
    for rows in (4, 9, 30):
        first = draw.normal(size=(rows, 5))
        second = first + draw.normal(size=(rows, 5)) * draw.uniform(0.2, 1.5, size=(rows, 1))
        lengths = draw.uniform(0.2, 5.0, size=(rows, 1))
        cases.append((first * lengths[::-1], second * lengths))

    def nearest(first: np.ndarray, second: np.ndarray, axis: int = 1, unit: bool = True) -> float:
        if unit:
            first, second = (
                side / np.linalg.norm(side, axis=1, keepdims=True) for side in (first, second)
            )
        return float(((first @ second.T).argmax(axis=axis) == np.arange(len(first))).mean())

    def own_cosine(first: np.ndarray, second: np.ndarray) -> float:
        lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        return float(((first * second).sum(axis=1) / lengths).mean())

    return judge_function(
        function,
        partner_share,
        cases,
        mistakes={
            "these are dot products: a long vector wins them all, so divide by both lengths": (
                lambda first, second: nearest(first, second, unit=False)
            ),
            "this looks for the nearest first one of each second one: it is the other way round": (
                lambda first, second: nearest(first, second, axis=0)
            ),
            "this is the mean cosine of partners: what counts is whether another one is nearer": (
                own_cosine
            ),
            "this is a number of pairs: divide it by how many there are": (
                lambda first, second: nearest(first, second) * len(first)
            ),
        },
        praise="a partner is found only where no other text is nearer.",
    )


def _numbered(keys) -> list[int]:
    numbers: dict[str, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _without_joining(pairs: Pairs) -> list[int]:
    """Each pair takes the number of a text that is known, and joins nothing."""
    known: dict[str, int] = {}
    numbers = []
    for first, second in pairs:
        number = known.get(first, known.get(second, len(set(numbers))))
        known.setdefault(first, number)
        known.setdefault(second, number)
        numbers.append(number)
    return numbers
