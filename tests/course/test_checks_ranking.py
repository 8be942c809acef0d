"""The checkers of 07_negatives_ranking pass what is right and name what is wrong."""

from __future__ import annotations

import pytest
import torch

from minbert.course.checks import ranking


def mean_loss(cosines, scale):
    return -(scale * cosines).log_softmax(1).diagonal().mean()


def slope(cosines, scale):
    return scale * ((scale * cosines).softmax(1) - torch.eye(len(cosines))) / len(cosines)


def terms(cosines):
    return -cosines.log_softmax(1).diagonal()


def no_partner(cosines, scale):
    own = torch.eye(len(cosines)).bool()
    others = (scale * cosines).masked_fill(own, -torch.inf).logsumexp(1)
    return (others - scale * cosines.diagonal()).mean()


def test_the_right_answers_pass() -> None:
    assert ranking.loss(mean_loss).passed
    assert ranking.paper_loss(lambda c, similar: terms(c)[similar].mean()).passed
    assert ranking.gradient(slope).passed
    assert ranking.negatives_seen(7).passed


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
        (lambda c, similar: terms(c).mean(), "count as positives"),
        (lambda c, similar: terms(c)[similar].sum() / len(c), "divided by K, the batch size"),
        (lambda c, similar: terms(c[similar][:, similar]).mean(), "gone altogether"),
        (lambda c, similar: terms(c)[similar].sum(), "not divided by K_s"),
    ],
)
def test_a_wrong_paper_loss_is_named(function, said: str) -> None:
    verdict = ranking.paper_loss(function)
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


@pytest.mark.parametrize(
    ("answer", "said"),
    [(..., "no answer yet"), (31, "never meet"), (32, "32 pairs"), (8, "positive"), (28, "one of")],
)
def test_a_wrong_count_is_named(answer, said: str) -> None:
    verdict = ranking.negatives_seen(answer)
    assert not verdict.passed and said in str(verdict)
