"""Checkers of 03_encoder."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from minbert.config import SIZES, ModelConfig
from minbert.course.checks.base import Verdict, judge_function


def layer_norm(function: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> Verdict:
    """`function(x, gain, bias, eps)`: LayerNorm over the last axis of (batch, seq, hidden)."""
    draw = torch.Generator().manual_seed(3)
    cases = [
        (
            torch.randn(2, 3, width, generator=draw) * 2 + 1,
            torch.rand(width, generator=draw) + 0.5,
            torch.randn(width, generator=draw),
            eps,
        )
        for width, eps in ((3, 1e-12), (8, 0.5))
    ]

    def right(x: Tensor, gain: Tensor, bias: Tensor, eps: float) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], gain, bias, eps)

    def spread(x: Tensor, unbiased: bool, dim: int = -1) -> Tensor:
        return x.var(dim, keepdim=True, unbiased=unbiased)

    def centred(x: Tensor, dim: int = -1) -> Tensor:
        return x - x.mean(dim, keepdim=True)

    return judge_function(
        function,
        right,
        cases,
        mistakes={
            "gain and bias are not applied: the last step is gain * normalised + bias": (
                lambda x, g, b, eps: F.layer_norm(x, x.shape[-1:], eps=eps)
            ),
            "this variance divides by n - 1 (torch's default), and eps stands outside the root: "
            "LayerNorm divides by n and adds eps to the variance": (
                lambda x, g, b, eps: g * centred(x) / (x.std(-1, keepdim=True) + eps) + b
            ),
            "the variance divides by n - 1, which is torch's default: LayerNorm divides by n": (
                lambda x, g, b, eps: g * centred(x) / (spread(x, True) + eps).sqrt() + b
            ),
            "eps stands outside the root: it is added to the variance, before the root": (
                lambda x, g, b, eps: g * centred(x) / (spread(x, False).sqrt() + eps) + b
            ),
            "you divide by the variance: divide by its square root": (
                lambda x, g, b, eps: g * centred(x) / (spread(x, False) + eps) + b
            ),
            "the mean is not subtracted from x before dividing": (
                lambda x, g, b, eps: g * x / (spread(x, False) + eps).sqrt() + b
            ),
            "mean and variance run over the tokens: each token is normalised by itself, over the "
            "last axis": (
                lambda x, g, b, eps: g * centred(x, -2) / (spread(x, False, -2) + eps).sqrt() + b
            ),
            "mean and variance run over the whole tensor: each token is normalised by itself, "
            "over the last axis": (
                lambda x, g, b, eps: g * (x - x.mean()) / (x.var(unbiased=False) + eps).sqrt() + b
            ),
        },
        praise="each token has its own mean and variance, over n features, with eps in the root.",
    )


def post_norm(
    function: Callable[[Tensor, Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]], Tensor],
) -> Verdict:
    """`function(x, f, norm)`: BERT's way around a sub-layer `f`, LayerNorm(x + f(x))."""
    draw = torch.Generator().manual_seed(4)
    x = torch.randn(2, 3, 8, generator=draw) * 2
    weight = torch.randn(8, 8, generator=draw)

    def sub_layer(states: Tensor) -> Tensor:
        return (states @ weight).tanh() + 0.5

    def norm(states: Tensor) -> Tensor:
        return F.layer_norm(states, states.shape[-1:]) * 1.5

    return judge_function(
        function,
        lambda x, f, norm: norm(x + f(x)),
        [(x, sub_layer, norm)],
        mistakes={
            "this is pre-norm, x + f(norm(x)): BERT normalises after the sum": (
                lambda x, f, norm: x + f(norm(x))
            ),
            "the residual is missing: x itself has to be added to f(x)": (
                lambda x, f, norm: norm(f(x))
            ),
            "only f(x) is normalised: the sum x + f(x) has to be": lambda x, f, norm: (
                x + norm(f(x))
            ),
            "the norm is missing: this is the sum alone": lambda x, f, norm: x + f(x),
            "x is normalised before it enters f, and the sum again: post-norm has one norm": (
                lambda x, f, norm: norm(x + f(norm(x)))
            ),
            "f is not applied: this normalises x alone": lambda x, f, norm: norm(x),
        },
        praise="the sum is normalised, so every hidden state of BERT is.",
    )


def parameters(function: Callable[[ModelConfig], int]) -> Verdict:
    """`function(config)`: how many numbers an encoder with pooler learns."""
    cases = [(SIZES[name],) for name in ("tiny", "minilm", "bert-base")]
    return judge_function(
        function,
        encoder_parameters,
        cases,
        mistakes={
            "the biases of the dense maps are missing: each has one per output feature": (
                lambda c: encoder_parameters(c) - _biases(c)
            ),
            "the LayerNorms are missing: each has a gain and a bias per feature": (
                lambda c: encoder_parameters(c) - 2 * c.hidden_size * (2 * c.num_hidden_layers + 1)
            ),
            "a layer has two LayerNorms, one after each sub-layer; you count one": (
                lambda c: encoder_parameters(c) - 2 * c.hidden_size * c.num_hidden_layers
            ),
            "the LayerNorm of the embeddings is missing": (
                lambda c: encoder_parameters(c) - 2 * c.hidden_size
            ),
            "the pooler is missing: one more dense map, hidden to hidden": (
                lambda c: encoder_parameters(c) - _dense(c.hidden_size, c.hidden_size)
            ),
            "attention has four dense maps, not three: its output projection is missing": (
                lambda c: (
                    encoder_parameters(c)
                    - c.num_hidden_layers * _dense(c.hidden_size, c.hidden_size)
                )
            ),
            "heads share the width, they do not multiply it: query, key and value are hidden by "
            "hidden for all heads together": (
                lambda c: (
                    encoder_parameters(c)
                    + 3
                    * c.num_hidden_layers
                    * (c.num_attention_heads - 1)
                    * _dense(c.hidden_size, c.hidden_size)
                )
            ),
            "the vocabulary is counted twice: the decoder of the masked-language-model head is "
            "tied to the word embeddings, and it is not part of the encoder": (
                lambda c: encoder_parameters(c) + c.vocab_size * c.hidden_size
            ),
            "position and segment embeddings are missing": (
                lambda c: (
                    encoder_parameters(c)
                    - (c.max_position_embeddings + c.type_vocab_size) * c.hidden_size
                )
            ),
        },
        tolerance=0.0,
        praise="no parameter is unaccounted for, in any of the three models.",
    )


def encoder_parameters(config: ModelConfig) -> int:
    """Parameters of `Encoder(config)`, pooler included, without building it."""
    hidden, inner = config.hidden_size, config.intermediate_size
    rows = config.vocab_size + config.max_position_embeddings + config.type_vocab_size
    norm = 2 * hidden
    layer = 4 * _dense(hidden, hidden) + _dense(hidden, inner) + _dense(inner, hidden) + 2 * norm
    return rows * hidden + norm + config.num_hidden_layers * layer + _dense(hidden, hidden)


def _dense(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _biases(config: ModelConfig) -> int:
    layer = 5 * config.hidden_size + config.intermediate_size
    return config.num_hidden_layers * layer + config.hidden_size
