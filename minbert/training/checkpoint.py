"""What a stage has done so far, and how it goes on after an interruption."""

from __future__ import annotations

import logging
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

logger = logging.getLogger(__name__)


@dataclass
class History:
    """What happened during one stage."""

    points: list[dict[str, Any]] = field(default_factory=list)
    """Curve: epoch, step, source (data set), loss (mean of the window, nats), learning_rate."""
    steps: int = 0
    skipped: int = 0
    """Batches whose loss is undefined (no masked token, no similar pair)."""
    tokens: int = 0
    """Real word pieces seen, padding not counted (0 where a stage reads ready-made vectors)."""
    seconds: float = 0.0
    """Wall-clock time of training, over all interruptions."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def save_checkpoint(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    history: History,
    epoch: int,
    step: int,
) -> None:
    """Write a checkpoint in one move, so that a kill leaves the old one or the new one."""
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "history": history.to_dict(),
        "epoch": epoch,
        "step": step,
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def resume(
    path: Path | None, model: nn.Module, optimizer: torch.optim.Optimizer, history: History
) -> tuple[int, int]:
    """Load a checkpoint if there is one; the epoch and step to go on with."""
    if path is None or not path.exists():
        return 0, 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    for name, value in state["history"].items():
        setattr(history, name, value)
    logger.info("resuming at epoch %d, step %d", state["epoch"], state["step"])
    return state["epoch"], state["step"]
