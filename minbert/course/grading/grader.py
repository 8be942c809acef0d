"""Submissions to lanes and verdicts back: each lane is a process, a thread here talks with it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import minbert
from minbert.course.grading.submissions import Submission

BEGIN = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from minbert.course.grading.lane import main; main(sys.argv[2])"
)
HANDED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "HOME",
             "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL",
             "LC_CTYPE", "VIRTUAL_ENV", "MINBERT_CACHE")  # fmt: skip
"""Of the environment; nothing else reaches a submission, so no token or password does."""
SET = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
       "CUDA_VISIBLE_DEVICES": "", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1",
       "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "agg"}  # fmt: skip
FAILED = "could not be graded"


@dataclass(frozen=True)
class Limits:
    """How submissions are run."""

    seed: int = 0
    """The teacher's; 0 for the published cases."""
    seconds: float = 20.0
    """That a piece may take."""
    memory: int = 1024
    """Megabytes that it may take, beyond what torch takes by itself."""
    jobs: int = 1
    """Submissions at a time."""
    fresh: bool = False
    """Whether every process imports everything anew: slow, and the only way on some systems."""


@dataclass
class Graded:
    """What was found of a submission."""

    student: str
    digest: str
    problem: str = ""
    """Why nothing of it was run."""
    note: str = ""
    beginning: str = ""
    """What is wrong before the first piece."""
    notes: list[str] = field(default_factory=list)
    """What it tried and must not."""
    printed: str = ""
    pieces: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By number: `passed`, `message`, `seconds`."""

    @property
    def seconds(self) -> float:
        """That its pieces took together."""
        return round(sum(piece["seconds"] for piece in self.pieces.values()), 1)


class SeedHides(ValueError):
    """Under this seed a mistake would pass."""


def grade_all(
    handed_in: Sequence[Submission],
    limits: Limits,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Graded]:
    """Grade submissions, several at a time, in the order in which they are ready.

    No process is left when this ends, however it ends.

    Args:
        tell: hears, once, how well submissions are shut in.

    Raises:
        SeedHides: a known mistake would pass under the teacher's seed.
        OSError: no lane can be started.
    """
    waiting: queue.SimpleQueue[Submission] = queue.SimpleQueue()
    count = 0
    for submission in handed_in:
        if submission.problem:
            yield _of(submission)
        else:
            waiting.put(submission)
            count += 1
    if not count:
        return
    results: queue.SimpleQueue[Any] = queue.SimpleQueue()
    lanes: list[_Lane] = []
    with tempfile.TemporaryDirectory(prefix="minbert-grade-", ignore_cleanup_errors=True) as folder:
        try:
            for number in range(min(limits.jobs, count)):
                lanes.append(_Lane(limits, Path(folder), number == 0, waiting, results))
            said = False
            while count:
                try:
                    found = results.get(timeout=0.5)
                except queue.Empty:
                    continue
                if isinstance(found, Graded):
                    count -= 1
                    yield found
                elif isinstance(found, Exception):
                    raise found
                elif not said:
                    said = True
                    tell(found)
        finally:
            for lane in lanes:
                lane.stop()


def _of(submission: Submission) -> Graded:
    return Graded(submission.student, submission.digest, submission.problem, submission.note)


class _Lane:
    """A process that grades, and the thread that hands it one submission after the other."""

    def __init__(
        self,
        limits: Limits,
        folder: Path,
        tries_seed: bool,
        waiting: queue.SimpleQueue,
        results: queue.SimpleQueue,
    ) -> None:
        self._settings = {
            "seed": limits.seed,
            "seconds": limits.seconds,
            "memory": limits.memory,
            "fresh": limits.fresh,
            "folder": str(folder),
            "try_seed": tries_seed and limits.seed != 0,
        }
        self._waiting, self._results = waiting, results
        self._stopped = False
        self._process = self._started()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, and what it has started."""
        self._stopped = True
        self._process.kill()
        self._thread.join()
        self._close()

    def _started(self) -> subprocess.Popen[bytes]:
        root = str(Path(minbert.__file__).parents[1])
        known = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-P", "-c", BEGIN, root, json.dumps(self._settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**known, **SET},
            start_new_session=True,  # Ctrl-C is heard by this process alone, which ends the lane
        )

    def _close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()

    def _said(self) -> dict[str, Any] | None:
        """The next message; None when the lane has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def _serve(self) -> None:
        try:
            self._meet()
            while not self._stopped:
                try:
                    submission = self._waiting.get_nowait()
                except queue.Empty:
                    return
                found = self._graded(submission) or self._graded_anew(submission)
                if found is not None and not self._stopped:
                    self._results.put(found)
        except Exception as error:  # the thread that waits for results raises it
            self._results.put(error)

    def _meet(self) -> None:
        said = self._said()
        if said is None:
            if self._stopped:
                return
            raise OSError("grading cannot begin: minbert cannot be imported in another process")
        if said["unseen"]:
            raise SeedHides(
                f"--seed {self._settings['seed']} hides {len(said['unseen'])} known mistakes, such "
                f"as {said['unseen'][0]!r}: choose another seed"
            )
        self._results.put(
            "submissions have no network, and the system lets them write nowhere but in their own "
            "folder"
            if said["alone"]
            else "this system cannot shut submissions in: Python alone watches them, so grade "
            "files of strangers in a container"
        )

    def _graded(self, submission: Submission) -> Graded | None:
        """What was found; None when the lane ended meanwhile."""
        found = _of(submission)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"text": submission.text}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return None
        while (said := self._said()) is not None:
            if "done" in said:
                found.beginning, found.notes = said["beginning"], said["notes"]
                found.printed = said["printed"]
                found.pieces = dict(sorted(found.pieces.items()))
                return found
            found.pieces[said["piece"]] = {
                name: said[name] for name in ("passed", "message", "seconds")
            }
        return None

    def _graded_anew(self, submission: Submission) -> Graded | None:
        """By a new lane; one that ends twice cannot be graded."""
        for last in (False, True):
            if self._stopped:
                return None
            self._close()
            self._settings["try_seed"] = False
            self._process = self._started()
            self._meet()
            if last:
                break
            if found := self._graded(submission):
                return found
        found = _of(submission)
        found.problem = f"{FAILED}: it ends the process that grades it"
        return found
