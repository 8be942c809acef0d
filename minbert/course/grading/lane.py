"""One lane of the grading: submissions one after the other, run elsewhere and judged here.

The lane has everything imported and knows what known mistakes give; no line of a submission is run
in it. It reads a submission a line from its standard input, and says what it found on its standard
output, in JSON.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from minbert.course.build_track import seeding
from minbert.course.build_track.pieces import PIECES
from minbert.course.build_track.skeleton import NAME
from minbert.course.build_track.variants import LIBRARY, variant
from minbert.course.checks.base import Verdict
from minbert.course.grading import isolation
from minbert.course.grading.child import prepare
from minbert.course.grading.processes import CAN_FORK, Forked, Fresh, Silent, Start
from minbert.course.grading.wire import unpacked

NUMBERS = tuple(piece.number for piece in PIECES)
CHECKERS = {piece.number: piece.check for piece in PIECES}
BEGINS = 120.0
"""Seconds that a fresh process may take to import the library."""


class Died(Exception):
    """The process of a submission ended, or was ended; where, and a sentence."""

    def __init__(self, doing: str, piece: int, sentence: str) -> None:
        super().__init__(sentence)
        self.doing, self.piece, self.sentence = doing, piece, sentence


def main(given: str) -> None:
    """Serve until the standard input ends.

    Args:
        given: settings in JSON: `seed`, `seconds`, `memory`, `folder` for temporary files,
            `try_seed`, and `fresh`, whether to fork nothing.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = json.loads(given)
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(**what: Any) -> None:
        channel.write(json.dumps(what) + "\n")
        channel.flush()

    prepare()
    gc.collect()
    gc.freeze()  # what is there now is not copied because a copy of this process counts references
    forks = CAN_FORK and not settings["fresh"]
    place = Path(settings["folder"])
    with tempfile.TemporaryDirectory(dir=place) as tried:
        alone = forks and isolation.works(Path(tried))
    lane = Lane(settings, Forked if forks else Fresh, alone, 1 if forks else len(NUMBERS))
    with seeding.hidden(settings["seed"]):
        say(ready=True, alone=alone, unseen=unseen() if settings["try_seed"] else [])
        for line in _lines():
            try:
                for found in lane.grade(json.loads(line)["text"]):
                    say(**found)
            except EOFError:
                return


def _lines() -> Iterator[bytes]:
    """Of the standard input, unbuffered: nothing is read before it is asked for."""
    buffer = b""
    while more := os.read(0, 1 << 16):
        buffer += more
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            yield line


def unseen() -> list[str]:
    """What a teacher's seed hides: known mistakes that no case would show under it."""
    found = []
    for piece in PIECES:
        if not piece.check(LIBRARY).passed:
            found.append(f"{piece.title}: the library itself")
        for known in piece.check.mistakes:
            if piece.check(variant(piece.number, known.edits)).passed:
                found.append(f"{piece.title}: {known.sentence}")
    return found


