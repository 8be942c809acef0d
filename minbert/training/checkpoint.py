"""What a stage has done so far, and how it goes on after an interruption."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from minbert.training.digests import content_digest
from minbert.training.seal import remove, set_aside

logger = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
"""Name of the file in an unfinished stage's folder."""


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
    frozen_moved: list[str] = field(default_factory=list)
    """Tensors that changed though they are not trained: see `minbert.training.movement`."""
    stood_still: list[str] = field(default_factory=list)
    """Trained tensors that did not change."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Position:
    """Where a stage goes on."""

    epoch: int = 0
    step: int = 0
    """Of that epoch, the first that is not done yet."""
    window: Mapping[str, Tensor] = field(default_factory=dict)
    """Per data set the losses since the curve's last point, in order, (step,)."""


def save_checkpoint(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    history: History,
    position: Position,
    belongs_to: Mapping[str, Any],
) -> None:
    """Write a checkpoint in one move, so that a kill leaves the old one or the new one.

    Args:
        belongs_to: plain data that only this stage with these settings has.

    Raises:
        OSError: it cannot be written; the one before is still there.
    """
    state = {
        "belongs_to": dict(belongs_to),
        "model": dict(model.state_dict()),
        "optimizer": optimizer.state_dict(),
        "history": history.to_dict(),
        "position": {**vars(position), "window": dict(position.window)},
    }
    partial = path.with_suffix(".partial")
    try:
        torch.save({**state, "digest": content_digest(state)}, partial)
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:  # torch says that a disk is full by the latter
        with contextlib.suppress(OSError):
            remove(partial)
        reason = getattr(error, "strerror", None) or "no space left, or the file system failed"
        raise OSError(
            f"the checkpoint {path} cannot be written ({reason}): make room there, and the same "
            "command goes on from the checkpoint before"
        ) from error


def resume(
    path: Path | None,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    history: History,
    belongs_to: Mapping[str, Any],
) -> Position:
    """Load a checkpoint if there is one, and say where to go on.

    One that is damaged, or of another stage, is named in the log, set aside, and not used.
    """
    if path is None or not os.path.lexists(path):
        return Position()
    try:
        state = _read(path, belongs_to)
    except ValueError as error:
        aside = set_aside(path)
        logger.warning(
            "%s is of no use, the stage begins anew: %s (set aside as %s)", path, error, aside.name
        )
        return Position()
    optimizer.load_state_dict(state["optimizer"])
    model.load_state_dict(state["model"])
    for name, value in state["history"].items():
        setattr(history, name, value)
    position = Position(**state["position"])
    logger.info("resuming at epoch %d, step %d", position.epoch, position.step)
    return position


def _read(path: Path, belongs_to: Mapping[str, Any]) -> dict[str, Any]:
    """A checkpoint's content, verified.

    Raises:
        ValueError: it is not what `save_checkpoint` wrote for this stage.
    """
    try:
        state = torch.load(path, weights_only=True)
        written = state.pop("digest")
        found = content_digest(state)
    except Exception as error:  # of a damaged file the reader raises whatever it stumbles over
        reason = str(error).splitlines()[0] if str(error) else "it ends too early"
        raise ValueError(f"it cannot be read ({type(error).__name__}: {reason:.100})") from error
    if found != written:
        raise ValueError("its content does not match its own checksum")
    other = [name for name in belongs_to if state["belongs_to"].get(name, None) != belongs_to[name]]
    if other:
        raise ValueError(f"it belongs to another stage (other {', '.join(other)})")
    return state


def forget(path: Path | None) -> None:
    """Remove a checkpoint, a half-written one, and one that was set aside: the stage is done."""
    if path is not None:
        for left in (path, path.with_suffix(".partial"), path.with_name(path.name + ".damaged")):
            remove(left)
