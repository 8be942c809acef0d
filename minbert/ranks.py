"""Which of several processes this is: what `torchrun` tells each of them in its environment."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""All are set where several processes were started as one job; `LOCAL_RANK` as well by torchrun."""
TOGETHER = ("reproduce",)
"""Commands that several ranks can run as one."""

GRACE_S = 1.0
"""Seconds that the rank with the sentence has to say it."""


@dataclass(frozen=True)
class Place:
    """One process among those of a job."""

    rank: int
    """From 0, over all nodes."""
    count: int
    local: int
    """From 0, on this node: the number of its GPU."""

    @property
    def launcher(self) -> list[str]:
        """How torchrun is called for as many ranks; of several nodes, on each of them."""
        on_node = os.environ.get("LOCAL_WORLD_SIZE", "")
        each = int(on_node) if on_node.isdecimal() and int(on_node) else self.count
        nodes = ["--nnodes", f"{-(-self.count // each)}"] if each < self.count else []
        return ["torchrun", *nodes, "--nproc-per-node", f"{each}", "-m"]


def launched() -> Place | None:
    """This process's place among several; None where it is the only one.

    Variables that are no whole numbers were not set by torchrun, and say nothing.
    """
    found = [os.environ.get(name, "") for name in VARIABLES]
    local = os.environ.get("LOCAL_RANK", found[0])
    if not all(found) or not all(value.isdecimal() for value in (*found[:2], local)):
        return None
    rank, count = int(found[0]), int(found[1])
    return Place(rank, count, int(local)) if rank < count > 1 else None


@contextmanager
def be_quiet() -> Iterator[None]:
    """No logs nor progress bars from this process from now on, and in the block nothing at all.

    Rank 0 has said it already.
    """
    os.environ["TQDM_DISABLE"] = "1"
    logging.disable(logging.ERROR)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            yield
        except SystemExit:
            let_another_speak()
            raise


def let_another_speak() -> None:
    """Wait before ending with an error that another rank says: the first end makes torchrun end
    all."""
    time.sleep(GRACE_S)


def refusal(command: str, place: Place) -> str | None:
    """Why several ranks cannot run a command as one; None where they can."""
    if command in TOGETHER:
        return None
    return (
        f"several ranks train one model in {', '.join(TOGETHER)} alone, got {place.count} ranks: "
        "start this command without torchrun, or with --nproc-per-node 1"
    )
