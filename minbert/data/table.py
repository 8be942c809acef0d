"""Tab- or comma-separated text as rows: every line becomes part of a row, or is named.

Quoting is that of Python's csv module: a field that begins with a quotation mark ends with one,
marks inside are doubled, and tabs and line ends inside are text. The module itself is not used: it
skips empty lines, glues what follows a closing mark to the field, and after a mark that nobody
closes it reads the rest of the file as one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One row, header included."""

    line: int
    """At which it begins, counted from 1."""
    lines: int
    """How many it takes: more than one where a quoted field holds line ends."""
    fields: tuple[str, ...]
    problem: str = ""
    """Why the line could not be cut into fields: expected and got; empty where it could."""


def table_rows(text: str, delimiter: str = "\t") -> Iterator[Row]:
    """The rows of a table, in order; their `lines` add up to the lines of the text.

    A row goes on over a line end only inside quotation marks, and only if none of the lines it
    would take looks like a row of its own: else the mark is one that nobody closed, the line is
    named, and the next line is read for itself.
    """
    field = re.compile(
        rf'"((?:[^"]++|"")*+)"(?=[{delimiter}\n]|\r\n|\r?\Z)|(?!")([^{delimiter}\n]*)'
    )
    at, line, width = 0, 1, None
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        row = _one_line(text[at:end], delimiter, line)
        if row is None:
            row, end = _quoted(text, at, end, line, field, delimiter, width)
        width = len(row.fields) if width is None else width
        yield row
        at, line = end + 1, line + row.lines


def table_line(fields: Iterable[object], delimiter: str = "\t") -> str:
    """One row as text with its newline; `table_rows` gives the same fields."""
    shown = ["" if value is None else str(value) for value in fields]
    special = re.compile(rf'["\n\r{delimiter}]')
    return (
        delimiter.join(
            '"' + value.replace('"', '""') + '"' if special.search(value) else value
            for value in shown
        )
        + "\n"
    )


def _one_line(text: str, delimiter: str, line: int) -> Row | None:
    """A line without quoted fields as a row; None where a field is quoted."""
    if text.startswith('"') or f'{delimiter}"' in text:
        return None
    text = text.removesuffix("\r")
    if not text:
        return Row(line, 1, (), "expected a row, got an empty line")
    fields = tuple(text.split(delimiter))
    return Row(line, 1, fields, _unreadable(text))


def _quoted(
    text: str, start: int, end: int, line: int, field: re.Pattern, delimiter: str, width: int | None
) -> tuple[Row, int]:
    """A row with quoted fields, and where its last line ends."""
    fields: list[str] = []
    problem, at = "", start
    while True:
        found = field.match(text, at)
        if found is None:
            number = len(fields) + 1
            problem = f"expected a quotation mark that closes field {number} at its end, got none"
            return Row(line, 1, tuple(fields), problem), end
        quoted, plain = found.groups()
        at = found.end()
        last = text[at : at + 1] != delimiter
        if quoted is None:
            plain = plain.removesuffix("\r") if last else plain
            problem = problem or _unreadable(plain)
        elif "\0" in quoted:
            problem = problem or _unreadable("\0")
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        if last:
            break
        at += 1
    stop = text.find("\n", at)
    stop = len(text) if stop < 0 else stop
    taken = text[start:stop].split("\n")
    for number, other in enumerate(taken[1:], start=1):
        if width is None or other.count(delimiter) >= width - 1:
            problem = (
                f"expected a quotation mark that closes its field before line {line + number}, "
                "which is a row of its own, got none"
            )
            return Row(line, 1, tuple(fields[:1]), problem), end
    return Row(line, len(taken), tuple(fields), problem), stop


def _unreadable(text: str) -> str:
    """What no text file has in a row: signs of a broken file or of unknown line ends."""
    if "\0" in text:
        return "expected text, got a NUL character: is the file broken, or UTF-16?"
    if "\r" in text:
        return "expected \\n or \\r\\n at line ends, got a carriage return inside the row"
    return ""