class Lane:
    """Runs and judges.

    Args:
        settings: as `main` takes them.
        start: how a process begins.
        alone: whether the system shuts it in.
        together: pieces that one process runs.
    """

    def __init__(self, settings: dict[str, Any], start: Start, alone: bool, together: int) -> None:
        self._settings, self._start, self._alone = settings, start, alone
        self._together = together

    def grade(self, text: str) -> Iterator[dict[str, Any]]:
        """Grade a submission: a verdict for each piece as it comes, and what is to be known of all.

        Raises:
            EOFError: nobody waits for it any more.
            OSError: no process can be started.
        """
        left = list(NUMBERS)
        skipped: dict[int, str] = {}
        about: dict[str, Any] = {"beginning": "", "notes": [], "printed": ""}
        failures = 0
        while left:
            if left[0] in skipped:
                yield _verdict(left[0], Verdict(False, skipped[left[0]]), 0.0)
                del left[0]
                continue
            batch, began = left[: self._together], time.monotonic()
            batch = [number for number in batch if number not in skipped]
            try:
                for number, verdict, seconds in self._run(text, batch, skipped, about):
                    yield _verdict(number, verdict, seconds)
                    left.remove(number)
            except Died as died:
                seconds = time.monotonic() - began
                if died.doing == "check":
                    yield _verdict(died.piece, Verdict(False, died.sentence), seconds)
                    left.remove(died.piece)
                elif died.doing == "load" and died.piece not in skipped:
                    skipped[died.piece] = died.sentence
                else:
                    failures += 1
                    if failures > 1:
                        raise OSError(f"no process can be started: it {died.sentence}") from died
        if 0 in skipped:
            about["beginning"] = (
                f"what stands before the first piece {skipped[0]}, so it was taken as it is "
                "handed out"
            )
        yield {"done": True, **about}

    def _run(
        self, text: str, batch: Sequence[int], skipped: dict[int, str], about: dict[str, Any]
    ) -> Iterator[tuple[int, Verdict, float]]:
        """Verdicts of pieces that one process runs, and the seconds that each took.

        Raises:
            Died: before it had said all.
        """
        folder = Path(tempfile.mkdtemp(dir=self._settings["folder"]))
        try:
            (folder / NAME).write_text(text, encoding="utf-8", errors="replace", newline="\n")
            job = {
                "folder": str(folder),
                "pieces": list(batch),
                "skipped": list(skipped),
                **{name: self._settings[name] for name in ("seed", "seconds", "memory")},
            }
            process = self._start(job, self._alone)
            try:
                yield from self._heard(process, list(batch), about)
            finally:
                process.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _heard(
        self, process: Forked | Fresh, waiting: list[int], about: dict[str, Any]
    ) -> Iterator[tuple[int, Verdict, float]]:
        began = time.monotonic()
        unchecked = set(waiting)
        seconds = self._settings["seconds"]
        doing, piece = "begin", 0
        until = time.monotonic() + BEGINS
        while True:
            try:
                line = process.line(until)
                said = None if line is None else json.loads(line)
                if said is not None and not isinstance(said, dict):
                    raise ValueError("says what is none of its results")
            except Silent:
                process.stop()
                end = f"did not end within {seconds:g} s: is there a loop without end?"
                raise Died(doing, piece, end) from None
            except (ValueError, RecursionError):
                process.stop()
                raise Died(doing, piece, "gives results that nobody can read") from None
            if said is None:
                raise Died(doing, piece, _how_it_ended(process.ended()))
            if "doing" in said:
                piece = _number(said.get("piece"))
                if said["doing"] == "check" and piece in unchecked:
                    unchecked.discard(piece)  # once: nobody gets more time by saying so again
                    doing, until = "check", time.monotonic() + seconds
                elif doing == "begin":
                    doing, until = "load", time.monotonic() + seconds
            elif "piece" in said and (number := _number(said["piece"])) in waiting:
                waiting.remove(number)
                took, heard = time.monotonic() - began, time.monotonic()
                yield number, _judged(number, said), took
                began = time.monotonic()
                until += began - heard
            elif "beginning" in said:
                about["beginning"] = str(said["beginning"])[:1000]
            elif "done" in said:
                if waiting:
                    raise Died("check", waiting[0], "ended before all was said")
                for note in map(str, said.get("notes", [])):
                    if note[:200] not in about["notes"]:
                        about["notes"].append(note[:200])
                about["printed"] = about["printed"] or str(said.get("printed", ""))[:2000]
                return


def _number(given: Any) -> int:
    return given if type(given) is int and given in (0, *NUMBERS) else 0


def _judged(number: int, said: dict[str, Any]) -> Verdict:
    """What is said of a piece's results, or the sentence that it ended with."""
    checker = CHECKERS[number]
    if "sentence" in said:
        return Verdict(False, str(said["sentence"])[:1000])
    try:
        answers = [unpacked(one) for one in said["answers"]]
    except (ValueError, KeyError, TypeError):
        return Verdict(False, "gives results that nobody can read")
    if len(answers) != len(checker.cases):
        return Verdict(False, "gives results for other cases than were asked for")
    torch.manual_seed(0)
    return checker.verdict(answers)


def _verdict(number: int, verdict: Verdict, seconds: float) -> dict[str, Any]:
    return {
        "piece": number,
        "passed": verdict.passed,
        "message": verdict.message,
        "seconds": round(seconds, 2),
    }


def _how_it_ended(code: int) -> str:
    """In words, by an exit code; the process that shuts one in adds 128 to a signal's number."""
    number = -code if code < 0 else code - 128
    if 0 < number < 65:
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        memory = " (the system does so when memory runs out)" if name == "SIGKILL" else ""
        return f"ended its process: {name}{memory}"
    return f"ended its process (exit code {code})"
