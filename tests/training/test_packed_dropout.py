"""Dropout from sixteen bits a value: what nn.Dropout does, with other draws."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.fast_encoder import ready
from minbert.inference import encode_rows, pooled_as
from minbert.training.packed_dropout import PackedDropout, kept, pack_dropout
from minbert.training.recipe import RECIPES
from minbert.training.vectors import set_dropout


@pytest.mark.parametrize("p", [0.001, 0.1, 0.3, 0.5, 0.9])
def test_it_keeps_as_many_as_it_should(p: float) -> None:
    torch.manual_seed(3)
    count = 400_003  # no multiple of four
    found = kept(torch.Size([count]), p)
    off = abs(found.float().mean().item() - (1 - p))
    assert off < 5 * (p * (1 - p) / count) ** 0.5 + 1 / 65_536


def test_the_values_of_one_draw_do_not_know_of_each_other() -> None:
    torch.manual_seed(4)
    values = kept(torch.Size([100_000, 4]), 0.3).float()
    assert (torch.corrcoef(values.T) - torch.eye(4)).abs().max() < 5 / 100_000**0.5


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_kept_values_are_scaled_and_their_gradients_too(dtype: torch.dtype) -> None:
    torch.manual_seed(5)
    states = torch.ones(7, 5, 3, dtype=dtype, requires_grad=True)
    found = PackedDropout(0.25)(states)
    assert found.dtype == dtype
    assert set(found.detach().flatten().tolist()) == {0.0, torch.tensor(4 / 3, dtype=dtype).item()}
    found.sum().backward()
    assert torch.equal(states.grad, found.detach())


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_at_the_ends_and_in_evaluation_it_is_torchs(p: float) -> None:
    states = torch.randn(6, 4)
    layer = PackedDropout(p)
    assert torch.equal(layer(states), nn.Dropout(p)(states))
    assert torch.equal(PackedDropout(0.5).eval()(states), states)


def test_a_seed_decides_what_is_drawn() -> None:
    first, again = (torch.manual_seed(6) and kept(torch.Size([99]), 0.5) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, kept(torch.Size([99]), 0.5))


def test_a_recipe_says_which_and_weights_keep_their_names() -> None:
    config = ModelConfig(
        vocab_size=9,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=6,
    )
    encoder = Encoder(config)
    names = list(copy.deepcopy(encoder).state_dict())
    for packed in (True, False):
        recipe = replace(RECIPES["lab"], packed_dropout=packed, dropout=0.2)
        set_dropout(encoder, recipe)
        layers = [part for part in encoder.modules() if isinstance(part, nn.Dropout)]
        assert len(layers) == 5
        assert {type(layer) for layer in layers} == {PackedDropout if packed else nn.Dropout}
        assert {layer.p for layer in layers} == {0.2}
        assert list(encoder.state_dict()) == names
    encoder.eval()
    pack_dropout(encoder, True)
    assert not any(part.training for part in encoder.modules())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_an_encoder_with_it_takes_the_fast_pass_when_it_does_not_train(precision: str) -> None:
    config = ModelConfig(
        vocab_size=30,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    encoder = Encoder(config).train()
    plain = encode_rows(
        [[2, 5, 3], [2, 7, 8, 3]], encoder, 0, pooled_as("mean"), precision=precision
    )
    pack_dropout(encoder, True)
    assert isinstance(encoder.embeddings.dropout, PackedDropout)
    assert ready(encoder, precision) is not None
    packed = encode_rows(
        [[2, 5, 3], [2, 7, 8, 3]], encoder, 0, pooled_as("mean"), precision=precision
    )
    assert torch.equal(packed, plain) and encoder.training

    class Stays(PackedDropout):
        def forward(self, states: torch.Tensor) -> torch.Tensor:
            return 2 * states

    encoder.embeddings.dropout = Stays(0.1)
    assert ready(encoder, precision) is None
