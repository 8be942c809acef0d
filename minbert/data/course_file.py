"""One file of the course: its columns, its labels, and every row of it read or named."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from minbert.data.examples import Damage, Example, PairExample, SentenceExample
from minbert.data.table import Row, table_rows
from minbert.data.text import read_text
from minbert.tasks import CFIMDB, COURSE_TASKS, QUORA, Label, Task, find_task

MOST_DAMAGE = 0.01
"""A file with more than this share of damaged rows is not the file it should be."""
ENOUGH_LABELS = 10
"""As many labels show whether they are the task's own."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


ANY_LABEL = "label"
"""A label column of any task, in tables that are no course files."""
NAMES = {"id", ANY_LABEL}.union(
    *({*task.sentences, task.label.column} for task in COURSE_TASKS.values())
)
"""Columns that are read in any table; others may be there."""
SEPARATED = {"\t": "tab-separated", ",": "comma-separated"}


def read_file(
    path: Path, task: Task | str, needs_labels: bool = False
) -> tuple[tuple[Example, ...], list[Damage]]:
    """The examples of one file, and the rows that had to be left out: together, all rows.

    Labels are read where the header has their column; a file without it gives label None.

    Args:
        path: of the file.
        task: whose columns and labels the file has.
        needs_labels: whether a file without labels is refused: train and dev files have them.

    Raises:
        OSError: there is no such file, or it cannot be read.
        ValueError: not UTF-8, no such header, no row, another task's labels, or more than 1 % of
            the rows damaged.
    """
    task = find_task(task)
    rows = table_rows(read_text(path), task.separator)
    header = next(rows, None)
    columns = _columns(header, path, task, needs_labels)
    examples: list[Example] = []
    damage: list[Damage] = []
    lines: dict[str, int] = {}
    for row in rows:
        try:
            example = _example(row, columns, len(header.fields), task)
            if example.id in lines:
                raise ValueError(
                    f"the id {example.id} occurs a second time: expected one that is new, got "
                    f"that of line {lines[example.id]}"
                )
        except ValueError as error:
            number = row.fields[0].strip()[:20] if row.fields else ""
            damage.append(Damage(path.name, row.line, number, str(error)))
            continue
        lines[example.id] = row.line
        examples.append(example)
    check_share(path, len(examples), damage)
    _check_task(path, task.label, [example.label for example in examples])
    return tuple(examples), damage


def label_from(text: str, label: Label, column: str = "") -> float:
    """A label as a number that the task has; `column` is another name for it, for the sentence.

    Raises:
        ValueError: it is something else; the sentence says what was expected.
    """
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    if not label.lowest <= value <= label.highest or (label.whole and value != int(value)):
        raise ValueError(f"{column or label.column}: expected {label.expected}, got {text[:40]!r}")
    return value + 0.0  # -0.0 is 0.0


def plausible(labels: Sequence[float], label: Label) -> bool:
    """Whether labels can be this task's: more than two classes, or scores up to 5, go above 1."""
    return label.highest <= 1 or len(labels) < ENOUGH_LABELS or max(labels) > 1


def header_columns(row: Row | None, path: Path, read: Sequence[str] = ()) -> dict[str, int]:
    """Where each column of a table is, by name.

    Args:
        row: the header.
        path: of the table, for sentences.
        read: columns that are read besides those of the course's files; others may be there, as
            often as they like.

    Raises:
        ValueError: there is no header, it cannot be read, or a name stands there twice.
    """
    if row is None:
        raise ValueError(f"{path}:1: the header has no column: expected a table, got an empty file")
    if row.problem:
        raise ValueError(
            f"{path}:{row.line}: the header has no column that can be read: {row.problem}"
        )
    columns: dict[str, int] = {}
    for number, field in enumerate(row.fields):
        name = field.strip()
        if name in columns and name in NAMES | set(read):
            raise ValueError(f"{path}:1: expected each column once, got {name} twice in the header")
        columns[name] = number
    return columns


