"""The table of a grading, and the same as JSON, from which a later run goes on."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import minbert
from minbert.course.grading.feedback import total
from minbert.course.grading.grader import FAILED, Graded, Limits
from minbert.course.grading.points import shown

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With which a spreadsheet takes a cell for a formula."""


def table(graded: Sequence[Graded], titles: Mapping[int, str], points: Mapping[int, float]) -> str:
    """As CSV: student, total, of, a column a piece, seconds, note."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = [f"{number} {title}" for number, title in titles.items()]
    writer.writerow(["student", "total", "of", *names, "seconds", "note"])
    of = shown(sum(points.values()))
    for found in graded:
        each = [
            shown(points[number] if found.pieces.get(number, {}).get("passed") else 0)
            for number in titles
        ]
        row = [shown(total(found, points)), of, *each, f"{found.seconds:.1f}", note(found)]
        writer.writerow([_cell(found.student), *row])
    return file.getvalue()


def note(found: Graded) -> str:
    """What the teacher should know, in one line."""
    parts = [found.problem, found.note]
    if found.beginning:
        parts.append(f"before the first piece: {found.beginning}")
    parts += [f"it {one}" for one in found.notes if one not in found.beginning]
    parts += [
        f"piece {number} {piece['message']}"
        for number, piece in found.pieces.items()
        if piece["message"].startswith(("did not end", "ended its process"))
    ]
    return " ".join("; ".join(part for part in parts if part).split())


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def settings(limits: Limits) -> dict[str, Any]:
    """What decides a verdict: another seed, other limits or another version grade anew."""
    package = Path(minbert.__file__).parent
    sources = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        sources.update(path.read_bytes())
    return {
        "minbert": minbert.__version__,
        "sources": sources.hexdigest(),
        "seed": limits.seed,
        "seconds": limits.seconds,
        "memory": limits.memory,
    }


def as_json(
    graded: Sequence[Graded],
    titles: Mapping[int, str],
    points: Mapping[int, float],
    limits: Limits,
) -> str:
    """Everything that was found."""
    of = sum(points.values())
    content = {
        "settings": settings(limits),
        "pieces": {
            str(number): {"title": title, "points": points[number]}
            for number, title in titles.items()
        },
        "students": [
            {**asdict(found), "total": total(found, points), "of": of} for found in graded
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def earlier(text: str, limits: Limits) -> dict[tuple[str, str], Graded]:
    """What an earlier run found under the same settings, by student and digest.

    One that could not be graded is not among them.
    """
    content = json.loads(text)
    if content["settings"] != settings(limits):
        return {}
    found = {}
    for row in content["students"]:
        row = {name: value for name, value in row.items() if name not in ("total", "of")}
        row["pieces"] = {int(number): piece for number, piece in row["pieces"].items()}
        graded = Graded(**row)
        if not graded.problem.startswith(FAILED):
            found[graded.student, graded.digest] = graded
    return found
