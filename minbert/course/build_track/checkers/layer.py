"""Piece 3: what a layer must do, and what people write instead."""

from __future__ import annotations

from typing import Any

import torch

from minbert.course.build_track.judging import Case, Checker, draw, twin
from minbert.course.build_track.settings import (
    ALL_DROPPED,
    ALLOWED,
    DOUBLE,
    SMALL,
    WIDE,
    real,
    tiny_config,
)
from minbert.course.build_track.variants import Mistake


def _add(pieces: Any, width: int, config: Any, dtype: torch.dtype, train: bool = False) -> Any:
    module = twin(pieces, "AddAndNorm", width, config, dtype=dtype).train(train)
    residual = draw(2, 2, 5, config.hidden_size, dtype=dtype)
    return module(draw(1, 2, 5, width, dtype=dtype), residual)


def _layer(pieces: Any, config: Any, dtype: torch.dtype, allowed: Any = None) -> Any:
    states = draw(3, 2, 5, config.hidden_size, dtype=dtype)
    return twin(pieces, "Layer", config, dtype=dtype)(states, allowed)


def _twice(pieces: Any) -> bool:
    module, states = twin(pieces, "Layer", SMALL), draw(3, 2, 5, 12)
    return torch.equal(module(states), module(states))


CASES = (
    Case(
        "AddAndNorm",
        lambda pieces: _add(pieces, 12, SMALL, torch.float32),
        "result and residual (2, 5, 12)",
    ),
    Case(
        "AddAndNorm from another width, in float64",
        lambda pieces: _add(pieces, 24, WIDE, DOUBLE),
        "result (2, 5, 24), residual (2, 5, 16)",
    ),
    Case(
        "AddAndNorm in training, everything dropped",
        lambda pieces: _add(pieces, 20, ALL_DROPPED, torch.float32, train=True),
        "result (2, 5, 20), residual (2, 5, 12)",
    ),
    Case("a layer", lambda pieces: _layer(pieces, SMALL, torch.float32), "states (2, 5, 12)"),
    Case("a layer in float64", lambda pieces: _layer(pieces, WIDE, DOUBLE), "states (2, 5, 16)"),
    Case(
        "a layer with a mask",
        lambda pieces: _layer(pieces, SMALL, torch.float32, ALLOWED),
        "states (2, 5, 12), allowed (2, 1, 1, 5)",
        (("in the text that is padded", (~ALLOWED).any(dim=-1)[:, 0, :, None]),),
    ),
    Case("evaluation gives the same twice", _twice, "states (2, 5, 12)"),
    Case(
        "the weights of tiny",
        lambda pieces: real(pieces, "Layer", "encoder.layer.1.", tiny_config())(draw(4, 2, 6, 128)),
        "states (2, 6, 128)",
    ),
)

GELU = "F.gelu(self.intermediate.dense(attended))"
NORM = "self.LayerNorm(residual + projected)"
MISTAKES = (
    Mistake(
        "what went in is not added: the residual connection is missing",
        ((NORM, "self.LayerNorm(projected)"),),
    ),
    Mistake(
        "only the result is normalised: BERT normalises the sum (post-norm)",
        ((NORM, "residual + self.LayerNorm(projected)"),),
    ),
    Mistake("LayerNorm is missing after the sum", ((NORM, "residual + projected"),)),
    Mistake(
        "this is GELU's tanh approximation: BERT's is exact (plain F.gelu)",
        ((GELU, 'F.gelu(self.intermediate.dense(attended), approximate="tanh")'),),
    ),
    Mistake("this is ReLU: BERT's feed-forward network has GELU", (("F.gelu", "F.relu"),)),
    Mistake(
        "the feed-forward network has no activation: two linear layers are one",
        ((GELU, "self.intermediate.dense(attended)"),),
    ),
    Mistake(
        "the second residual is the layer's input: it should be what attention's AddAndNorm gave",
        (("self.output(inner, attended)", "self.output(inner, states)"),),
    ),
    Mistake(
        "the feed-forward network reads the layer's input: it should read attention's result",
        (("self.intermediate.dense(attended)", "self.intermediate.dense(states)"),),
    ),
    Mistake(
        "the mask is not handed on to attention",
        (("self.attention.self(states, allowed)", "self.attention.self(states)"),),
    ),
    Mistake(
        "attention's result is added to itself: the residual is what went into attention",
        (("self.attention.output(mixed, states)", "self.attention.output(mixed, mixed)"),),
    ),
    Mistake(
        "LayerNorm has torch's eps: give it the configuration's layer_norm_eps",
        ((", eps=config.layer_norm_eps", ""),),
    ),
    Mistake(
        "dropout acts on the sum, so that what went in is lost: it acts on the result alone",
        (
            ("self.dropout(self.dense(result))", "self.dense(result)"),
            (NORM, "self.LayerNorm(self.dropout(residual + projected))"),
        ),
    ),
    Mistake(
        "dropout comes after LayerNorm: it acts on the projected result, before the sum",
        (
            ("self.dropout(self.dense(result))", "self.dense(result)"),
            (NORM, f"self.dropout({NORM})"),
        ),
    ),
    Mistake("dropout is missing", (("self.dropout(self.dense(result))", "self.dense(result)"),)),
    Mistake(
        "dropout acts in evaluation as well: two passes differ",
        (("self.dropout(self.dense(result))", "F.dropout(self.dense(result), self.dropout.p)"),),
    ),
    Mistake(
        "attention's output goes on without its own AddAndNorm",
        (("attended = self.attention.output(mixed, states)", "attended = mixed"),),
    ),
)

check = Checker(3, CASES, MISTAKES, "attention mixes tokens, the rest works on each alone.")
