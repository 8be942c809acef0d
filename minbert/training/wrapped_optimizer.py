"""What optimizers have in common that do something beside the steps of another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


class WrappedOptimizer:
    """An optimizer that hands everything on to the one that it wraps.

    Args:
        inner: the optimizer that moves the weights.
        parameters: which weights.
    """

    def __init__(self, inner: torch.optim.Optimizer, parameters: Sequence[Tensor]) -> None:
        self.inner, self.parameters = inner, list(parameters)

    @property
    def state(self) -> Mapping[Tensor, Any]:
        """That of the inner optimizer: holds the weights that it has moved."""
        return self.inner.state

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Those of the inner optimizer."""
        return self.inner.param_groups

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.inner.zero_grad()

    def step(self) -> None:
        """Move the weights."""
        self.inner.step()


def by_number(tensors: Sequence[Tensor]) -> dict[str, Tensor]:
    """Tensors as a checkpoint keeps them, under their places in the list."""
    return {str(number): tensor for number, tensor in enumerate(tensors)}


def in_order(kept: Mapping[str, Tensor]) -> list[Tensor]:
    """The list that `by_number` was given."""
    return [kept[str(number)] for number in range(len(kept))]
