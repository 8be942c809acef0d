"""The process in which a learner's file is run; it tells its parent what it does, line by line."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any


def main(job: str) -> None:
    """Do a job, given as JSON: the file, the pieces to check, those to leave out, the finale.

    What the learner's code prints goes to the standard error: the standard output belongs to the
    parent process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C, and ends this process
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    threading.Thread(target=end_with, args=(os.dup(0),), daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # nobody answers an input()

    def say(**what: Any) -> None:
        channel.write(json.dumps(what) + "\n")
        channel.flush()

    wanted = json.loads(job)
    say(doing="import")
    import torch

    from minbert.course.build_track.loading import load
    from minbert.course.build_track.pieces import PIECES, among

    torch.set_num_threads(1)  # pieces are small: more threads would only wait for each other
    path = Path(wanted["file"])
    loaded = load(path, wanted["skipped"], lambda number: say(doing="load", piece=number))
    if 0 in loaded.broken:
        say(unusable=loaded.broken[0])
        return
    for piece in PIECES:
        if piece.number not in wanted["pieces"]:
            continue
        missing = [name for name in piece.names if name not in loaded.written]
        say(doing="check", piece=piece.number)
        if piece.number in loaded.broken:
            passed, message = False, loaded.broken[piece.number]
        elif missing:
            passed, message = False, f"{missing[0]} is missing: the file defines no such name"
        else:
            verdict = piece.check(among(loaded, [piece.number]), str(path))
            passed, message = verdict.passed, verdict.message
        say(piece=piece.number, passed=passed, message=message)
    if wanted["finale"]:
        from minbert.course.build_track.finale import perform

        say(doing="finale")
        perform(among(loaded, wanted["own"]), lambda **what: say(doing="finale", **what), str(path))
    say(done=True)


def end_with(parent: int) -> None:
    """End when the parent does, whose end of the pipe is closed then: loops must not stay."""
    while os.read(parent, 1):
        pass
    os._exit(1)
