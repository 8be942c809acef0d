"""The checkers of 06_masked_language_model pass what is right and name what is wrong."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from minbert.course.checks import masked_lm


def corrupt(ids, first, second, pieces, masked=0.8, until=0.9, special=5):
    chosen = (first < 0.15) & (ids >= special)
    corrupted = ids.clone()
    corrupted[chosen & (second < masked)] = 4
    at_random = chosen & (second >= masked) & (second < until)
    corrupted[at_random] = pieces[at_random]
    return corrupted, torch.where(chosen, ids, -100)


def test_the_right_answers_pass() -> None:
    assert masked_lm.corrupt(corrupt).passed
    assert masked_lm.masked_loss(lambda x, y: F.cross_entropy(x.flatten(0, -2), y.flatten())).passed
    assert masked_lm.shares(lambda r, k: ((1 - r) * (1 - k), r, k * (1 - r))).passed


def everything(x, y):
    return x.log_softmax(-1).flatten(0, -2), y.flatten()


def chosen(x, y):
    scores, labels = everything(x, y)
    return scores[labels != -100, labels[labels != -100]]


@pytest.mark.parametrize(
    ("check", "function", "said"),
    [
        ("corrupt", lambda ids, a, b, p: None, "returns None"),
        ("corrupt", lambda ids, a, b, p: corrupt(ids, a, a, p), "one draw decides"),
        ("corrupt", lambda ids, a, b, p: corrupt(ids, a, b, p, special=0), "[PAD]"),
        ("corrupt", lambda ids, a, b, p: corrupt(ids, a, b, p, masked=1.0), "becomes [MASK]"),
        ("corrupt", lambda ids, a, b, p: (corrupt(ids, a, b, p)[0], ids), "all positions"),
        ("corrupt", lambda ids, a, b, p: corrupt(ids, a, b, p, 0.1, 0.9), "swapped"),
        (
            "corrupt",
            lambda ids, a, b, p: (
                (c := corrupt(ids, a, b, p))[0], torch.where(c[1] > 0, c[0], -100),
            ),
            "not [MASK]",
        ),
        (
            "corrupt",
            lambda ids, a, b, p: (
                (c := corrupt(ids, a, b, p))[0], torch.where(c[0] != ids, ids, -100),
            ),
            "predicted as well",
        ),
        ("masked_loss", lambda x, y: -chosen(x, y).sum() / y.numel(), "number of all positions"),
        ("masked_loss", lambda x, y: -chosen(x, y).sum(), "this is the sum"),
        ("masked_loss", lambda x, y: chosen(x, y).mean(), "minus is missing"),
        ("masked_loss", lambda x, y: -chosen(x, y).mean() / 0.6931472, "bits"),
        ("masked_loss", lambda x, y: 1 - chosen(x, y).exp().mean(), "logarithm"),
        (
            "masked_loss",
            lambda x, y: F.cross_entropy(x.flatten(0, -2), y.flatten().clamp(min=0)),
            "piece 0",
        ),
        (
            "masked_loss",
            lambda x, y: (
                -everything(x, y)[0].gather(-1, (everything(x, y)[1] % x.shape[-1])[:, None]).mean()
            ),
            "from the end",
        ),
        (
            "masked_loss",
            lambda x, y: (
                -x.flatten(0, -2)[y.flatten() != -100]
                .gather(-1, y.flatten()[y.flatten() != -100][:, None])
                .mean()
            ),
            "softmax is missing",
        ),
        ("shares", lambda r, k: (1 - r - k, r, k), "intended"),
        ("shares", lambda r, k: ((1 - r) * (1 - k), r * (1 - k), k), "here it loses"),
        ("shares", lambda r, k: ((1 - r) * (1 - k), r, k), "counted twice"),
        ("shares", lambda r, k: ((1 - r) * (1 - k), r * (1 - k), k * (1 - r)), "in no share"),
        ("shares", lambda r, k: (0.5, 0.25, 0.25), "expected"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(check: str, function, said: str) -> None:
    verdict = getattr(masked_lm, check)(function)
    assert not verdict.passed and said in str(verdict)
