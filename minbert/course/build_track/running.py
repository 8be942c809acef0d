"""A learner's file is checked in a process of its own: loops and crashes stay there."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import minbert
from minbert.course.checks.base import Verdict

LIMIT = 30.0
"""Seconds that a piece may take to be run and judged."""
IMPORT_LIMIT = 300.0
"""Seconds that the library may take to be imported: disks may be slow."""
FINALE_LIMIT = 300.0
"""Seconds between two messages of the finale."""
BEGIN = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from minbert.course.build_track.worker import main; main(sys.argv[2])"
)


class Stopped(Exception):
    """The process went silent or ended; what it last said that it was doing, and a sentence."""

    def __init__(self, doing: str, piece: int, sentence: str) -> None:
        super().__init__(sentence)
        self.doing, self.piece, self.sentence = doing, piece, sentence


def check_file(
    path: str | Path,
    numbers: Sequence[int],
    limit: float = LIMIT,
    tell: Callable[[int, Verdict], None] = lambda number, verdict: None,
) -> dict[int, Verdict]:
    """Check pieces of a file; one that loops or crashes is named, and the others are checked.

    Args:
        numbers: the pieces that are asked for.
        limit: seconds for each piece.
        tell: hears each verdict when it is there.

    Raises:
        ValueError: the file is not there, or what stands before its first piece cannot be run.
        OSError: no process can be started, or the library cannot be imported there.
    """
    return checked(path, numbers, limit, tell)[0]


def checked(
    path: str | Path,
    numbers: Sequence[int],
    limit: float = LIMIT,
    tell: Callable[[int, Verdict], None] = lambda number, verdict: None,
) -> tuple[dict[int, Verdict], list[int]]:
    """As `check_file`; also the numbers of the pieces that must not be run: they do not end."""
    path = _file(path)
    found: dict[int, Verdict] = {}
    skipped: dict[int, str] = {}

    def settle(number: int, verdict: Verdict) -> None:
        found[number] = verdict
        tell(number, verdict)

    while left := [number for number in numbers if number not in found]:
        for number in [one for one in left if one in skipped]:
            settle(number, Verdict(False, skipped[number]))
            left.remove(number)
        if not left:
            break
        job = {"pieces": left, "skipped": list(skipped), "finale": False, "own": []}
        try:
            for said in _messages(path, job, limit):
                if "passed" in said:
                    settle(said["piece"], Verdict(said["passed"], said["message"]))
        except Stopped as stop:
            if stop.doing == "check":
                settle(stop.piece, Verdict(False, stop.sentence))
            else:
                skipped[stop.piece] = stop.sentence
    return {number: found[number] for number in numbers}, list(skipped)


def run_finale(
    path: str | Path, own: Sequence[int], tell: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Run the finale with some pieces of a file and the library's others; what it found.

    Raises:
        ValueError: it looped or crashed; the sentence says where.
        OSError: as `check_file`.
    """
    path, skipped = _file(path), []
    while True:
        found: dict[str, Any] = {}
        job = {"pieces": [], "skipped": skipped, "finale": True, "own": list(own)}
        try:
            for said in _messages(path, job, LIMIT):
                if "line" in said:
                    tell(said["line"])
                found.update(said.get("found", {}))
            return found
        except Stopped as stop:
            if stop.doing != "load" or stop.piece in own:
                said = f"the finale of {path} was not finished: it {stop.sentence}"
                raise ValueError(said) from stop
            skipped.append(stop.piece)  # not right, so the library's is taken; helpers may be lost


def _file(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise ValueError(
            f"{path} is no file: `minbert course build --to FOLDER` writes the file to begin with"
        )
    return path


def _messages(path: Path, job: dict[str, Any], limit: float) -> Iterator[dict[str, Any]]:
    """What the process says, message by message.

    Raises:
        Stopped: it took too long, or ended too early.
        ValueError: the file as a whole is unusable.
        OSError: the library cannot be imported in that process.
    """
    doing, piece = "import", 0
    limits = {"import": IMPORT_LIMIT, "finale": FINALE_LIMIT}
    with _process({"file": str(path), **job}) as (process, lines):
        while True:
            seconds = limits.get(doing, limit)
            try:
                line = lines.get(timeout=seconds)
            except queue.Empty:
                sentence = f"did not end within {seconds:g} s: is there a loop without end?"
                raise _stopped(path, doing, piece, sentence) from None
            if line is None:
                sentence = f"ended its process (exit code {process.wait()})"
                raise _stopped(path, doing, piece, sentence)
            said = json.loads(line)
            if "unusable" in said:
                raise ValueError(f"{path} cannot be used: {said['unusable']}")
            doing = said.get("doing", doing)
            piece = said.get("piece", piece)
            yield said
            if "done" in said:
                return


def _stopped(path: Path, doing: str, piece: int, sentence: str) -> Exception:
    if doing == "import":
        return OSError(f"minbert cannot be imported in a process of its own: it {sentence}")
    if doing == "load" and not piece:
        return ValueError(f"{path} cannot be used: what stands before its first piece {sentence}")
    return Stopped(doing, piece, sentence)


@contextmanager
def _process(job: dict[str, Any]) -> Iterator[tuple[subprocess.Popen[str], queue.Queue]]:
    """The process that does a job, and its lines; None ends them. It is gone afterwards."""
    root = str(Path(minbert.__file__).parents[1])
    command = [sys.executable, "-P", "-c", BEGIN, root, json.dumps(job)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        lines: queue.Queue = queue.Queue()
        assert process.stdout is not None
        reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
        reader.start()
        try:
            yield process, lines
        finally:
            process.kill()
            reader.join()


def _read(stream: IO[str], lines: queue.Queue) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)
