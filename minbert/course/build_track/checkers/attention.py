"""Piece 1: what attention must do, and what people write instead."""

from __future__ import annotations

from typing import Any

import torch

from minbert.course.build_track.judging import Case, Checker, draw, twin
from minbert.course.build_track.settings import (
    ALLOWED,
    DOUBLE,
    SMALL,
    WIDE,
    real,
    tiny_config,
    trains_apart,
)
from minbert.course.build_track.variants import Mistake


def _attend(pieces: Any, query: int, seq: int, dim: int, dtype: torch.dtype, **more: Any) -> Any:
    shapes = [(2, 3, query, dim), (2, 3, seq, dim), (2, 3, seq, dim)]
    inputs = [draw(number, *shape, dtype=dtype) for number, shape in enumerate(shapes)]
    return pieces.scaled_dot_product_attention(*inputs, **more)


def _no_key(pieces: Any) -> bool:
    nothing = torch.zeros(2, 1, 1, 5, dtype=torch.bool)
    mixed, _ = _attend(pieces, 5, 5, 4, torch.float32, allowed=nothing)
    return bool(mixed.isfinite().all())


def _dropped(pieces: Any) -> tuple[bool, bool]:
    """Whether the weights are those before dropout, and the values mixed by those after it."""
    plain, _ = _attend(pieces, 5, 5, 4, torch.float32)
    mixed, weights = _attend(pieces, 5, 5, 4, torch.float32, dropout=0.5)
    whole = torch.allclose(weights.sum(dim=-1), torch.ones(2, 3, 5), atol=1e-5)
    return whole, not torch.allclose(mixed, plain)


def _large(pieces: Any) -> Any:
    query, key, value = (draw(number, 1, 1, 4, 8) for number in range(3))
    return pieces.scaled_dot_product_attention(300 * query, key, value)[0]


def _module(pieces: Any, config: Any, dtype: torch.dtype, allowed: Any = None) -> Any:
    attention = twin(pieces, "SelfAttention", config, dtype=dtype)
    return attention(draw(9, 2, 5, config.hidden_size, dtype=dtype), allowed)


HIDDEN = ~ALLOWED
CASES = (
    Case(
        "three heads of width 4",
        lambda pieces: _attend(pieces, 5, 5, 4, torch.float32),
        "query, key and value (2, 3, 5, 4)",
    ),
    Case(
        "fewer queries than keys, in float64",
        lambda pieces: _attend(pieces, 3, 6, 16, DOUBLE),
        "query (2, 3, 3, 16), key and value (2, 3, 6, 16)",
    ),
    Case(
        "with a mask",
        lambda pieces: _attend(pieces, 5, 5, 4, torch.float32, allowed=ALLOWED),
        "query, key and value (2, 3, 5, 4), allowed (2, 1, 1, 5)",
        (("in the text that is padded", HIDDEN.any(dim=-1, keepdim=True)),),
    ),
    Case(
        "a text of nothing but padding gives no NaN",
        _no_key,
        "allowed (2, 1, 1, 5), False everywhere",
    ),
    Case("large scores", _large, "query, key and value (1, 1, 4, 8)"),
    Case(
        "dropout acts on what is mixed and not on the weights that are given",
        _dropped,
        "query, key and value (2, 3, 5, 4)",
    ),
    Case(
        "the module",
        lambda pieces: _module(pieces, SMALL, torch.float32),
        "states (2, 5, 12), 3 heads",
    ),
    Case(
        "the module, in float64",
        lambda pieces: _module(pieces, WIDE, DOUBLE),
        "states (2, 5, 16), 2 heads",
    ),
    Case(
        "the module with a mask",
        lambda pieces: _module(pieces, SMALL, torch.float32, ALLOWED),
        "states (2, 5, 12), allowed (2, 1, 1, 5)",
        (("in the text that is padded", HIDDEN.any(dim=-1)[:, 0, :, None]),),
    ),
    Case(
        "dropout acts in training and not in evaluation",
        lambda pieces: trains_apart(twin(pieces, "SelfAttention", SMALL), draw(9, 2, 5, 12)),
        "states (2, 5, 12)",
    ),
    Case(
        "the weights of tiny",
        lambda pieces: real(
            pieces, "SelfAttention", "encoder.layer.0.attention.self.", tiny_config()
        )(draw(9, 2, 6, 128)),
        "states (2, 6, 128), 4 heads",
    ),
)

