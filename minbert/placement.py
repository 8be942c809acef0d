"""Where a model is and in which numbers: what every module can be asked."""

from __future__ import annotations

import torch
from torch import nn


class Placed(nn.Module):
    """A module with weights, which says where they are; `transformers` has the same two names."""

    @property
    def device(self) -> torch.device:
        """That of its first weight; `to(device)` moves all of them."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """That of its first weight; computing in bf16 under autocast leaves it float32."""
        return next(self.parameters()).dtype
