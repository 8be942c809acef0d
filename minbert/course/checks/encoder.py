"""Checkers of 03_encoder and 03b_norms_and_dropout."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
            "this variance divides by n - 1 (torch's default), and eps is outside the root: "
            "LayerNorm divides by n and adds eps to the variance": (
                lambda x, g, b, eps: g * centred(x) / (x.std(-1, keepdim=True) + eps) + b
            ),
            "the variance divides by n - 1, which is torch's default: LayerNorm divides by n": (
                lambda x, g, b, eps: g * centred(x) / (spread(x, True) + eps).sqrt() + b
            ),
            "eps is outside the root: it is added to the variance, before the root": (
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


def alike(function: Callable[[Tensor, Tensor], float]) -> Verdict:
    """`function(states, mask)`: mean cosine of two different tokens of a text, over all texts."""
    draw = torch.Generator().manual_seed(4)
    states = torch.randn(3, 5, 6, generator=draw) + 0.5
    mask = (torch.arange(5)[None, :] < torch.tensor([5, 2, 3])[:, None]).long()

    def with_padding(states: Tensor, mask: Tensor) -> Tensor:
        return token_likeness(states, torch.ones_like(mask))

    def all_pairs(states: Tensor, mask: Tensor) -> Tensor:
        counts = mask.sum(1) * (mask.sum(1) - 1)
        each = [token_likeness(s[None], m[None]) for s, m in zip(states, mask, strict=True)]
        return (torch.stack(each) * counts).sum() / counts.sum()

    return judge_function(
        function,
        lambda states, mask: token_likeness(states, mask).item(),
        [(states, mask), (states.flip(0), mask.flip(0))],
        mistakes={
            "each token is compared with itself, too, which adds a 1 a token: leave those out": (
                lambda states, mask: token_likeness(states, mask, own=True)
            ),
            "padding is compared as well: keep the tokens with a 1 in the mask": with_padding,
            "padding is compared as well, and each token with itself": (
                lambda states, mask: token_likeness(states, torch.ones_like(mask), own=True)
            ),
            "these are dot products: divide each vector by its length first": (
                lambda states, mask: token_likeness(states, mask, unit=False)
            ),
            "this is the mean over all pairs together, so long texts count more: take each text's "
            "mean first, then the mean over texts": all_pairs,
        },
        praise="each text counts once, padding and a token's cosine with itself do not.",
    )


def token_likeness(states: Tensor, mask: Tensor, own: bool = False, unit: bool = True) -> Tensor:
    """The answer of `alike`, or a mistaken one.

    Args:
        own: a token's cosine with itself counts as well.
        unit: vectors are divided by their lengths.
    """
    means = []
    for text, real in zip(states, mask.bool(), strict=True):
        rows = F.normalize(text[real], dim=-1) if unit else text[real]
        products = rows @ rows.T
        different = torch.ones_like(products).bool() if own else ~torch.eye(len(rows)).bool()
        means.append(products[different].mean())
    return torch.stack(means).mean()


def rising(function: Callable[[int, float], Sequence[float]]) -> Verdict:
    """`function(steps, mean)`: rates in proportion to the step (1, 2, …) with the given mean."""

    def right(steps: int, mean: float) -> list[float]:
        return [2 * mean * step / (steps + 1) for step in range(1, steps + 1)]

    return judge_function(
        lambda steps, mean: _as_floats(function(steps, mean)),
        right,
        [(4, 1.0), (80, 0.003)],
        mistakes={
            "the last rate is `mean`, so the mean is about half of it: the mean must be `mean`": (
                lambda steps, mean: [mean * step / steps for step in range(1, steps + 1)]
            ),
            "the last rate is twice the mean, which gives a mean a little too large: the steps 1 "
            "to n have the mean (n + 1) / 2": (
                lambda steps, mean: [2 * mean * step / steps for step in range(1, steps + 1)]
            ),
            "the first rate is 0: a rate is in proportion to its step, and steps begin at 1": (
                lambda steps, mean: [2 * mean * step / (steps - 1) for step in range(steps)]
            ),
            "these rates fall: they have to rise": lambda steps, mean: right(steps, mean)[::-1],
            "these rates are constant: they have to rise": lambda steps, mean: [mean] * steps,
        },
        tolerance=1e-9,
        praise="the rates rise evenly, and their mean is what was asked for.",
    )


def _as_floats(rates: Sequence[float] | None) -> list[float] | None:
    return None if rates is None or rates is ... else [float(rate) for rate in rates]


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
