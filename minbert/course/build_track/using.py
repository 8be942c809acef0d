"""A notebook goes on with the learner's pieces that are right, and with the library's others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from minbert.course.build_track.judging import UNWRITTEN
from minbert.course.build_track.loading import load
from minbert.course.build_track.pieces import PIECES, among
from minbert.course.build_track.running import checked
from minbert.course.build_track.variants import LIBRARY
from minbert.course.checks.base import Verdict


def use(file: str | Path | ModuleType, numbers: Sequence[int]) -> tuple[Any, list[str]]:
    """Pieces to go on with, and a sentence for each that was asked for.

    The file is checked in a process of its own. It is then run here as well, without the pieces
    that did not end there.

    Args:
        file: `my_minbert.py`, or the module itself; it need not be there.
        numbers: the pieces that are asked for.

    Returns:
        An object that has the names of all pieces: the learner's where a piece was asked for and
        is right, else the library's.

    Raises:
        ValueError: there is no piece with such a number.
        OSError: no process can be started, or the library cannot be imported there.
    """
    known = {piece.number: piece for piece in PIECES}
    for number in numbers:
        if number not in known:
            raise ValueError(f"pieces have the numbers 1 to {len(PIECES)}, got {number}")
    path = Path(str(file.__file__) if isinstance(file, ModuleType) else file)
    names = {number: f"piece {number}, {known[number].title}" for number in numbers}
    if not path.is_file():
        how = f"`minbert course build --to .` writes {path.name} to begin with"
        return LIBRARY, [f"{name}: the library's ({how})" for name in names.values()]
    try:
        verdicts, endless = checked(path, numbers)
    except ValueError as error:
        return LIBRARY, [f"{name}: the library's; {error}" for name in names.values()]
    right = [number for number in numbers if verdicts[number].passed]
    said = [f"{names[number]}: {_whose(verdicts[number], path)}" for number in numbers]
    if not right:
        return LIBRARY, said
    return among(load(path, skipped=endless), right), said


def _whose(verdict: Verdict, path: Path) -> str:
    if verdict.passed:
        return f"yours, from {path.name}"
    if verdict.message == UNWRITTEN.sentence:
        return "the library's; yours is not written yet"
    return f"the library's; yours is not right yet: {verdict.message}"
