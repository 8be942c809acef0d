"""What a graded file may import, open, write and start: refused with a sentence otherwise.

A guard against mistakes and mischief, and no wall: it lives in the process that it watches.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import minbert
from minbert.course.build_track.errors import NotAllowed

NAMES = (
    "__future__ abc array bisect cmath collections contextlib copy dataclasses datetime decimal "
    "einops enum fractions functools heapq io itertools json logging math numbers numpy operator "
    "os pathlib pprint random re safetensors statistics string struct sys tempfile textwrap time "
    "tokenizers torch tqdm types typing typing_extensions unicodedata uuid warnings weakref"
)
ALLOWED = frozenset(NAMES.split())
"""Top-level modules that a submission may import."""
STARTS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
          "os.startfile", "pty.spawn")  # fmt: skip
CONNECTS = ("socket.", "urllib.", "ftplib.", "http.", "smtplib.", "imaplib.", "poplib.", "nntplib.",
            "telnetlib.", "webbrowser.")  # fmt: skip
SIGNALS = ("os.kill", "signal.pthread_kill")
REACHES = ("ctypes.", "gc.get_", "resource.", "winreg.", "_winapi.", "msvcrt.", "sys.setprofile",
           "sys.settrace", "cpython.remote_debugger_script")  # fmt: skip
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink",
           "os.truncate", "os.chmod", "os.chown", "os.lchown", "os.utime", "os.setxattr",
           "os.removexattr", "os.chflags", "os.mkfifo", "os.mknod")  # fmt: skip
ENTERS = ("os.chdir", "os.listdir", "os.scandir")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
SYSTEM = ("/dev/null", "/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo",
          "/etc/localtime", "/usr/share/zoneinfo", "/sys/devices/system/cpu",
          "/sys/devices/system/node")  # fmt: skip
"""What numerical libraries read of the system."""
MANY = 20
"""Sentences that are kept."""


class ImportRefused(NotAllowed, ImportError):
    """An import that a submission must not make."""


class ActRefused(NotAllowed, PermissionError):
    """Something else that it must not do."""


class Guard:
    """Refuses, and notes what it refused.

    Args:
        folder: the only one in which the submission may write.
    """

    def __init__(self, folder: Path) -> None:
        self.noted: list[str] = []
        self._folder = os.path.realpath(folder)
        package = Path(minbert.__file__).resolve().parent
        self._closed = str(package)
        self._readable = [self._folder, str(package / "assets"), *SYSTEM, *_libraries(package)]

    def watch(self) -> None:
        """Refuse from now on, until the process ends: there is no way back."""
        sys.addaudithook(self._hear)

    def builtins(self) -> dict[str, Any]:
        """The builtins for a module of the submission's: its imports are looked at."""

        def guarded(
            name: str,
            globals: Any = None,
            locals: Any = None,
            fromlist: Any = (),
            level: int = 0,
        ) -> ModuleType:
            if level == 0 and name.partition(".")[0] not in ALLOWED:
                said = f"imports {name.partition('.')[0]}, which a submission must not"
                self._note(said)
                raise ImportRefused(said)
            return builtins.__import__(name, globals, locals, fromlist, level)

        return {**vars(builtins), "__import__": guarded}

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._opens(*arguments)
        elif event in ENTERS:
            self._may_read(arguments[0])
        elif event.startswith(CHANGES):
            for one in arguments[: 2 if event.startswith(("os.rename", "os.link")) else 1]:
                self._may_write(one)
        elif event.startswith(STARTS):
            self._refuse("starts another process, which a submission must not")
        elif event.startswith(CONNECTS):
            self._refuse("opens a connection, which a submission must not")
        elif event.startswith(SIGNALS):
            self._refuse("sends a signal to a process, which a submission must not")
        elif event.startswith(REACHES):
            self._refuse(f"reaches around Python ({event}), which a submission must not")

    def _opens(self, path: Any, mode: Any, flags: Any) -> None:
        letters = mode if isinstance(mode, str) else ""
        writes = isinstance(flags, int) and flags & WRITING
        if writes or set(letters) & set("wax+"):
            self._may_write(path)
        else:
            self._may_read(path)

    def _may_write(self, path: Any) -> None:
        if (place := _place(path)) and not _within(place, (self._folder, "/dev/null")):
            self._refuse(
                f"writes outside its folder ({_shown(place)}), which a submission must not"
            )

    def _may_read(self, path: Any) -> None:
        place = _place(path)
        if not place or _within(place, self._readable[:2]):
            return
        if _within(place, (self._closed,)) or not _within(place, self._readable):
            # not noted: our own sentences about errors look for the lines of other files
            raise ActRefused(f"reads a file ({_shown(place)}) that is none of a submission's")

    def _refuse(self, said: str) -> None:
        self._note(said)
        raise ActRefused(said)

    def _note(self, said: str) -> None:
        if said not in self.noted and len(self.noted) < MANY:
            self.noted.append(said)


def without_the_library() -> None:
    """Take the library out of the modules that Python knows by name.

    What has been imported goes on working; nobody finds it by `sys.modules`.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] == "minbert"]:
        del sys.modules[name]


class Untouched:
    """Torch and Python as they were: what a submission replaces in them is put back."""

    def __init__(self, owners: Iterable[Any]) -> None:
        self._before = [(owner, dict(vars(owner))) for owner in owners]

    def put_back(self) -> str:
        """Undo all changes; the name of what was changed, or nothing."""
        changed = ""
        for owner, before in self._before:
            now = vars(owner)
            for name in [name for name in before if now.get(name) is not before[name]]:
                changed = changed or f"{owner.__name__}.{name}"
                setattr(owner, name, before[name])
        return changed


def _libraries(package: Path) -> list[str]:
    """Where Python and what is installed lie, the library's own sources left out."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    places |= {entry for entry in sys.path if entry and Path(entry).resolve() != package.parent}
    places |= {str(package.parent)} if package.parent.name.endswith("-packages") else set()
    return [os.path.realpath(place) for place in places]


def _place(path: Any) -> str:
    """Where a path leads, links followed; nothing for a file that is open already."""
    if isinstance(path, int) or path is None:
        return ""
    return os.path.realpath(os.fsdecode(path))


def _within(place: str, folders: Iterable[str]) -> bool:
    return any(
        place == folder or place.startswith(folder if folder.endswith("/") else folder + os.sep)
        for folder in folders
    )


def _shown(place: str) -> str:
    return f"…{os.sep}{os.path.basename(place)}"[:80]
