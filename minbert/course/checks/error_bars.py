"""Checkers of 01b_error_bars."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minbert.course.checks.base import Verdict, judge_function

ENDS = (0.025, 0.975)
"""Quantiles between which the central 95 % lie."""


def bootstrap_interval(function: Callable[[np.ndarray, np.ndarray], tuple]) -> Verdict:
    """`function(right, drawn)`: the central 95 % of the accuracy over resamples of the sentences.

    right: whether each sentence was answered right, (sentence,); drawn: which sentences each
    resample holds, (resample, sentence).
    """
    draw = np.random.default_rng(0)
    cases = [
        (draw.random(n) < share, draw.integers(n, size=(400, n)))
        for n, share in ((20, 0.6), (60, 0.85))
    ]

    def accuracies(right: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        return right[drawn].mean(axis=1)

    def around(right: np.ndarray, drawn: np.ndarray, halves: float) -> tuple[float, float]:
        middle, spread = right.mean(), halves * accuracies(right, drawn).std()
        return float(middle - spread), float(middle + spread)

    return judge_function(
        _as_pair(function),
        lambda right, drawn: _ends(accuracies(right, drawn)),
        cases,
        mistakes={
            "these are the smallest and the largest accuracy: leave out 2.5 % on either side": (
                lambda right, drawn: (
                    float(accuracies(right, drawn).min()),
                    float(accuracies(right, drawn).max()),
                )
            ),
            "5 % are left out on either side, which leaves 90 %: take 2.5 and 97.5 %": (
                lambda right, drawn: _ends(accuracies(right, drawn), (0.05, 0.95))
            ),
            "the mean runs over the resamples: take it over the sentences of each resample": (
                lambda right, drawn: _ends(right[drawn].mean(axis=0))
            ),
            "this is one deviation to either side, which holds 68 %": (
                lambda right, drawn: around(right, drawn, 1.0)
            ),
            "you took the quantiles of single answers, not of accuracies: a mean is missing": (
                lambda right, drawn: _ends(right[drawn].astype(float).ravel())
            ),
        },
        praise="the middle 95 % of what other dev sets of this kind would have given.",
    )


def paired_interval(function: Callable[[np.ndarray, np.ndarray, np.ndarray], tuple]) -> Verdict:
    """`function(right_a, right_b, drawn)`: the central 95 % of accuracy a - accuracy b.

    right_a, right_b: whether each sentence was answered right, (sentence,); drawn: as above, the
    same resample for both.
    """
    draw = np.random.default_rng(1)
    cases = []
    for n, change in ((40, 0.2), (80, 0.1)):
        right = draw.random(n) < 0.6
        cases.append((right ^ (draw.random(n) < change), right, draw.integers(n, size=(400, n))))

    def of_each(a: np.ndarray, b: np.ndarray, drawn: np.ndarray) -> tuple:
        return a[drawn].mean(axis=1), b[drawn].mean(axis=1)

    def difference(a: np.ndarray, b: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        first, second = of_each(a, b, drawn)
        return first - second

    def of_ends(a: np.ndarray, b: np.ndarray, drawn: np.ndarray) -> tuple[float, float]:
        (low_a, high_a), (low_b, high_b) = (_ends(x) for x in of_each(a, b, drawn))
        return low_a - high_b, high_a - low_b

    def end_by_end(a: np.ndarray, b: np.ndarray, drawn: np.ndarray) -> tuple[float, float]:
        (low_a, high_a), (low_b, high_b) = (_ends(x) for x in of_each(a, b, drawn))
        return low_a - low_b, high_a - high_b

    return judge_function(
        _as_pair(function),
        lambda a, b, drawn: _ends(difference(a, b, drawn)),
        cases,
        mistakes={
            "this is b - a: the question was by how much a is better": (
                lambda a, b, drawn: _ends(-difference(a, b, drawn))
            ),
            "you subtract the ends of two intervals, crosswise: that forgets that both read the "
            "same sentences; subtract in each resample": of_ends,
            "you subtract the ends of two intervals: subtract in each resample, then take the "
            "quantiles": end_by_end,
            "the size of the difference is not enough: keep its sign": (
                lambda a, b, drawn: _ends(np.abs(difference(a, b, drawn)))
            ),
            "this is the interval of a alone": lambda a, b, drawn: _ends(of_each(a, b, drawn)[0]),
        },
        praise="what is easy or hard for both cancels; only where they differ is left.",
    )


def _ends(values: np.ndarray, quantiles: tuple[float, float] = ENDS) -> tuple[float, float]:
    low, high = np.quantile(values, quantiles)
    return float(low), float(high)


def _as_pair(function: Callable) -> Callable:
    """An array or a list of two numbers is an interval as well; anything else stays what it is."""

    def called(*case: np.ndarray) -> object:
        answer = function(*case)
        if isinstance(answer, np.ndarray | list | tuple) and np.shape(answer) == (2,):
            return tuple(float(end) for end in answer)
        return answer

    return called
