"""Which weights a stage moved: what is trained must, what is frozen must not."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from minbert.training.digests import content_digest


def tensor_digests(model: nn.Module) -> dict[str, str]:
    """A digest of each tensor of a model, parameters and buffers, under its name.

    Digests in place of copies: they take no memory.
    """
    return {name: content_digest(tensor) for name, tensor in model.state_dict().items()}


def movement(
    model: nn.Module, update: torch.optim.Optimizer, before: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Tensors that a stage moved though they are frozen, or left though it trained them.

    A parameter counts as trained once the optimizer has had a gradient for it: those that nothing
    reads, such as the pooler under another pooling, never get one.

    Args:
        model: after the stage; may hold more than what the optimizer was given.
        update: the stage's optimizer.
        before: `tensor_digests` of the same model before the stage.

    Returns:
        Names of the frozen tensors that moved, and of the trained ones that stood still, sorted.

    Raises:
        ValueError: the model has other tensors than before.
    """
    after = tensor_digests(model)
    if after.keys() != before.keys():
        odd = sorted(after.keys() ^ before.keys())
        raise ValueError(
            "the model must have the same tensors before and after, got "
            f"{', '.join(odd[:3])} in one alone"
        )
    trained = {name for name, weight in model.named_parameters() if weight in update.state}
    moved = {name for name in after if after[name] != before[name]}
    return sorted(moved - trained), sorted(trained - moved)
