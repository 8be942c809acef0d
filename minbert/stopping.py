"""Ctrl-C and SIGTERM: what they do while a command begins, while it runs, while it writes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPPED = 130
"""Exit code of a command that was interrupted, as shells have it."""


def leave_at_once(number: int, frame: FrameType | None) -> None:
    """End the process with one sentence: nothing has begun, and half of an import is no use.

    An exception would end in a page of tracebacks, or in the hands of a library being imported.
    """
    os.write(2, b"interrupted: nothing had begun\n")
    os._exit(STOPPED)


def finish_first(number: int, frame: FrameType | None) -> None:
    """Do nothing: what is being written takes a moment, and then the command ends anyway."""


def as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does by itself."""
    raise KeyboardInterrupt


@contextmanager
def received_by(
    handler: Callable[[int, FrameType | None], None], *numbers: signal.Signals
) -> Iterator[None]:
    """Hand signals to a handler for a while; one that the caller's shell ignores stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}
    taken = {number: old for number, old in before.items() if old != signal.SIG_IGN}
    for number in taken:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in taken.items():
            signal.signal(number, old)


@contextmanager
def deferred() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block has ended; then they do what they would have.

    Libraries that read tensors make an error of their own of a KeyboardInterrupt in their midst
    ("could not determine the shape of object type …"), and a whole file would be called damaged.
    """
    received: list[int] = []
    try:
        with received_by(lambda number, _: received.append(number), signal.SIGINT, signal.SIGTERM):
            yield
    finally:
        for number in received[:1]:
            signal.raise_signal(number)


class Noted:
    """Signals that have come."""

    def __init__(self) -> None:
        self.count = 0
        self.at_once: Callable[[], None] | None = None
        """Called for each of them, from between any two instructions: it must not raise."""

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Note one."""
        self.count += 1
        if self.at_once is not None:
            self.at_once()


@contextmanager
def noted() -> Iterator[Noted]:
    """Note Ctrl-C and SIGTERM, and stop after the block.

    An exception raised by a signal itself is lost where Python happens to be in a destructor: of
    twelve Ctrl-Cs at random moments of a course five were printed as "ignored", and it went on.

    Raises:
        KeyboardInterrupt: after the block, if a signal came.
    """
    signals = Noted()
    with received_by(signals.receive, signal.SIGINT, signal.SIGTERM):
        yield signals
    if signals.count:
        raise KeyboardInterrupt
