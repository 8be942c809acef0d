"""Dropout from sixteen random bits a value instead of a random number a value.

Dropout asks of each value whether it is kept: that takes a few bits. torch draws a number for each
(on a CPU that costs more than the multiplication that follows). One draw of 64 bits decides on four
values here. The probability is then a multiple of 1/65,536: .1 becomes .10001.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from minbert.fast_encoder import AS_TAUGHT

VALUES_PER_DRAW = 4
LEVELS = 1 << 16
"""What sixteen bits can be."""


def kept(shape: torch.Size, p: float) -> Bool[Tensor, "*shape"]:
    """Which values dropout of probability `p` keeps; draws from torch's global CPU generator."""
    count = shape.numel()
    draws = torch.empty(-(-count // VALUES_PER_DRAW), dtype=torch.int64)
    draws.random_(-(1 << 63), None)  # all 64 bits
    bits = draws.view(torch.int16)[:count].view(shape)
    return bits >= round(p * LEVELS) - LEVELS // 2


class PackedDropout(nn.Dropout):
    """`nn.Dropout` with other draws; on a GPU, and for p = 1, torch's own.

    What is kept is scaled by 1/(1 - p), so that the mean stays.
    """

    def forward(self, states: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Set values to zero while training; otherwise the states as they are."""
        if not self.training or not 0 < self.p < 1 or states.device.type != "cpu":
            return super().forward(states)
        return states * kept(states.shape, self.p).to(states.dtype).mul_(1 / (1 - self.p))


def pack_dropout(module: nn.Module, packed: bool) -> None:
    """Let every dropout layer in `module` draw so, or as torch does; nothing else changes.

    Off, both do nothing: an encoder that has either may take the fast pass.
    """
    AS_TAUGHT.setdefault(PackedDropout, PackedDropout.forward)
    wanted = PackedDropout if packed else nn.Dropout
    for part in list(module.modules()):
        for name, child in part.named_children():
            if isinstance(child, nn.Dropout) and type(child) is not wanted:
                setattr(part, name, wanted(child.p).train(child.training))
