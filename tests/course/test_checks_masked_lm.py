"""The checkers of 06 and 06b pass what is right and name what is wrong."""

from __future__ import annotations

import math

import pytest
import torch

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
    assert masked_lm.perplexity_per_word(lambda n, p, w: math.exp(n * p / w)).passed
    assert masked_lm.frequency_loss(paid).passed
    assert masked_lm.frequency_loss(lambda c, k: paid(c, k).item()).passed
    assert masked_lm.shares(lambda r, k: ((1 - r) * (1 - k), r, k * (1 - r))).passed


def paid(counts, known, added=0.1):
    p = (known + added) / (known + added).sum()
    return -(counts / counts.sum() * p.log()).sum()


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
                (c := corrupt(ids, a, b, p))[0],
                torch.where(c[1] > 0, c[0], -100),
            ),
            "not [MASK]",
        ),
        (
            "corrupt",
            lambda ids, a, b, p: (
                (c := corrupt(ids, a, b, p))[0],
                torch.where(c[0] != ids, ids, -100),
            ),
            "predicted as well",
        ),
        ("perplexity_per_word", lambda n, p, w: None, "returns None"),
        ("perplexity_per_word", lambda n, p, w: math.exp(n), "per piece: a word costs"),
        ("perplexity_per_word", lambda n, p, w: n * p / w, "loss per word"),
        ("perplexity_per_word", lambda n, p, w: math.exp(n * w / p), "swapped"),
        ("perplexity_per_word", lambda n, p, w: math.exp(n) * p / w, "multiply the loss"),
        ("perplexity_per_word", lambda n, p, w: 2 ** (n * p / w), "base is e"),
        ("frequency_loss", lambda c, k: None, "returns None"),
        ("frequency_loss", lambda c, k: paid(c, k, 0), "nothing was added"),
        ("frequency_loss", lambda c, k: paid(c, k, 1), "1 was added"),
        (
            "frequency_loss",
            lambda c, k: -(c / c.sum() * ((k + 0.1) / k.sum()).log()).sum(),
            "do not sum to 1",
        ),
        ("frequency_loss", lambda c, k: paid(c, k) * c.sum(), "sum over all words"),
        ("frequency_loss", lambda c, k: paid(k, c), "swapped"),
        ("frequency_loss", lambda c, k: -paid(c, k), "minus is missing"),
        ("frequency_loss", lambda c, k: paid(c, c, 1e-9), "entropy"),
        ("frequency_loss", lambda c, k: 1.0, "expected"),
        ("shares", lambda r, k: (1 - r - k, r, k), "intended"),
        ("shares", lambda r, k: ((1 - r) * (1 - k), r * (1 - k), k), "here it loses"),
        ("shares", lambda r, k: ((1 - r) * (1 - k), r, k), "counted twice"),
        ("shares", lambda r, k: ((1 - r) * (1 - k), r * (1 - k), k * (1 - r)), "in no share"),
        ("shares", lambda r, k: (0.5, 0.25, 0.25), "expected"),
    ],
)
def test_what_is_wrong_is_said(check: str, function, said: str) -> None:
    verdict = getattr(masked_lm, check)(function)
    assert not verdict.passed and said in str(verdict)
