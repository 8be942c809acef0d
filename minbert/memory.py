"""Memory that is free: how much there is, and that it is given back instead of kept for later.

Batches of many lengths leave holes in the allocator's memory: a training whose tensors never held
more than 150 MiB kept 200 MiB of them. On a server with one kernel a learner that adds up.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from minbert.control_groups import control_groups

LARGE_BYTES = 4 << 20
"""What is as large as this is given back the moment it is freed."""
M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -3, -1
"""Of glibc's `mallopt`."""


@cache
def _allocator(name: str) -> Callable[..., int] | None:
    """One of glibc's calls on its memory; None on systems whose allocator has no such call."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None


def prepare() -> None:
    """Let the allocator give large tensors back when they are freed.

    Left alone, glibc raises its idea of "large" to 32 MiB once such a tensor has been freed, and
    everything smaller stays with the process from then on.
    """
    set_option = _allocator("mallopt")
    if set_option is not None:
        set_option(M_MMAP_THRESHOLD, LARGE_BYTES)
        set_option(M_TRIM_THRESHOLD, 8 * LARGE_BYTES)


@contextmanager
def giving_back_from(size: int) -> Iterator[None]:
    """While it lasts, memory is taken so that already this many bytes go back when they are freed.

    Slower to take, so not for what comes and goes; for weights, of which there are a hundred.
    """
    set_option = _allocator("mallopt")
    if set_option is not None:
        set_option(M_MMAP_THRESHOLD, size)
    try:
        yield
    finally:
        if set_option is not None:
            set_option(M_MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Return free pages to the system; takes milliseconds, and does nothing where it cannot."""
    trim = _allocator("malloc_trim")
    if trim is not None:
        trim(ctypes.c_size_t(0))


def free_bytes(root: Path = Path("/")) -> int | None:
    """Memory that this process may still take, by the machine and by its container's limit.

    Args:
        root: of the file system in which Linux tells of it.

    Returns:
        None on systems that do not say it so.
    """
    try:
        lines = (root / "proc/meminfo").read_text(encoding="utf-8").splitlines()
        [line] = [line for line in lines if line.startswith("MemAvailable:")]
        found = [int(line.split()[1]) * 1024]
    except (OSError, ValueError):
        return None
    for folder, version in control_groups("memory", root):
        limit, used = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes")
            if version == 1
            else ("memory.max", "memory.current")
        )
        try:
            most = (folder / limit).read_text().strip()
            if most != "max":
                found.append(int(most) - int((folder / used).read_text()))
        except (OSError, ValueError):
            continue
    return max(0, min(found))
