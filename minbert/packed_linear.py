"""The maps of `minbert.plain_linear` for matrices that are laid out as the processor reads them.

torch multiplies by oneDNN, which wants a matrix in blocks and makes them anew in each product. For
one short sentence that takes as long as the product. torch's compiler lays them out once, by
operators that every build with oneDNN has; they are called here by hand. GELU and a sum go along
with the product in one pass over memory. The operators have no promise of torch's to stay: where
one is missing, refuses, or computes something else, `packing_pays` says no.
"""

from __future__ import annotations

import platform
from functools import cache

import torch
from torch import Tensor

from minbert import plain_linear

LEAST_WIDTH = 256
"""Of the hidden states; narrower encoders gain little, and keep their numbers to the last digit."""


def packing_pays(weight: Tensor, dtype: torch.dtype) -> bool:
    """Whether matrices as wide as this one are to be laid out, to multiply in `dtype`."""
    return weight.device.type == "cpu" and weight.shape[0] >= LEAST_WIDTH and _works(dtype)


def packed(weight: Tensor) -> Tensor:
    """A copy of a matrix (out, in), for this module's maps alone."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.detach(), None)


def linear(states: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """As in `minbert.plain_linear`."""
    return torch.ops.mkldnn._linear_pointwise(states, weight, bias, "none", [], "")


def linear_and_gelu(states: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """As in `minbert.plain_linear`."""
    return torch.ops.mkldnn._linear_pointwise(states, weight, bias, "gelu", [], "none")


def linear_and_add(states: Tensor, weight: Tensor, bias: Tensor | None, other: Tensor) -> Tensor:
    """As in `minbert.plain_linear`; in bf16 the sum is rounded once, not twice."""
    return torch.ops.mkldnn._linear_pointwise.binary(states, other, weight, bias, "add")


@cache
def _works(dtype: torch.dtype) -> bool:
    """Whether the operators are there, on a kind of processor that was tried, and are right."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    if not torch.backends.mkldnn.is_available():
        return False
    draw = torch.Generator().manual_seed(0)
    states, weight, other = (
        torch.randn(shape, generator=draw).to(dtype) for shape in ((2, 3, 32), (48, 32), (2, 3, 48))
    )
    try:
        with torch.inference_mode():
            ready = packed(weight)
            pairs = [
                (module_linear(states, ready, None, *more), of(states, weight, None, *more))
                for module_linear, of, more in (
                    (linear, plain_linear.linear, ()),
                    (linear_and_gelu, plain_linear.linear_and_gelu, ()),
                    (linear_and_add, plain_linear.linear_and_add, (other,)),
                )
            ]
    except (AttributeError, NotImplementedError, RuntimeError):
        return False
    away = 1e-4 if dtype == torch.float32 else 0.2  # of numbers up to 20
    return all((one - same).abs().max().item() < away for one, same in pairs)
