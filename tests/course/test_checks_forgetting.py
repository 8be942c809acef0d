"""The checkers of 09_heads_and_sentiment pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from minbert.course.checks import forgetting


def asking(model):
    return torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)


def frozen(model):
    model.encoder.requires_grad_(False).eval()
    return asking(model)


def optimizer_first(model):
    optimizer = asking(model)
    model.encoder.requires_grad_(False).eval()
    return optimizer


def everything_held(model):
    model.encoder.requires_grad_(False).eval()
    return torch.optim.AdamW(model.parameters(), lr=1e-3)


def without_eval(model):
    model.encoder.requires_grad_(False)
    return asking(model)


def eval_only(model):
    model.encoder.eval()
    return asking(model)


def without_underscore(model):
    model.encoder.requires_grad = False
    model.encoder.eval()
    return asking(model)


def one_head(model):
    frozen(model)
    return torch.optim.AdamW(model.sentiment.parameters(), lr=1e-3)


def heads_too(model):
    model.requires_grad_(False).eval()
    return torch.optim.AdamW([*model.sentiment.parameters(), *model.paraphrase.parameters()])


def embeddings_only(model):
    model.encoder.embeddings.requires_grad_(False)
    model.encoder.eval()
    return asking(model)


def edits(model):
    frozen(model)
    optimizer = asking(model)
    step = optimizer.step

    def also_the_encoder():
        step()
        with torch.no_grad():
            model.encoder.pooler.dense.bias += 1

    optimizer.step = also_the_encoder
    return optimizer


def heads_by_name(model):
    frozen(model)
    return torch.optim.SGD([*model.sentiment.parameters(), *model.paraphrase.parameters()], lr=0.1)


@pytest.mark.parametrize("function", [frozen, heads_by_name])
def test_freezing_done_right_passes(function) -> None:
    verdict = forgetting.heads_optimizer(function)
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda model: None, "returns None"),
        (lambda model: model, "expected an optimizer, got MultitaskBert"),
        (lambda model: model.nothing, "raised AttributeError"),
        (optimizer_first, "still holds its weights"),
        (everything_held, "still holds its weights"),
        (without_eval, "still in training mode"),
        (eval_only, "nothing is frozen"),
        (without_underscore, "with the underscore"),
        (one_head, "does not hold the paraphrase head"),
        (heads_too, "the sentiment head is frozen too"),
        (embeddings_only, "of the encoder still ask"),
        (edits, "not what they were"),
    ],
)
def test_freezing_gone_wrong_is_named(function, said: str) -> None:
    verdict = forgetting.heads_optimizer(function)
    assert not verdict.passed and said in str(verdict), verdict


def interval(before, after, error=stats.sem, quantile=None, sign=1):
    differences = sign * np.subtract(after, before)
    factor = quantile or stats.t.ppf(0.975, len(differences) - 1)
    mean, half = differences.mean(), error(differences) * factor
    return mean, mean - half, mean + half


def test_the_paired_interval_passes() -> None:
    assert forgetting.paired_interval(interval).passed
    assert forgetting.paired_interval(
        lambda b, a: (
            float(np.mean(a) - np.mean(b)),
            *stats.ttest_rel(a, b).confidence_interval(0.95),
        )
    ).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda b, a: None, "returns None"),
        (lambda b, a: interval(b, a, sign=-1), "before - after"),
        (lambda b, a: interval(b, a, quantile=1.959964), "1.96"),
        (lambda b, a: interval(b, a, error=lambda d: d.std() / len(d) ** 0.5), "ddof=1"),
        (lambda b, a: interval(b, a, error=lambda d: d.std(ddof=1)), "one more seed"),
        (
            lambda b, a: (np.mean(a) - np.mean(b), *stats.ttest_ind(a, b).confidence_interval()),
            "unrelated samples",
        ),
        (lambda b, a: float(np.mean(a) - np.mean(b)), "shape"),
    ],
)
def test_other_intervals_are_named(function, said: str) -> None:
    verdict = forgetting.paired_interval(function)
    assert not verdict.passed and said in str(verdict), verdict
