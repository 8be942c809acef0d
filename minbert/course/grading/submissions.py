"""Whose file is whose: one submission a learner, from folders and zips as course systems give."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from minbert.course.build_track.skeleton import NAME
from minbert.course.grading.files import LARGEST, Found, inside, listed

THEIRS = re.compile(r"(?:^|.*[ _-])my_?minbert(?:[ _-]?\(?\d+\)?)?\.py$", re.IGNORECASE)
"""`my_minbert.py`, with what systems put before it, and with a number that they put behind it."""
ENDING = re.compile(r"[ _-]*my_?minbert(?:[ _-]?\(?\d+\)?)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Submission:
    """What one learner handed in."""

    student: str
    """As the course system names folder or file."""
    text: str = ""
    """The file's."""
    problem: str = ""
    """Why there is no text, in one sentence."""
    note: str = ""
    """What the teacher should know about a file that is graded."""

    @property
    def digest(self) -> str:
        """By which the same submission is known again."""
        content = "\0".join((self.text, self.problem, self.note))
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def submissions(sources: Iterable[Path]) -> list[Submission]:
    """The submissions of folders and zips, one a student, in the order of their names.

    A sub-folder, a zip or a `.py` file at the top is a student's. A folder that holds nothing but
    one folder of students stands for that one.

    Raises:
        ValueError: a source is unusable, or holds no submission.
        OSError: one cannot be read.
    """
    handed_in: dict[str, list[Found]] = {}
    problems: dict[str, str] = {}
    for source in sources:
        files = listed(source)
        mine = _by_student(_unwrapped(files), source)
        if not mine:
            raise ValueError(
                f"{source} holds no submission: expected a sub-folder, a zip or a .py file for "
                "each student"
            )
        for student, group in mine.items():
            try:
                handed_in.setdefault(student, []).extend(_with_zips(group))
            except ValueError as error:
                problems[student] = str(error)
    return [
        Submission(student, problem=problems[student])
        if student in problems
        else _submission(student, handed_in[student])
        for student in sorted({*handed_in, *problems})
    ]


def _unwrapped(files: Sequence[Found]) -> Sequence[Found]:
    """Without a folder that holds all students: zips often begin with one."""
    while True:
        first = {file.parts[0] for file in files}
        if len(first) != 1 or any(len(file.parts) < 2 for file in files):
            return files
        below = {
            file.parts[1]
            for file in files
            if len(file.parts) > 2 or file.name.lower().endswith((".py", ".zip"))
        }
        if len(below) < 2 or NAME in below:
            return files
        files = [Found(file.parts[1:], file.read) for file in files if file.parts[1]]


def _by_student(files: Sequence[Found], source: Path) -> dict[str, list[Found]]:
    groups: dict[str, list[Found]] = {}
    for file in files:
        if len(file.parts) > 1:
            student = file.parts[0]
        elif file.name.lower().endswith((".py", ".zip")):
            stem = file.name.rpartition(".")[0]
            student = ENDING.sub("", stem) or source.resolve().name.removesuffix(".zip")
        else:
            continue  # a list of grades, a note of the teacher's
        groups.setdefault(student, []).append(file)
    return groups


def _with_zips(files: Sequence[Found]) -> list[Found]:
    found = []
    for file in files:
        found += inside(file) if file.name.lower().endswith(".zip") else [file]
    return found


def _submission(student: str, files: Sequence[Found]) -> Submission:
    files = [file for file in files if file.name]
    named_by_student = [file for file in files if len(file.parts) == 1]
    chosen = [file for file in files if file in named_by_student or THEIRS.match(file.name)]
    note = ""
    if not chosen:
        chosen = [file for file in files if file.name.lower().endswith(".py")]
        note = f"the file is named {chosen[0].name}, not {NAME}" if len(chosen) == 1 else ""
    if not chosen:
        names = ", ".join(file.name for file in files[:3])
        return Submission(student, problem=f"handed in no {NAME}" + (f": {names}" if names else ""))
    try:
        contents = {file.read(LARGEST) for file in chosen}
        if len(contents) > 1:
            places = " and ".join(file.where for file in chosen[:3])
            return Submission(student, problem=f"handed in {len(chosen)} files: {places}; keep one")
        text = contents.pop().decode("utf-8-sig")
    except UnicodeDecodeError:
        return Submission(student, problem=f"{chosen[0].name} is no text in UTF-8")
    except ValueError as error:
        return Submission(student, problem=str(error))
    if not text.strip():
        return Submission(student, problem=f"{chosen[0].name} is empty")
    return Submission(student, text, note=note)