FILL = "scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)"
SOFTMAX = "weights = scores.softmax(dim=-1)"
HEADS = "projected.view(batch, seq, self.num_heads, -1).transpose(1, 2)"
MISTAKES = (
    Mistake("the scores are not divided by the root of dim", ((" / dim**0.5", ""),)),
    Mistake("the scores are divided by dim, not by its square root", (("dim**0.5", "dim"),)),
    Mistake(
        "the scores are multiplied by the root of dim instead of divided",
        (("/ dim**0.5", "* dim**0.5"),),
    ),
    Mistake(
        "softmax runs over the queries: each column sums to 1, each row should",
        (("softmax(dim=-1)", "softmax(dim=-2)"),),
    ),
    Mistake(
        "the mask comes after softmax: rows of a padded text no longer sum to 1",
        (
            (FILL, "pass"),
            (
                SOFTMAX,
                f"{SOFTMAX}\n    if allowed is not None:\n        weights = weights * allowed",
            ),
        ),
    ),
    Mistake(
        "the mask is upside down: True means that a key may be looked at",
        (("~allowed", "allowed"),),
    ),
    Mistake(
        "a masked score of 0 does not exclude, for exp(0) = 1: it must be very negative",
        (("torch.finfo(scores.dtype).min", "0.0"),),
    ),
    Mistake(
        "a masked score of -10 still leaves padding a share, for exp(-10) is no 0: fill with the "
        "smallest finite number",
        (("torch.finfo(scores.dtype).min", "-10.0"),),
    ),
    Mistake(
        "the mask is added as 1 and 0, which excludes nothing",
        ((FILL, "scores = scores + allowed"),),
    ),
    Mistake("the mask is not used in scaled_dot_product_attention", ((FILL, "pass"),)),
    Mistake(
        "a row without an allowed key becomes NaN: fill with the smallest finite number, not -inf",
        (("torch.finfo(scores.dtype).min", "-torch.inf"),),
    ),
    Mistake(
        "exp overflows for large scores: take torch's softmax, or subtract the largest score first",
        ((SOFTMAX, "weights = scores.exp() / scores.exp().sum(dim=-1, keepdim=True)"),),
    ),
    Mistake(
        "one view to (batch, head, seq, dim) lets a head read features of several tokens: cut the "
        "features first, then exchange two axes",
        ((HEADS, "projected.view(batch, self.num_heads, seq, -1)"),),
    ),
    Mistake(
        "the features are dealt out to the heads in turn: a head should get neighbouring ones",
        ((HEADS, "projected.view(batch, seq, -1, self.num_heads).permute(0, 3, 1, 2)"),),
    ),
    Mistake(
        "the heads are joined without exchanging head and seq first: tokens are mixed up",
        (("mixed.transpose(1, 2).reshape", "mixed.reshape"),),
    ),
    Mistake(
        "query and key are mixed up: the query asks, so it is the first argument",
        (
            ("heads(self.query(states))", "heads(self.key(states))"),
            (
                "            heads(self.key(states)),\n            heads(self.value",
                "            heads(self.query(states)),\n            heads(self.value",
            ),
        ),
    ),
    Mistake(
        "the module does not hand its mask on",
        (
            (
                "            allowed,\n            self.dropout",
                "            None,\n            self.dropout",
            ),
        ),
    ),
    Mistake(
        "dropout acts in evaluation as well: two passes differ",
        (("self.dropout if self.training else 0.0", "self.dropout"),),
    ),
    Mistake(
        "dropout never acts on the attention weights",
        (("self.dropout if self.training else 0.0", "0.0"),),
    ),
    Mistake(
        "the weights are handed out after dropout: their rows no longer sum to 1",
        (
            (SOFTMAX, "weights = F.dropout(scores.softmax(dim=-1), dropout)"),
            (
                "return F.dropout(weights, dropout) @ value, weights",
                "return weights @ value, weights",
            ),
        ),
    ),
)

check = Checker(
    1, CASES, MISTAKES, "each row sums to 1, padding gets nothing, heads keep to themselves."
)
