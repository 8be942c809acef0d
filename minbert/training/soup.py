"""The mean of the weights of several trainings from the same start: a model soup.

Trainings that differ only in their draws (the order of batches, dropout) end in one valley of the
loss, and the middle between them answers about as well as all of them asked together. It costs
their training times, and nothing when a question is answered.

Source: Wortsman et al. (2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from minbert.training.wrapped_optimizer import WrappedOptimizer, by_number, in_order


class SoupOptimizer(WrappedOptimizer):
    """An optimizer that brings the weights back to their start at the end of each training.

    Args:
        inner: the optimizer that moves them; its memory is emptied at each new start.
        parameters: which weights.
        members: how many trainings.
    """

    def __init__(
        self, inner: torch.optim.Optimizer, parameters: Sequence[Tensor], members: int
    ) -> None:
        super().__init__(inner, parameters)
        self.members, self.ended = members, 0
        self.start = [parameter.detach().clone() for parameter in self.parameters]
        self.sums = [torch.zeros_like(parameter) for parameter in self.start]

    @torch.no_grad()
    def end_member(self) -> None:
        """Keep where a training has ended, and begin the next one where the first began.

        After the last one the weights move to the mean. Those that never had a gradient stay.
        """
        torch._foreach_add_(self.sums, [parameter.detach() for parameter in self.parameters])
        self.ended += 1
        last = self.ended == self.members
        for parameter, start, total in zip(self.parameters, self.start, self.sums, strict=True):
            if not last:
                parameter.copy_(start)
            elif parameter in self.inner.state:
                parameter.copy_(total / self.members)
        if not last:
            self.inner.state.clear()

    def state_dict(self) -> dict[str, Any]:
        """Everything that a resumed training needs."""
        return {
            "inner": self.inner.state_dict(),
            "ended": self.ended,
            "start": by_number(self.start),
            "sums": by_number(self.sums),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.inner.load_state_dict(state["inner"])
        self.ended = state["ended"]
        self.start, self.sums = in_order(state["start"]), in_order(state["sums"])
