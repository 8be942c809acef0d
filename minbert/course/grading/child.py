"""The process in which a submission is run: it says what pieces give, and judges nothing."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from minbert.course.build_track import seeding
from minbert.course.build_track.blocks import cut
from minbert.course.build_track.pieces import PIECES, among
from minbert.course.build_track.skeleton import KEY, NAME
from minbert.course.build_track.variants import LIBRARY
from minbert.course.grading.guard import Guard, Untouched, without_the_library
from minbert.course.grading.limits import limit_process
from minbert.course.grading.loading import load
from minbert.course.grading.wire import packed

PRINTED = 2000
"""Characters that are kept of what a submission prints."""
Say = Callable[..., None]


class Cut:
    """Takes what is printed, keeps the beginning, and is never full."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        """Keep what there is room for."""
        self.text += str(text)[: PRINTED - len(self.text)]
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""

    def isatty(self) -> bool:
        """Nobody looks at it."""
        return False


def prepare() -> None:
    """Read, set and import what every submission needs, once for all of them.

    Every case is tried: some functions of torch import seconds' worth of it when first called.
    """
    torch.set_num_threads(1)
    for piece in PIECES:
        piece.check.answers(LIBRARY)
    _handed_out()


def run_submission(job: dict[str, Any], channel: int) -> None:
    """Run a submission in this process, which is good for nothing else afterwards.

    Args:
        job: `folder` (holds the file; nothing is written elsewhere), `pieces`, `skipped`, `seed`,
            `seconds`, `memory`.
        channel: file descriptor that takes a line of JSON for each thing that is said.
    """
    folder = Path(job["folder"])
    path = folder / NAME
    handed_out = _handed_out()
    printed = Cut()
    _settle_in(folder, printed)
    guard = Guard(folder)
    untouched = Untouched(
        [
            torch,
            torch.Tensor,
            nn,
            nn.functional,
            nn.Module,
            nn.init,
            torch.optim,
            torch.autograd,
            json,
            os,
            sys.modules["math"],
            sys.modules["builtins"],
        ]
    )
    limit_process(job["memory"], job["seconds"])
    without_the_library()
    write, dump = os.write, json.dumps

    def say(**what: Any) -> None:
        line = dump(what).replace(str(folder) + os.sep, "").encode() + b"\n"
        while line:
            line = line[write(channel, line) :]

    def ended() -> str:
        changed = untouched.put_back()
        return f"replaces {changed}, which is not the submission's" if changed else ""

    say(doing="load", piece=0)
    guard.watch()
    loaded = load(
        path,
        handed_out,
        guard.builtins(),
        job["skipped"],
        lambda number: say(doing="load", piece=number),
        ended,
    )
    say(beginning=loaded.broken.get(0, ""))
    with seeding.hidden(job["seed"]):
        for piece in PIECES:
            if piece.number not in job["pieces"]:
                continue
            say(doing="check", piece=piece.number)
            missing = [name for name in piece.names if name not in loaded.written]
            if piece.number in loaded.broken:
                say(piece=piece.number, sentence=loaded.broken[piece.number])
            elif missing:
                said = f"{missing[0]} is missing: the file defines no such name"
                say(piece=piece.number, sentence=said)
            else:
                torch.set_default_dtype(torch.float32)
                torch.set_grad_enabled(True)
                pieces = among(loaded, [piece.number])
                answers = [packed(one) for one in piece.check.answers(pieces, str(path))]
                if changed := ended():
                    say(piece=piece.number, sentence=f"it {changed}")
                else:
                    say(piece=piece.number, answers=answers)
    say(done=True, notes=guard.noted, printed=printed.text)


def _handed_out() -> str:
    """What stands before the first piece of the file that learners are given."""
    return cut(KEY.read_text(encoding="utf-8"))[0].text


def _settle_in(folder: Path, printed: Any) -> None:
    """The folder is where it works, lives and keeps what is temporary; nobody answers an input."""
    os.chdir(folder)
    for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"):
        os.environ[name] = str(folder)
    tempfile.tempdir = str(folder)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stderr = printed
