"""The checkers of 03_encoder pass what is right and name what is wrong."""

from __future__ import annotations

import pytest
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
    assert encoder.post_norm(lambda x, f, norm: norm(f(x) + x)).passed
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
            "n - 1 (torch's default), and eps stands outside",
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


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x, f, norm: x + f(norm(x)), "pre-norm"),
        (lambda x, f, norm: norm(f(x)), "residual is missing"),
        (lambda x, f, norm: x + norm(f(x)), "only f(x)"),
        (lambda x, f, norm: x + f(x), "norm is missing"),
        (lambda x, f, norm: norm(x + f(norm(x))), "one norm"),
        (lambda x, f, norm: norm(x), "f is not applied"),
        (lambda x, f, norm: norm(x, f), "raised TypeError"),
    ],
)
def test_what_is_wrong_with_a_post_norm_is_said(function, said: str) -> None:
    verdict = encoder.post_norm(function)
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
