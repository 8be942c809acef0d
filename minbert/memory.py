"""Memory that is free, given back to the system instead of kept for later.

Batches of many lengths leave holes in the allocator's memory: a training whose tensors never held
more than 150 MiB kept 200 MiB of them. On a server with one kernel a learner that adds up.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

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


def give_back() -> None:
    """Return free pages to the system; takes milliseconds, and does nothing where it cannot."""
    trim = _allocator("malloc_trim")
    if trim is not None:
        trim(ctypes.c_size_t(0))
