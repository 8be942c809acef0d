"""The checkers of 02_attention pass what is right and name what is wrong."""

from __future__ import annotations

import pytest
import torch

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


LOWEST = torch.finfo(torch.float32).min


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda s, a: s.masked_fill(~a, LOWEST).softmax(-1), "Right"),
        (lambda s, a: s.masked_fill(~a, float("-inf")).softmax(-1), "Right"),
        (lambda s, a: s.softmax(-1) * a, "after softmax"),
        (lambda s, a: s.masked_fill(a, LOWEST).softmax(-1), "upside down"),
        (lambda s, a: (s * a).softmax(-1), "does not exclude"),
        (lambda s, a: (s + a).softmax(-1), "excludes nothing"),
        (lambda s, a: s.softmax(-1), "not used"),
        (lambda s, a: ..., "returns None"),
    ],
)
def test_masked(function, said: str) -> None:
    assert said in str(attention.masked(function))


def cut(states, heads):
    batch, seq, hidden = states.shape
    return states.view(batch, seq, heads, hidden // heads)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda s, h: cut(s, h).transpose(1, 2), "Right"),
        (lambda s, h: torch.stack(s.chunk(h, dim=-1), dim=1), "Right"),
        (lambda s, h: s.view(s.shape[0], h, s.shape[1], -1), "features of several tokens"),
        (lambda s, h: s.unflatten(-1, (-1, h)).permute(0, 3, 1, 2), "dealt out in turn"),
        (cut, "change places"),
        (lambda s, h: cut(s, h).permute(0, 2, 3, 1), "before dim"),
        (lambda s, h: None, "returns None"),
    ],
)
def test_split_heads(function, said: str) -> None:
    assert said in str(attention.split_heads(function))


def drawn(dim: int, size: float = 1.0):
    draw = torch.Generator().manual_seed(0)
    return tuple(size * torch.randn(1, 2, 3, dim, generator=draw) for _ in range(2))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda: drawn(16), "Right"),
        (lambda: drawn(64), "Right"),
        (lambda: drawn(16, size=300.0), "saturated"),
        (lambda: (100 * torch.eye(4)[None, None],) * 2, "saturated"),
        (lambda: drawn(16, size=0.001), "nearly equal"),
        (lambda: drawn(1), "dim = 1"),
        (lambda: torch.ones(3), "tuple of two tensors"),
        (lambda: (torch.ones(3, 4), torch.ones(3, 4)), "(batch, head, seq, dim)"),
        (lambda: None, "returns None"),
        (lambda: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_telling_case(function, said: str) -> None:
    assert said in str(attention.telling_case(function))
