"""Dropout off for a while: how everything that only looks at a model leaves it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn


@contextmanager
def evaluating(*models: nn.Module) -> Iterator[None]:
    """Put models into eval mode, and in the end give each of their modules its own mode back.

    `model.train(was_training)` would not do: it sets all modules to the mode of the outermost one,
    and a part that was frozen in eval mode would have dropout in the next step of training.

    Args:
        models: any number; modes are given back after an exception, too.
    """
    modes = [(module, module.training) for model in models for module in model.modules()]
    try:
        for model in models:
            model.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training


def on_its_device(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """A batch where the model is; the tokenizer makes it on the CPU."""
    device = next(model.parameters()).device
    return {name: tensor.to(device) for name, tensor in batch.items()}
