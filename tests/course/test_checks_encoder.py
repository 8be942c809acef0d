"""The checkers of 03_encoder and 03b pass what is right and name what is wrong."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from minbert.config import SIZES, ModelConfig
from minbert.course.checks import encoder
from minbert.encoder import Encoder


def normalised(x, gain, bias, eps):
    variance = ((x - x.mean(-1, keepdim=True)) ** 2).mean(-1, keepdim=True)
    return gain * (x - x.mean(-1, keepdim=True)) / (variance + eps).sqrt() + bias


def counted(config: ModelConfig) -> int:
    return sum(parameter.numel() for parameter in Encoder(config).parameters())


def test_the_right_answers_pass() -> None:
    assert encoder.layer_norm(normalised).passed
    assert encoder.alike(encoder.token_likeness).passed
    assert encoder.rising(climbing).passed
    assert encoder.parameters(encoder.encoder_parameters).passed


def test_the_formula_counts_what_is_built(small_config: ModelConfig) -> None:
    assert encoder.encoder_parameters(small_config) == counted(small_config)
    assert encoder.encoder_parameters(SIZES["tiny"]) == counted(SIZES["tiny"])
    assert encoder.encoder_parameters(SIZES["bert-base"]) == 109_482_240


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x, g, b, eps: None, "returns None"),
        (lambda x, g, b, eps: F.layer_norm(x, x.shape[-1:], eps=eps), "not applied"),
        (
            lambda x, g, b, eps: (
                g * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps) + b
            ),
            "n - 1 (torch's default), and eps is outside",
        ),
        (
            lambda x, g, b, eps: (
                g * (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True) + eps).sqrt() + b
            ),
            "divides by n - 1",
        ),
        (
            lambda x, g, b, eps: (
                g * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True, unbiased=False) + eps)
                + b
            ),
            "outside the root",
        ),
        (
            lambda x, g, b, eps: (
                g * (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, unbiased=False) + eps)
                + b
            ),
            "square root",
        ),
        (
            lambda x, g, b, eps: g * x / (x.var(-1, keepdim=True, unbiased=False) + eps).sqrt() + b,
            "not subtracted",
        ),
        (
            lambda x, g, b, eps: normalised(x.transpose(1, 2), 1, 0, eps).transpose(1, 2) * g + b,
            "over the tokens",
        ),
        (
            lambda x, g, b, eps: g * F.layer_norm(x, x.shape, eps=eps) + b,
            "whole tensor",
        ),
        (lambda x, g, b, eps: normalised(x, g, b, eps)[..., :1], "shape"),
    ],
)
def test_what_is_wrong_with_a_layer_norm_is_said(function, said: str) -> None:
    verdict = encoder.layer_norm(function)
    assert not verdict.passed and said in str(verdict)


def likeness(own=False, unit=True, padding=False):
    def function(states, mask):
        mask = torch.ones_like(mask) if padding else mask
        return encoder.token_likeness(states, mask, own, unit)

    return function


def over_all_pairs(states, mask):
    counts = mask.sum(1) * (mask.sum(1) - 1)
    means = [encoder.token_likeness(states[[at]], mask[[at]]) for at in range(len(states))]
    return (torch.stack(means) * counts).sum() / counts.sum()


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda states, mask: None, "returns None"),
        (likeness(own=True), "with itself, too"),
        (likeness(padding=True), "padding is compared as well: keep"),
        (likeness(own=True, padding=True), "and each token with itself"),
        (likeness(unit=False), "dot products"),
        (over_all_pairs, "long texts count more"),
    ],
)
def test_what_is_wrong_with_a_likeness_is_said(function, said: str) -> None:
    verdict = encoder.alike(function)
    assert not verdict.passed and said in str(verdict)


def test_the_likeness_is_the_mean_cosine_of_different_tokens() -> None:
    states = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]]])
    assert encoder.token_likeness(states, torch.ones(1, 3)) == pytest.approx(2 * 0.5**0.5 / 3)


def climbing(steps: int, mean: float, top: float = 2.0, first: int = 1, last: int = 1):
    return torch.arange(first, steps + first, dtype=torch.float64) * top * mean / (steps + last)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda steps, mean: None, "returns None"),
        (lambda steps, mean: climbing(steps, mean, top=1.0, last=0), "about half of it"),
        (lambda steps, mean: climbing(steps, mean, last=0), "a little too large"),
        (lambda steps, mean: climbing(steps, mean, first=0, last=-1), "first rate is 0"),
        (lambda steps, mean: climbing(steps, mean).flip(0), "fall"),
        (lambda steps, mean: [mean] * steps, "constant"),
    ],
)
def test_what_is_wrong_with_rising_rates_is_said(function, said: str) -> None:
    verdict = encoder.rising(function)
    assert not verdict.passed and said in str(verdict)


def careless(config: ModelConfig, biases=1, norms=2, first=1, maps=4, pooler=1, rows=True) -> int:
    hidden, inner = config.hidden_size, config.intermediate_size
    tables = config.vocab_size
    tables += (config.max_position_embeddings + config.type_vocab_size) if rows else 0
    dense = hidden * hidden + biases * hidden
    layer = maps * dense + 2 * hidden * inner + biases * (hidden + inner) + norms * 2 * hidden
    whole = tables * hidden + first * 2 * hidden + config.num_hidden_layers * layer
    return whole + pooler * dense


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ({"biases": 0}, "biases of the dense maps"),
        ({"norms": 0, "first": 0}, "LayerNorms are missing"),
        ({"norms": 1}, "you count one"),
        ({"first": 0}, "LayerNorm of the embeddings"),
        ({"pooler": 0}, "pooler is missing"),
        ({"maps": 3}, "four dense maps"),
        ({"rows": False}, "position and segment"),
    ],
)
def test_what_is_not_counted_is_said(slip: dict, said: str) -> None:
    assert encoder.parameters(careless).passed
    verdict = encoder.parameters(lambda config: careless(config, **slip))
    assert not verdict.passed and said in str(verdict)


def test_what_is_counted_too_often_is_said() -> None:
    verdict = encoder.parameters(lambda c: careless(c) + c.vocab_size * c.hidden_size)
    assert "counted twice" in str(verdict)
    verdict = encoder.parameters(lambda c: careless(c, maps=1 + 3 * c.num_attention_heads))
    assert "heads share the width" in str(verdict)
