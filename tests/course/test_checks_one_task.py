"""The checkers of 04_one_task pass what is right and name what is wrong."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from minbert.course.checks import one_task


def first_steps(step: int) -> float:
    """Length of a step of Adam under the slope 1, from its two running means."""
    mean = square = 0.0
    for _ in range(step):
        mean, square = 0.9 * mean + 0.1, 0.999 * square + 0.001
    return mean / square**0.5


def test_the_means_written_out_pass() -> None:
    assert one_task.uncorrected(first_steps).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda step: (1 - 0.9**step) / (1 - 0.999**step), "root is missing"),
        (lambda step: 1 / first_steps(step), "inverse"),
        (lambda step: (1 - 0.999**step) / (1 - 0.9**step) ** 0.5, "exchanged"),
        (lambda step: 1, "corrected step"),
        (lambda step: first_steps(1), "first step only"),
        (lambda step: 0.9**step / 0.999 ** (step / 2), "1 minus that"),
    ],
)
def test_mistakes_of_an_uncorrected_step_are_named(function, said: str) -> None:
    verdict = one_task.uncorrected(function)
    assert not verdict.passed and said in str(verdict)


def test_a_stub_is_told_to_return() -> None:
    assert "returns None" in str(one_task.uncorrected(lambda *arguments: None))
    assert "returns None" in str(one_task.weighted_loss(lambda *arguments: None))


def test_the_weighted_mean_passes() -> None:
    def right(logits, labels, weights):
        return F.cross_entropy(logits[weights > 0], labels[weights > 0])

    assert one_task.weighted_loss(right).passed


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda each, weights: (each.mean() * weights).sum() / weights.sum(), "they cancel"),
        (lambda each, weights: (each * weights).mean(), "it is counted"),
        (lambda each, weights: (each * weights).sum(), "this is the sum"),
        (lambda each, weights: each * weights, "one by one"),
        (lambda each, weights: each[weights == 0].sum() / (weights == 0).sum(), "of the padding"),
    ],
)
def test_mistakes_of_the_mean_are_named(mistake, said: str) -> None:
    def function(logits, labels, weights):
        return mistake(F.cross_entropy(logits, labels, reduction="none"), weights)

    verdict = one_task.weighted_loss(function)
    assert not verdict.passed and said in str(verdict)


def test_a_difference_without_a_name_is_shown_with_numbers() -> None:
    verdict = one_task.weighted_loss(lambda logits, labels, weights: torch.tensor(0.5))
    assert "expected" in str(verdict)
