"""How long the grading of a class takes: submissions made up, right, wrong and mischievous.

    python benchmarks/grading.py --count 200 --jobs 2

prints the minutes and what went wrong, and writes `benchmarks/grading.json` with --record.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "course" / "grading"))

from mischief import MISCHIEF, NEEDED, below  # noqa: E402

from minbert.__main__ import main  # noqa: E402
from minbert.course.build_track.blocks import cut  # noqa: E402
from minbert.course.build_track.pieces import PIECES  # noqa: E402
from minbert.course.build_track.skeleton import KEY  # noqa: E402

RIGHT, WRONG = 0.35, 0.85
"""Shares: all right; with one to four known mistakes up to the second; the rest mischievous."""


def submission(draw: random.Random) -> tuple[str, set[int]]:
    """A file, and the pieces in which it is not right."""
    blocks = {block.number: block.text for block in cut(KEY.read_text(encoding="utf-8"))}
    kind, wrong = draw.random(), set()
    if kind > RIGHT:
        for piece in draw.sample(PIECES, draw.randint(1, 4)):
            known = draw.choice(piece.check.mistakes)
            for old, new in known.edits:
                blocks[piece.number] = blocks[piece.number].replace(old, new)
            wrong.add(piece.number)
    if kind > WRONG:
        free = [number for number in range(1, 11) if number not in wrong]
        blocks[0] = blocks[0].replace(*NEEDED)
        for number in draw.sample(free, 2):
            old, new = below(number, draw.choice(list(MISCHIEF.values()))[0])
            blocks[number] = blocks[number].replace(old, new)
            wrong.add(number)
    return "".join(blocks[number] for number in sorted(blocks)), wrong


def measure(count: int, jobs: int) -> dict[str, object]:
    """Grade a made-up class in a folder of its own."""
    draw, wrong = random.Random(0), {}
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "class", Path(folder) / "out" / "scores.csv"
        for number in range(count):
            student = f"student{number:03d}"
            text, wrong[student] = submission(draw)
            (source / student).mkdir(parents=True)
            (source / student / "my_minbert.py").write_text(text, encoding="utf-8")
        began = time.monotonic()
        main(["course", "grade", str(source), "--out", str(out), "--jobs", str(jobs)])
        minutes = (time.monotonic() - began) / 60
        with out.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    expected = Counter(10 * (10 - len(wrong[row["student"]])) == int(row["total"]) for row in rows)
    return {
        "submissions": count,
        "jobs": jobs,
        "cores": os.cpu_count(),
        "minutes": round(minutes, 2),
        "seconds a submission": round(60 * minutes / count, 2),
        "as expected": expected[True],
        "all right": sum(not one for one in wrong.values()),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.count, arguments.jobs)
    print(json.dumps(found, indent=1))
    if arguments.record:
        path = Path(__file__).with_suffix(".json")
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
