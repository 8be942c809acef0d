"""A learner's file, cut at its markers into pieces; nothing of it is run."""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = re.compile(r"^# ===== Piece (\d+): (.+?) =====\s*$")
"""The line that begins a piece. What stands before the first such line belongs to no piece."""


@dataclass(frozen=True)
class Block:
    """The lines of one piece."""

    number: int
    """Of the piece; 0 for the lines before the first marker."""
    title: str
    first_line: int
    """Of the file, counted from 1."""
    text: str

    @property
    def in_place(self) -> str:
        """The text below as many empty lines as are before it: line numbers are the file's."""
        return "\n" * (self.first_line - 1) + self.text


def cut(text: str) -> list[Block]:
    """The pieces of a file, in the order in which they stand there; markers begin them."""
    lines = text.splitlines(keepends=True)
    marks = [(at, found) for at, line in enumerate(lines) if (found := MARK.match(line))]
    starts = [(0, 0, "the beginning")]
    starts += [(at, int(found[1]), found[2]) for at, found in marks]
    ends = [at for at, _, _ in starts[1:]] + [len(lines)]
    return [
        Block(number, title, at + 1, "".join(lines[at:end]))
        for (at, number, title), end in zip(starts, ends, strict=True)
    ]
