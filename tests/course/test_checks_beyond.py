"""The checkers of 13_beyond_the_paper pass what is right and name what is wrong."""

from __future__ import annotations

import pytest

from minbert.course.checks import beyond


def test_the_right_ones_pass() -> None:
    assert beyond.take(lambda counts, e: [round(min(counts) ** (1 - e) * n**e) for n in counts])

    def holm(p_values):
        left, found = sorted(p_values), {}
        for rank, value in enumerate(left):
            steps = [(len(left) - at) * left[at] for at in range(rank + 1)]
            found.setdefault(value, min(1.0, max(steps)))
            found[value] = max(found[value], min(1.0, max(steps)))
        return [found[value] for value in p_values]

    assert beyond.holm(holm).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda counts, e: None, "returns None"),
        (lambda counts, e: [round(n**e) for n in counts], "must be of n / m"),
        (lambda counts, e: [round((n / min(counts)) ** e) for n in counts], "factor m is missing"),
        (lambda counts, e: [round(max(counts) ** (1 - e) * n**e) for n in counts], "smallest"),
        (
            lambda counts, e: [round(min(counts) ** e * n ** (1 - e)) for n in counts],
            "turned round",
        ),
        (lambda counts, e: [min(counts) ** (1 - e) * n**e for n in counts], "no whole numbers"),
        (lambda counts, e: list(counts), "expected"),
    ],
)
def test_mistakes_of_the_mixture_are_named(function, said: str) -> None:
    verdict = beyond.take(function)
    assert not verdict.passed and said in str(verdict)


def ranked(p_values):
    """(rank, place, value) from the smallest to the largest."""
    places = sorted(range(len(p_values)), key=lambda place: p_values[place])
    return [(rank, place, p_values[place]) for rank, place in enumerate(places)]


def unsorted_steps(p_values, limit=1.0, monotone=True, back=True):
    found, least = {}, 0.0
    for rank, place, value in ranked(p_values):
        step = (len(p_values) - rank) * value
        least = max(least, step) if monotone else step
        found[place] = min(limit, least)
    return [found[place] for place in (sorted(found) if back else found)]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda p: None, "returns None"),
        (lambda p: [min(1.0, len(p) * value) for value in p], "Bonferroni"),
        (lambda p: unsorted_steps(p, monotone=False), "largest so far"),
        (lambda p: unsorted_steps(p, back=False), "sorted order"),
        (lambda p: unsorted_steps(p, limit=99.0), "more than 1"),
        (list, "nothing is corrected"),
        (lambda p: [0.5] * len(p), "expected"),
    ],
)
def test_mistakes_of_the_correction_are_named(function, said: str) -> None:
    verdict = beyond.holm(function)
    assert not verdict.passed and said in str(verdict)
