"""A linear map alone, with GELU, and with the sum of two: as torch's functions have them."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def linear(states: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """(..., in) times (out, in) transposed, plus the bias."""
    return F.linear(states, weight, bias)


def linear_and_gelu(states: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """GELU, the exact one, of the linear map."""
    return F.gelu(F.linear(states, weight, bias))


def linear_and_add(states: Tensor, weight: Tensor, bias: Tensor | None, other: Tensor) -> Tensor:
    """The linear map plus `other`, (..., out)."""
    return F.linear(states, weight, bias).add_(other)
