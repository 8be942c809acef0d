"""How much memory, disk and time a process may take: asked of the operating system."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LARGEST_FILE = 16 * 2**20
"""Bytes of a file that a submission writes."""


def limit_process(megabytes: int, seconds: float) -> None:
    """Limit this process, for good; where the system has no such limits, nothing happens.

    Args:
        megabytes: of memory, beyond what it has now: torch alone has gigabytes of addresses.
        seconds: of computing, after which the system ends it if nobody else has.
    """
    try:
        import resource
    except ImportError:  # Windows
        return

    def lower(what: int, value: int) -> None:
        with contextlib.suppress(ValueError, OSError):  # it is lower already
            resource.setrlimit(what, (value, value))

    taken = addresses()
    if taken:
        lower(resource.RLIMIT_AS, taken + megabytes * 2**20)
    lower(resource.RLIMIT_FSIZE, LARGEST_FILE)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_CPU, int(2 * seconds) + 10)


def addresses() -> int:
    """Bytes of address space that this process has; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
