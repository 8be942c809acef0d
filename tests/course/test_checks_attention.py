"""The checkers of 02_attention pass what is right and name what is wrong."""

from __future__ import annotations

import pytest

from minbert.course.checks import attention


def right(query, key):
    return (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5).softmax(-1)


def test_the_right_weights_pass() -> None:
    assert attention.weights(right).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda q, k: None, "returns None"),
        (lambda q, k: (q @ k.transpose(-2, -1)).softmax(-1), "not divided"),
        (lambda q, k: right(q, k).transpose(-2, -1)[..., :1], "shape"),
        (lambda q, k: right(k, q) * float("nan"), "NaN"),
    ],
)
def test_what_is_wrong_is_said(function, said: str) -> None:
    verdict = attention.weights(function)
    assert not verdict.passed and said in str(verdict)
