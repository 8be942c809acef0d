"""The checkers of 12_pair_encoding pass what is right and name what is wrong."""

from __future__ import annotations

import pytest
import torch

from minbert.course.checks import pair_encoding


def joined(*parts, dim=-1):
    return torch.cat(parts, dim=dim)


def test_the_right_ones_pass() -> None:
    assert pair_encoding.interaction(
        lambda score, a, b, c, d: (score(a, b) + score(c, d)) - (score(a, d) + score(c, b))
    ).passed
    assert pair_encoding.features(lambda u, v: joined(u, v, abs(v - u), v * u)).passed
    assert pair_encoding.segments(
        lambda first, second: [0 for _ in ["[CLS]", *first, "[SEP]"]] + [1 for _ in [*second, 0]]
    ).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda *_: None, "returns None"),
        (lambda s, a, b, c, d: s(a, b) + s(a, d) + s(c, b) + s(c, d), "count plus"),
        (lambda s, a, b, c, d: s(a, d) + s(c, b) - s(a, b) - s(c, d), "other way round"),
        (lambda s, a, b, c, d: s(a, b) - s(a, c) - s(b, d) + s(c, d), "is no pair"),
        (lambda s, a, b, c, d: s(a, b) + s(c, d), "only two pairs"),
        (lambda s, a, b, c, d: s(a, b) - s(d, a) - s(b, c) + s(c, d), "(d, a) is not (a, d)"),
        (lambda s, a, b, c, d: 0.0, "expected"),
    ],
)
def test_mistakes_of_the_interaction_are_named(function, said: str) -> None:
    verdict = pair_encoding.interaction(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda u, v: None, "returns None"),
        (lambda u, v: joined(u, v, u - v, u * v), "compares nothing"),
        (lambda u, v: joined(u, v, u * v, (u - v).abs()), "the order is"),
        (lambda u, v: joined(u, v, (u - v).abs(), u * v, dim=0), "below each other"),
        (lambda u, v: joined((u - v).abs(), u * v), "themselves are missing"),
        (joined, "cannot compare"),
        (lambda u, v: joined(u, v, (u - v).abs(), (u * v).sum(-1, True)), "element by element"),
    ],
)
def test_mistakes_of_the_features_are_named(function, said: str) -> None:
    verdict = pair_encoding.features(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda a, b: None, "returns None"),
        (lambda a, b: [0] * len(a) + [1] * len(b), "special tokens have segments"),
        (lambda a, b: [0] * (len(a) + 1) + [1] * (len(b) + 2), "first [SEP] belongs"),
        (lambda a, b: [0] * (len(a) + 1) + [1] * (len(b) + 1), "[CLS] is missing"),
        (lambda a, b: [0] * (len(a) + 2) + [1] * len(b), "last [SEP] is missing"),
        (lambda a, b: [1] * (len(a) + 2) + [2] * (len(b) + 1), "counted from 0"),
    ],
)
def test_mistakes_of_the_segments_are_named(function, said: str) -> None:
    verdict = pair_encoding.segments(function)
    assert not verdict.passed and said in str(verdict)
