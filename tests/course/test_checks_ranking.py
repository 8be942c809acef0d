"""The checkers of 07_negatives_ranking pass what is right and name what is wrong."""

from __future__ import annotations

import pytest
import torch

from minbert.course.checks import ranking


def mean_loss(cosines, scale):
    return -(scale * cosines).log_softmax(1).diagonal().mean()


def slope(cosines, scale):
    return scale * ((scale * cosines).softmax(1) - torch.eye(len(cosines))) / len(cosines)


def no_partner(cosines, scale):
    own = torch.eye(len(cosines)).bool()
    others = (scale * cosines).masked_fill(own, -torch.inf).logsumexp(1)
    return (others - scale * cosines.diagonal()).mean()


def test_the_right_answers_pass() -> None:
    assert ranking.loss(mean_loss).passed
    assert ranking.gradient(slope).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda c, s: None, "returns None"),
        (lambda c, s: mean_loss(c, 1.0), "not multiplied"),
        (lambda c, s: mean_loss(c, 1 / s), "divided by the scale"),
        (lambda c, s: mean_loss(c, s) * len(c), "the sum over the pairs"),
        (lambda c, s: mean_loss(c.T, s), "columns"),
        (lambda c, s: -mean_loss(c, s), "sign is wrong"),
        (no_partner, "missing in the denominator"),
        (lambda c, s: -(s * c).diagonal().mean(), "nothing pushes"),
        (lambda c, s: mean_loss(c, s) + 1, "expected"),
    ],
)
def test_a_wrong_loss_is_named(function, said: str) -> None:
    verdict = ranking.loss(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda c, s: slope(c, s) * len(c), "1/K is missing"),
        (lambda c, s: slope(c, s) / s, "factor s is missing"),
        (lambda c, s: slope(c, s) * len(c) / s, "both s and 1/K"),
        (lambda c, s: -slope(c, s), "direction of descent"),
        (lambda c, s: s * (s * c).softmax(1) / len(c), "probabilities alone"),
        (lambda c, s: slope(c.T, s).T, "columns"),
    ],
)
def test_a_wrong_gradient_is_named(function, said: str) -> None:
    verdict = ranking.gradient(function)
    assert not verdict.passed and said in str(verdict)
