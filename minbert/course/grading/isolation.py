"""Linux shuts a process in: no network, no other process, no file that it could write but its own.

The kernel does it, with namespaces; neither rights of the administrator nor a program is needed.
Where a system forbids them (some containers do), `works` is False and the guard in Python is all.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from pathlib import Path
from typing import Any

NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NETWORK = (
    0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
PRIVATE, RECURSIVE, BIND = 0x40000, 0x4000, 0x1000
READ_ONLY = 1
ALL_BELOW = 0x8000
MOUNT_SETATTR = 442
"""Number of the system call, the same on all architectures."""
HERE = -100
PARENT_DIES = 1
NO_NEW_RIGHTS = 38
CAPABILITIES = 0x20080522
"""Version of the structures that set them."""


def _call(name: str, *arguments: Any) -> int:
    """Call a function of the C library.

    Raises:
        OSError: as the system says.
    """
    library = ctypes.CDLL(None, use_errno=True)
    result = getattr(library, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return result


def die_with_parent() -> None:
    """End this process when the one that started it ends, however that happens."""
    if sys.platform == "linux":
        _call("prctl", PARENT_DIES, signal.SIGKILL, 0, 0, 0)


def works(folder: Path) -> bool:
    """Whether this system shuts processes in; it is tried.

    Args:
        folder: an empty one that may be written.
    """
    if sys.platform != "linux":
        return False
    process = os.fork()
    if process == 0:
        code = 1
        try:
            enter(folder)
            (folder / "tried").write_text("yes")
            try:
                (folder.parent / "tried").write_text("no")
            except OSError:
                code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status) == 0


def enter(folder: Path) -> None:
    """Shut this process in: what follows runs in a copy of it that nothing else can see.

    Args:
        folder: the only one that can be written afterwards.

    Raises:
        OSError: the system does not allow it.
    """
    user, group = os.getuid(), os.getgid()
    _call("unshare", NEW_USER | NEW_MOUNTS | NEW_IPC | NEW_PROCESSES | NEW_NETWORK)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _call("mount", b"none", b"/", None, RECURSIVE | PRIVATE, None)
    _set_mount(b"/", add=READ_ONLY, below=True)
    own = os.fsencode(folder)
    _call("mount", own, own, None, BIND, None)
    _set_mount(own, take=READ_ONLY)
    copy = os.fork()
    if copy:
        _, status = os.waitpid(copy, 0)
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
    _call("prctl", NO_NEW_RIGHTS, 1, 0, 0, 0)
    _call("capset", struct.pack("Ii", CAPABILITIES, 0), bytes(24))  # it could undo the above
    die_with_parent()
    os.chdir(folder)


def _set_mount(place: bytes, add: int = 0, take: int = 0, below: bool = False) -> None:
    attributes = struct.pack("QQQQ", add, take, 0, 0)
    flags = ALL_BELOW if below else 0
    _call("syscall", MOUNT_SETATTR, HERE, place, flags, attributes, len(attributes))
