"""Where to compute, and with how many bits."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

PRECISIONS = ("auto", "fp32", "bf16")
DEVICES = ("auto", "cpu", "cuda")
LONGEST_PLAIN = 256
"""Word pieces up to which `plain_is_faster` may say so."""


def resolve_device(name: str = "auto") -> torch.device:
    """The device a name stands for; `auto` takes a CUDA GPU when torch sees one.

    Raises:
        ValueError: the name is unknown, or asks for a GPU that is not there.
    """
    if name not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, got {name!r}")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ValueError("device cuda was asked for, but torch sees no CUDA GPU on this machine")
    return torch.device("cuda" if name != "cpu" and available else "cpu")


def multiplies_bf16_fast(device: torch.device) -> bool:
    """Whether bf16 products are faster than fp32 here: CUDA from Ampere on, CPUs with AMX or
    AVX512-BF16. Other CPUs emulate bf16 and get slower."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    # Since torch 2.6; a later release that drops them falls back to fp32, which is only slower.
    probes = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, probe, bool)() for probe in probes)


def resolve_precision(name: str = "auto", device: torch.device | None = None) -> str:
    """`fp32` or `bf16`; `auto` takes bf16 where the device multiplies it fast.

    Raises:
        ValueError: the name is none of `PRECISIONS`.
    """
    if name not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {name!r}")
    if name != "auto":
        return name
    return "bf16" if multiplies_bf16_fast(device or torch.device("cpu")) else "fp32"


def autocast(precision: str, device: torch.device) -> AbstractContextManager:
    """A context in which matrix products run in `precision`.

    Weights, LayerNorm's statistics, losses and the optimizer stay in fp32; bf16 has fp32's range,
    so no loss scaling is needed.
    """
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def plain_is_faster(query: Tensor) -> bool:
    """Whether attention written out takes less time than torch's fused kernel.

    So it is in bfloat16 on a CPU, above all on the way back: the fused kernel's gradient takes
    several times as long as the products of the plain path, which holds the weights in return
    (measured: `findings/bf16_attention_pays_on_the_way_back.sh`). In long texts the gain is small
    and the weights are many.

    Args:
        query: (batch, head, seq, dim).
    """
    if query.dtype != torch.bfloat16 or query.device.type != "cpu":
        return False  # before the length is looked at: an export knows no length yet
    return query.shape[-2] <= LONGEST_PLAIN
