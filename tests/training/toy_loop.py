"""A training in the loop that a test can watch, and stop as Ctrl-C does."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import StageSettings


def batches_of(count: int, size: int) -> Callable[[torch.Generator], Sequence[Batch]]:
    """All of `count` examples once, in an order drawn anew, so many at a time."""

    def batches(generator: torch.Generator) -> Sequence[Batch]:
        order = torch.randperm(count, generator=generator)
        return [("made up", rows.tolist()) for rows in order.split(size)]

    return batches


def toy_training(
    model: nn.ModuleDict,
    inputs: Tensor,
    targets: Tensor,
    settings: StageSettings,
    steps: list[dict[str, Tensor]] | None = None,
    checkpoint: Path | None = None,
    stop_at: int = 0,
    **how: object,
) -> History:
    """Fit `model["read"]` by squared error.

    Args:
        model: may have other parts, which nothing reads.
        inputs: (example, feature).
        targets: (example,).
        steps: hears the weights before each step.
        stop_at: the step, counted from 1, in which Ctrl-C comes.
        how: for `minbert.training.loop.train`.
    """
    seen: list[dict[str, Tensor]] = [] if steps is None else steps

    def compute(batch: Batch, generator: torch.Generator) -> Tensor:
        seen.append({name: value.detach().clone() for name, value in model.state_dict().items()})
        if len(seen) == stop_at:
            os.kill(os.getpid(), signal.SIGINT)
        predicted = model["read"](inputs[batch[1]]).squeeze(-1)
        return (predicted - targets[batch[1]]).square().mean()

    context = RunContext(torch.device("cpu"), "fp32", 3, checkpoint, checkpoint_every_s=1e9)
    batches = batches_of(len(inputs), settings.batch_size)
    return train(model, batches, compute, settings, context, name="toy", **how)
