"""In bfloat16 on a CPU attention is written out: as exact as torch's kernel, and not in fp32."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from minbert.attention import SelfAttention
from minbert.config import SIZES
from minbert.precision import plain_is_faster

DRAW = torch.Generator().manual_seed(0)
ALLOWED = torch.arange(24) < torch.tensor([24, 24, 17, 9, 1, 0])[:, None, None, None]


@pytest.fixture
def layer() -> SelfAttention:
    torch.manual_seed(1)
    return SelfAttention(replace(SIZES["tiny"], attention_probs_dropout_prob=0.0))


def states_of(layer: SelfAttention) -> Tensor:
    return torch.randn(6, 24, layer.query.in_features, generator=DRAW)


def attended(
    layer: SelfAttention, states: Tensor, precision: torch.dtype, **how: bool
) -> tuple[Tensor, Tensor]:
    """Output, and the gradient of the states."""
    given = states.clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == torch.bfloat16):
        mixed, _ = layer(given, ALLOWED, **how)
    assert mixed.dtype == precision
    (gradient,) = torch.autograd.grad(mixed.float().sin().sum(), given)
    return mixed.detach().float(), gradient


def away(one: Tensor, other: Tensor) -> float:
    return ((one - other).norm() / other.norm()).item()


def test_output_and_gradient_are_as_exact_as_those_of_torchs_kernel(
    layer: SelfAttention, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = states_of(layer)
    exact = attended(layer, states, torch.float32)
    plain = attended(layer, states, torch.bfloat16)
    monkeypatch.setattr("minbert.attention.plain_is_faster", lambda query: False)
    fused = attended(layer, states, torch.bfloat16)
    for found, kernel, right in zip(plain, fused, exact, strict=True):
        assert 0 < away(found, right) < 2 * away(kernel, right) < 0.03


def test_it_is_the_path_that_returns_the_weights(layer: SelfAttention) -> None:
    states = states_of(layer)
    shown = attended(layer, states, torch.bfloat16, return_attention=True)
    for one, other in zip(attended(layer, states, torch.bfloat16), shown, strict=True):
        assert torch.equal(one, other)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert layer(states, ALLOWED)[1] is None
        assert layer(states, ALLOWED, return_attention=True)[1].shape[-2:] == (24, 24)


def test_in_fp32_torchs_kernel_is_called(
    layer: SelfAttention, monkeypatch: pytest.MonkeyPatch
) -> None:
    called, kernel = [], F.scaled_dot_product_attention

    def counted(*given: Tensor, **how: object) -> Tensor:
        called.append(given[0].dtype)
        return kernel(*given, **how)

    monkeypatch.setattr(F, "scaled_dot_product_attention", counted)
    attended(layer, states_of(layer), torch.float32)
    attended(layer, states_of(layer), torch.bfloat16)
    assert called == [torch.float32]

    assert plain_is_faster(torch.zeros(1, 256, 1, dtype=torch.bfloat16))
    assert not plain_is_faster(torch.zeros(1, 257, 1, dtype=torch.bfloat16))
    assert not plain_is_faster(torch.zeros(1, 1, 1, dtype=torch.float16))
    assert not plain_is_faster(torch.zeros(1, 1, 1, dtype=torch.bfloat16, device="meta"))
