"""How many points a piece gives: equally many, or what a teacher's file says."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

EACH = 10.0
"""Points of a piece, without a file: ten pieces make 100."""


def points_of(path: Path | None, titles: Mapping[int, str]) -> dict[int, float]:
    """Points by number of the piece.

    Args:
        path: CSV with the columns `piece` and `points`; pieces that it does not name give none.
        titles: of all pieces, by number.

    Raises:
        ValueError: the file is not of this form.
        OSError: it cannot be read.
    """
    if path is None:
        return dict.fromkeys(titles, EACH)
    found: dict[int, float] = {}
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is no CSV in UTF-8") from error
    for line, row in enumerate(rows, 2):
        said = f"{path}:{line}: expected the number of a piece, 1 to {len(titles)}, and its points"
        try:
            number, points = int(row["piece"]), float(row["points"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{said}, under the header piece,points") from error
        if number not in titles or not 0 <= points < float("inf") or number in found:
            raise ValueError(f"{said}, each once, got {row['piece']},{row['points']}")
        found[number] = points
    if not sum(found.values()):
        raise ValueError(f"{path} gives no points for any piece")
    return {number: found.get(number, 0.0) for number in titles}


def shown(points: float) -> str:
    """A number of points, without zeros behind the point."""
    return f"{points:g}"
