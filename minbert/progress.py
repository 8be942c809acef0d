"""Who wants to know how training goes: listeners, told by the loop, which does not need them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Progress:
    """What the training loop tells after a run of steps, some 200 times a stage."""

    stage: str
    """Name of the stage, such as `mlm`."""
    step: int
    """Steps taken so far, from 1 to `total_steps`."""
    total_steps: int
    epoch: int
    """Counted from 0."""
    epoch_done: bool
    """Whether this was the last step of the epoch."""
    points: Sequence[dict[str, Any]]
    """New points of the curve, one a data set: epoch, step, source, loss (nats), learning_rate."""
    model: nn.Module
    """What is trained, in training mode: a listener that evaluates it puts it back."""


Listener = Callable[[Progress], None]
_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("listeners", default=())


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have `listener` called with every `Progress` of all training inside a `with` block.

    For a live curve, or for any logger. A listener may use random numbers: each training step
    seeds its own. What it raises stops the training.

        with listening(lambda progress: print(progress.stage, progress.step)):
            pretrain_masked_language_model(...)
    """
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)


def report(progress: Progress) -> None:
    """Tell all listeners."""
    for listener in _listeners.get():
        listener(progress)
