"""The mean of the weights that a training goes through at its end.

The last steps of a training wander around a low point of the loss; the mean of the places lies
nearer to it than the last one. Unlike the mean of several models' answers it costs nothing when a
question is answered, and next to nothing in training.

Source: Polyak and Juditsky (1992); for neural networks Izmailov et al. (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from minbert.training.wrapped_optimizer import WrappedOptimizer, by_number, in_order

EVERY = 5
"""Steps from one place to the next; neighbours hardly differ."""


class AveragingOptimizer(WrappedOptimizer):
    """An optimizer that also adds up the weights after some of its last steps.

    Args:
        inner: the optimizer that moves them.
        parameters: which weights.
        begins: the step, counted from 1, after which the first places are added.
    """

    def __init__(
        self, inner: torch.optim.Optimizer, parameters: Sequence[Tensor], begins: int
    ) -> None:
        super().__init__(inner, parameters)
        self.begins = begins
        self.steps = self.places = 0
        self.sums: list[Tensor] = []

    @torch.no_grad()
    def step(self) -> None:
        """Move the weights, and add where they are to the sum if its time has come."""
        super().step()
        self.steps += 1
        if self.steps < self.begins or self.steps % EVERY:
            return
        self.places += 1
        if self.places == 1:
            self.sums = [parameter.detach().clone() for parameter in self.parameters]
        else:
            torch._foreach_add_(self.sums, [parameter.detach() for parameter in self.parameters])

    @torch.no_grad()
    def finish(self) -> None:
        """Move the weights to the mean; they stay where they are if nothing was added.

        So do those that never had a gradient: a mean of equal numbers may be another by rounding.
        """
        for parameter, total in zip(self.parameters, self.sums, strict=bool(self.sums)):
            if parameter in self.inner.state:
                parameter.copy_(total / self.places)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a resumed training needs."""
        return {
            "inner": self.inner.state_dict(),
            "steps": self.steps,
            "places": self.places,
            "sums": by_number(self.sums),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.inner.load_state_dict(state["inner"])
        self.steps, self.places = state["steps"], state["places"]
        self.sums = in_order(state["sums"])
