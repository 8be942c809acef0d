"""What a student reads: piece by piece what is right, and what the mistake is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from minbert.course.grading.grader import Graded
from minbert.course.grading.points import shown

ODD = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
"""What file names must not have on some system."""
LONGEST = 150


def file_name(student: str) -> str:
    """Of a student's feedback."""
    return f"{ODD.sub('_', student)[:LONGEST].rstrip('. ') or '_'}.md"


def feedback(found: Graded, titles: Mapping[int, str], points: Mapping[int, float]) -> str:
    """A page in Markdown."""
    got, of = total(found, points), sum(points.values())
    lines = [f"# {_plain(found.student)}", "", f"**{shown(got)} of {shown(of)} points.**", ""]
    if found.problem:
        return "\n".join([*lines, f"Nothing was graded: {_plain(found.problem)}."]) + "\n"
    if found.note:
        lines += [f"Note: {_plain(found.note)}.", ""]
    if found.beginning:
        lines += [f"Before the first piece: {_plain(found.beginning)}.", ""]
    for number, title in titles.items():
        piece = found.pieces[number]
        given = points[number] if piece["passed"] else 0
        word = "right" if piece["passed"] else "not yet"
        lines += [
            f"## Piece {number}, {title}: {word}, {shown(given)} of {shown(points[number])}",
            "",
            _plain(piece["message"]),
            "",
        ]
    if found.notes:
        lines += ["## What a submission must not do", ""]
        lines += [*(f"- it {_plain(note)}" for note in found.notes), ""]
    if found.printed:
        printed = found.printed.replace("```", "'''")
        lines += ["## What your code printed (the beginning)", "", "```", printed, "```", ""]
    if got < of and not all(piece["passed"] for piece in found.pieces.values()):
        lines += [
            "Try a piece again with `minbert course check my_minbert.py --piece N`; the cases of "
            "the grading may be others.",
            "",
        ]
    return "\n".join(lines)


def total(found: Graded, points: Mapping[int, float]) -> float:
    """Points of all pieces that are right."""
    return sum(points[number] for number, piece in found.pieces.items() if piece["passed"])


def _plain(text: str) -> str:
    """On one line, and no HTML."""
    return " ".join(text.split()).replace("<", "&lt;")
