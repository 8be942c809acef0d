"""The curve of a training: means of the loss over runs of steps, and the alarm when it diverges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

CURVE_POINTS = 200
"""About how many points a training curve keeps per stage: means over equal runs of steps."""


class DivergedError(ValueError):
    """The loss or a weight stopped being a number."""


class Window:
    """Means of the loss over a run of steps, one per data set.

    Args:
        total_steps: of the whole stage.
        losses: `open_losses` of the run that is continued.
    """

    def __init__(self, total_steps: int, losses: Mapping[str, Tensor]) -> None:
        self.size = max(1, total_steps // CURVE_POINTS)
        self.losses = {source: list(values) for source, values in losses.items()}

    def add(self, source: str, loss: Tensor) -> None:
        """Take in the loss of one step."""
        self.losses.setdefault(source, []).append(loss)

    @property
    def open_losses(self) -> dict[str, Tensor]:
        """What a checkpoint keeps, so that the curve does not depend on when one was written."""
        return {source: torch.stack(losses) for source, losses in self.losses.items()}

    @property
    def full(self) -> bool:
        """Whether a point of the curve is due."""
        return sum(map(len, self.losses.values())) >= self.size

    def close(self, epoch: int, step: int, learning_rate: float, name: str) -> list[dict[str, Any]]:
        """The curve's points for these steps; begins anew.

        Raises:
            DivergedError: a mean is NaN or infinite.
        """
        points = []
        for source, losses in self.losses.items():
            mean = torch.stack(losses).mean().item()
            if mean != mean or abs(mean) == float("inf"):
                raise DivergedError(
                    f"the loss of {name} on {source} became {mean} by step {step} "
                    f"(learning rate {learning_rate:g}): try a lower learning rate"
                )
            points.append(
                {
                    "epoch": epoch,
                    "step": step,
                    "source": source,
                    "loss": mean,
                    "learning_rate": learning_rate,
                }
            )
        self.losses = {}
        return points


@torch.no_grad()
def check_weights(model: nn.Module, step: int, learning_rate: float, name: str) -> None:
    """Refuse weights that are no numbers: the loss shows it a step late, after the last never.

    A sum is a number only if all its terms are. That is the quick look: a short training of `tiny`
    looks after every step, and asking weight by weight took 6 % of its time.
    """
    trained = {key: weight for key, weight in model.named_parameters() if weight.requires_grad}
    if torch.stack([weight.sum().float() for weight in trained.values()]).isfinite().all():
        return
    for key, weight in trained.items():
        if not torch.isfinite(weight).all():
            raise DivergedError(
                f"{key} of {name} holds NaN or infinity by step {step} (learning rate "
                f"{learning_rate:g}): a gradient was no number; try a lower learning rate, or "
                "limit the gradient (max_gradient_norm)"
            )
