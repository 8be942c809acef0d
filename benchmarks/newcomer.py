"""The build track as a newcomer has it: an empty folder, one piece after the other, the finale.

    python benchmarks/newcomer.py --page docs/build_session.md

The key's pieces are pasted one by one into the file that `minbert course build` makes. After each,
this piece and the next one are checked. What the commands print is the page; nothing is written by
hand but its first lines. Stops with an error where a piece is not right, or the finale is not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from minbert.course.build_track.blocks import cut
from minbert.course.build_track.pieces import PIECES
from minbert.course.build_track.skeleton import KEY, NAME

HEAD = """# A session of the build track

From an empty folder to the certificate. Recorded by `python benchmarks/newcomer.py --page
docs/build_session.md`: the program pastes the key's pieces one by one, and keeps what the commands
print. A learner takes hours where it takes seconds; the commands and their answers are the same.
"""


def pasted(text: str, number: int) -> str:
    """A file with the key's answer of one piece in it."""
    [answer] = [one.text for one in cut(KEY.read_text(encoding="utf-8")) if one.number == number]
    return "".join(answer if one.number == number else one.text for one in cut(text))


def session(folder: Path) -> str:
    """Everything that was typed and printed.

    Raises:
        RuntimeError: a command did not end as it should.
    """
    said = []

    def typed(*arguments: str, code: int = 0) -> None:
        command = [sys.executable, "-m", "minbert", "course", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != code:
            raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr}")
        said.append(f"$ minbert course {' '.join(arguments)}\n{done.stdout.rstrip()}")

    typed("build", "--to", ".")
    typed("check", NAME, code=1)
    for piece, coming in zip(PIECES, [*PIECES[1:], None], strict=True):
        path = folder / NAME
        path.write_text(pasted(path.read_text("utf-8"), piece.number), encoding="utf-8")
        said.append(f"(piece {piece.number}, {piece.title}, is written)")
        asked = [piece.number] if coming is None else [piece.number, coming.number]
        typed("check", NAME, "--piece", *map(str, asked), code=int(coming is not None))
        if "1 of" not in said[-1].splitlines()[-1]:
            raise RuntimeError(f"piece {piece.number} is not right, or the next one is: {said[-1]}")
    typed("finale", NAME)
    return "\n\n".join(said)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--page", type=Path)
    page = arguments.parse_args().page
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        text = session(Path(folder))
    print(text)
    print(f"\n{time.monotonic() - began:.0f} s")
    if page is not None:
        page.write_text(f"{HEAD}\n```\n{text}\n```\n", encoding="utf-8")


if __name__ == "__main__":
    main()