def shown_header(columns: Sequence[str]) -> str:
    """A header for a sentence, with what it looks like if it looks like no header at all."""
    shown = repr(list(columns))
    looks = "; this is a web page" if "<" in "".join(columns)[:1] else ""
    return (shown if len(shown) <= 150 else shown[:150] + "…") + looks


def _columns(row: Row | None, path: Path, task: Task, needs_labels: bool) -> dict[str, int]:
    """The columns of a file of this task, and of no other."""
    label = task.label.column
    columns = header_columns(row, path, (*task.sentences, label))
    labels = {other.label.column: other.name for other in COURSE_TASKS.values()}
    foreign = label not in columns and [name for name in columns if name in labels]
    needed = ("id", *task.sentences, *((label,) if needs_labels or foreign else ()))
    missing = [name for name in needed if name not in columns]
    if missing:
        cause = ""
        if foreign:
            cause = f"; {foreign[0]} belongs to {labels[foreign[0]]}"
        elif missing == [label]:
            cause = "; train and dev files have labels, only test files may lack them"
        got = shown_header(row.fields)
        raise ValueError(
            f"{path}:1: the header has no column {', '.join(missing)}: expected the "
            f"{SEPARATED.get(task.separator, 'separated')} columns {', '.join(needed)} of "
            f"{task.stem} files, got {got}{cause}"
        )
    return columns


def _example(row: Row, columns: dict[str, int], expected: int, task: Task) -> Example:
    """One checked row; ValueError says what is wrong with it."""
    if row.problem:
        raise ValueError(row.problem)
    got = len(row.fields)
    if got != expected:
        more = "more" if got > expected else "fewer"
        raise ValueError(
            f"{more} fields than the header has columns: expected {expected}, got {got}"
        )
    column = task.label.column
    labelled = column in columns
    names = ("id", *task.sentences, *((column,) if labelled else ()))
    # The files put a blank before each sentence; it carries nothing. Other white space stays.
    values = {name: row.fields[columns[name]].strip(" ") for name in names}
    empty = [name for name, value in values.items() if not value.strip()]
    if empty:
        raise ValueError(f"empty {', '.join(empty)}: expected a value, got none")
    identity = values["id"]
    if any(character in identity for character in "\t\r\n"):
        raise ValueError(f"expected an id without tabs and line ends, got {identity[:40]!r}")
    label = label_from(values[column], task.label) if labelled else None
    sentences = [values[name] for name in task.sentences]
    if task.pairs:
        return PairExample(identity, *sentences, label)
    return SentenceExample(identity, *sentences, None if label is None else int(label))


def check_share(path: Path, count: int, damage: Sequence[Damage]) -> None:
    """Refuse a file without rows, or with so much damage that it cannot be the right one.

    Raises:
        ValueError: see above; the sentence names the first damaged row.
    """
    if not count:
        first = f", the first is {damage[0]}" if damage else ""
        raise ValueError(
            f"{path}:2: holds no usable row: expected rows below the header, got {len(damage)} "
            f"damaged ones{first}; is it the right file?"
        )
    total = count + len(damage)
    most = max(2, MOST_DAMAGE * total)
    if len(damage) > most:
        raise ValueError(
            f"{path}:{damage[0].line}: {len(damage)} of {total} rows are damaged, the first is "
            f"{damage[0]}; expected at most {most:.0f}: is it another task's, cut off or converted?"
        )


def _check_task(path: Path, label: Label, labels: Sequence[float | None]) -> None:
    if None not in labels and not plausible(labels, label):
        other = CFIMDB.name if label.whole else QUORA.name
        raise ValueError(
            f"{path}:2: expected {label.column} from {label.lowest:g} to {label.highest:g}, got "
            f"none above 1 in {len(labels):,} rows: are these the labels of {other}?"
        )
