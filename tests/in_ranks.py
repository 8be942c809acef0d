"""Several ranks as forked processes of a test: they meet on a port that the system picks."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from small_experiment import forked

from minbert.training import parallel


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def exit_codes(count: int, work: Callable[[], Any], folder: Path) -> list[int]:
    """Run `work` on each of some ranks; what it returns is saved in `folder`, a file a rank."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()

    def on(rank: int) -> Callable[[], None]:
        def begin() -> None:
            place = {"RANK": rank, "WORLD_SIZE": count, "LOCAL_RANK": rank,
                     "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}  # fmt: skip
            os.environ.update({name: f"{value}" for name, value in place.items()})
            try:
                with parallel.together():
                    torch.save(work(), folder / f"{rank}.pt")
            except Exception:
                traceback.print_exc()  # pytest shows it where the test fails
                raise

        return begin

    children = [forked(on(rank)) for rank in range(count)]
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def in_ranks(count: int, work: Callable[[], Any], folder: Path) -> list[Any]:
    """What `work` returns on each of some ranks; in this process where there is one."""
    if count == 1:
        return [work()]
    assert exit_codes(count, work, folder) == [0] * count
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(count)]
