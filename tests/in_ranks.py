"""Several ranks as forked processes of a test: they meet on a port that the system picks."""

from __future__ import annotations

import os
import signal
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from small_experiment import forked

from minbert.training import parallel

LONGEST_S = 300
"""A rank that waits for ever for another is ended by then, and the test fails."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def exit_codes(count: int, work: Callable[[], Any]) -> list[int]:
    """Run `work` in some processes with the environment that torchrun gives; their exit codes."""
    port = free_port()

    def on(rank: int) -> Callable[[], None]:
        def begin() -> None:
            place = {"RANK": rank, "WORLD_SIZE": count, "LOCAL_RANK": rank,
                     "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}  # fmt: skip
            os.environ.update({name: f"{value}" for name, value in place.items()})
            signal.alarm(LONGEST_S)
            try:
                work()
            except Exception:
                traceback.print_exc()  # pytest shows it where the test fails
                raise

        return begin

    children = [forked(on(rank)) for rank in range(count)]
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def joined(work: Callable[[], Any], folder: Path) -> Callable[[], None]:
    """`work` among ranks that have found each other; what it returns is saved, a file a rank."""

    def begin() -> None:
        with parallel.together() as ranks:
            torch.save(work(), folder / f"{ranks.rank}.pt")

    folder.mkdir(parents=True, exist_ok=True)
    return begin


def in_ranks(count: int, work: Callable[[], Any], folder: Path) -> list[Any]:
    """What `work` returns on each of some ranks; in this process where there is one."""
    if count == 1:
        return [work()]
    assert exit_codes(count, joined(work, folder)) == [0] * count
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(count)]
