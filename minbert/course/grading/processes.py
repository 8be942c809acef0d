"""A process for a submission: forked from one that has everything imported, or a fresh one."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import minbert
from minbert.course.build_track.worker import end_with
from minbert.course.grading import isolation
from minbert.course.grading.child import prepare, run_submission

FLOOD = 64 * 2**20
"""Bytes that one process may say."""
BEGIN = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from minbert.course.grading.processes import fresh; fresh(sys.argv[2])"
)
CAN_FORK = sys.platform == "linux"
"""Elsewhere a fork after numerical libraries are loaded may crash, or is not there."""


class Silent(Exception):
    """Nothing came in time."""


class Forked:
    """A copy of this process that runs a submission: it begins at once.

    This process must have no thread but one.

    Args:
        job: as `minbert.course.grading.child.run_submission` takes it.
        alone: whether the system can shut the copy in (`isolation.works`).
    """

    def __init__(self, job: dict[str, Any], alone: bool) -> None:
        self._reads, writes = os.pipe()
        self._buffer = b""
        self._said = 0
        self._status: int | None = None
        self._process = os.fork()
        if self._process == 0:
            _run_and_leave(job, writes, alone)
        os.close(writes)

    def line(self, until: float) -> bytes | None:
        """The next line, or None at the end.

        Args:
            until: time of `time.monotonic`.

        Raises:
            Silent: nothing came in time.
            ValueError: it says more than anybody would.
            EOFError: whoever asked for this is gone.
        """
        while b"\n" not in self._buffer:
            left = until - time.monotonic()
            ready, _, _ = select.select([self._reads, 0], [], [], max(left, 0))
            if 0 in ready and not os.read(0, 1):
                raise EOFError
            if self._reads not in ready:
                if left <= 0:
                    raise Silent
                continue
            more = os.read(self._reads, 1 << 20)
            if not more:
                return None
            self._said += len(more)
            if self._said > FLOOD:
                raise ValueError("gives more results than anybody asked for")
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def stop(self) -> int:
        """End it, if it has not ended; its exit code, negative for a signal."""
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process, signal.SIGKILL)
            os.close(self._reads)
            self._status = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        return self._status

    def ended(self) -> int:
        """The exit code of one that has ended by itself."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
            os.close(self._reads)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process, signal.SIGKILL)
        return self._status


def _run_and_leave(job: dict[str, Any], channel: int, alone: bool) -> None:
    """What the copy does: it never returns."""
    code = 70
    try:
        os.setpgid(0, 0)
        isolation.die_with_parent()
        os.dup2(channel, 3)
        os.closerange(4, 1 << 16)
        if alone:
            isolation.enter(Path(job["folder"]))
        run_submission(job, 3)
        code = 0
    finally:
        os._exit(code)


class Fresh:
    """A new Python for a submission: it takes seconds to begin. As `Forked` in all else."""

    def __init__(self, job: dict[str, Any], alone: bool) -> None:
        root = str(Path(minbert.__file__).parents[1])
        command = [sys.executable, "-P", "-c", BEGIN, root, json.dumps(job)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=job["folder"],
        )
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        left = FLOOD
        for line in self._process.stdout:
            left -= len(line)
            self._lines.put(line if left > 0 else b"too much")
        self._lines.put(None)

    def line(self, until: float) -> bytes | None:
        """As `Forked.line`."""
        try:
            return self._lines.get(timeout=max(until - time.monotonic(), 0))
        except queue.Empty:
            raise Silent from None

    def stop(self) -> int:
        """As `Forked.stop`."""
        self._process.kill()
        return self.ended()

    def ended(self) -> int:
        """As `Forked.ended`."""
        code = self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()
        return code


Start = Callable[[dict[str, Any], bool], Forked | Fresh]


def fresh(job: str) -> None:
    """What a fresh process does with a job in JSON."""
    channel = os.dup(1)
    threading.Thread(target=end_with, args=(os.dup(0),), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    run_submission(json.loads(job), channel)
