"""The checkers of 14_your_own_data pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.course.checks import own_data


def grown(pairs):
    """Groups by growing each until nothing changes."""
    numbers = list(range(len(pairs)))
    for _ in pairs:
        for one, first in enumerate(pairs):
            for other, second in enumerate(pairs):
                if set(first) & set(second):
                    numbers[one] = numbers[other] = min(numbers[one], numbers[other])
    order = list(dict.fromkeys(numbers))
    return [order.index(number) for number in numbers]


def shares(first, second, *, unit=True, turned=False, counted=False):
    hits = 0
    for at in range(len(first)):
        one, others = (second[at], first) if turned else (first[at], second)
        dots = [one @ other / (np.sqrt(other @ other) if unit else 1) for other in others]
        hits += int(np.argmax(dots) == at)
    return hits if counted else hits / len(first)


def test_the_right_ones_pass() -> None:
    assert own_data.groups(grown).passed
    assert own_data.found(shares).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda pairs: None, "returns None"),
        (lambda pairs: [[p[0] for p in pairs].index(p[0]) for p in pairs], "expected"),
        (lambda pairs: own_data._numbered(first for first, _ in pairs), "either side"),
        (own_data._without_joining, "make one of them"),
        (lambda pairs: list(range(len(pairs))), "a number of its own"),
        (lambda pairs: [max(grown(pairs)) - number for number in grown(pairs)], "numbers are not"),
        (lambda pairs: [0] * len(pairs), "expected"),
    ],
)
def test_mistakes_of_the_groups_are_named(function, said: str) -> None:
    verdict = own_data.groups(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda a, b: None, "returns None"),
        (lambda a, b: shares(a, b, unit=False), "divide by both lengths"),
        (lambda a, b: shares(a, b, turned=True), "other way round"),
        (lambda a, b: shares(a, b, counted=True), "number of pairs"),
        (
            lambda a, b: np.mean(
                [x @ y / np.sqrt((x @ x) * (y @ y)) for x, y in zip(a, b, strict=True)]
            ),
            "mean cosine of partners",
        ),
        (lambda a, b: 0.5, "expected"),
    ],
)
def test_mistakes_of_the_share_are_named(function, said: str) -> None:
    verdict = own_data.found(function)
    assert not verdict.passed and said in str(verdict)
