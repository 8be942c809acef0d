"""One file of the course: its columns, its labels, and every row of it read or named."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from minbert.data.examples import Damage, Example, PairExample, SentenceExample
from minbert.data.table import Row, table_rows
from minbert.data.text import read_text

MOST_DAMAGE = 0.01
"""A file with more than this share of damaged rows is not the file it should be."""
ENOUGH_LABELS = 10
"""As many labels show whether they are the task's own."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class FileFormat:
    """What the files of one task look like."""

    stem: str
    sentences: tuple[str, ...]
    label: str
    lowest: float
    highest: float
    whole: bool
    """Whether labels are whole numbers."""

    @property
    def expected(self) -> str:
        """Which labels there are, for sentences."""
        return f"a {'whole ' if self.whole else ''}number from {self.lowest:g} to {self.highest:g}"


FORMATS = {
    "sst": FileFormat("ids-sst", ("sentence",), "sentiment", 0, 4, True),
    "cfimdb": FileFormat("ids-cfimdb", ("sentence",), "sentiment", 0, 1, True),
    "quora": FileFormat("quora", ("sentence1", "sentence2"), "is_duplicate", 0, 1, True),
    "sts": FileFormat("sts", ("sentence1", "sentence2"), "similarity", 0, 5, False),
}

ANY_LABEL = "label"
"""A label column of any task, in tables that are no course files."""
NAMES = {"id", ANY_LABEL}.union(*({*form.sentences, form.label} for form in FORMATS.values()))
"""Columns that are read; others may be there."""


def read_file(
    path: Path, task: str, needs_labels: bool = False
) -> tuple[tuple[Example, ...], list[Damage]]:
    """The examples of one file, and the rows that had to be left out: together, all rows.

    Labels are read where the header has their column; a file without it gives label None.

    Args:
        path: of the file.
        task: of `FORMATS`.
        needs_labels: whether a file without labels is refused: train and dev files have them.

    Raises:
        OSError: there is no such file, or it cannot be read.
        ValueError: not UTF-8, no such header, no row, another task's labels, or more than 1 % of
            the rows damaged.
    """
    form = FORMATS[task]
    rows = table_rows(read_text(path))
    header = next(rows, None)
    columns = _columns(header, path, form, needs_labels)
    examples: list[Example] = []
    damage: list[Damage] = []
    lines: dict[str, int] = {}
    for row in rows:
        try:
            example = _example(row, columns, len(header.fields), form)
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
    _check_share(path, len(examples), damage)
    _check_task(path, form, [example.label for example in examples])
    return tuple(examples), damage


def label_from(text: str, form: FileFormat, column: str = "") -> float:
    """A label as a number that the task has; `column` is another name for it, for the sentence.

    Raises:
        ValueError: it is something else; the sentence says what was expected.
    """
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    if not form.lowest <= value <= form.highest or (form.whole and value != int(value)):
        raise ValueError(f"{column or form.label}: expected {form.expected}, got {text[:40]!r}")
    return value + 0.0  # -0.0 is 0.0


def plausible(labels: Sequence[float], form: FileFormat) -> bool:
    """Whether labels can be this task's: more than two classes, or scores up to 5, go above 1."""
    return form.highest <= 1 or len(labels) < ENOUGH_LABELS or max(labels) > 1


def header_columns(row: Row | None, path: Path) -> dict[str, int]:
    """Where each column of a table is, by name.

    Raises:
        ValueError: there is no header, it cannot be read, or a name stands there twice.
    """
    if row is None:
        raise ValueError(f"{path}:1: the header has no column: expected a table, got an empty file")
    if row.problem:
        raise ValueError(f"{path}:{row.line}: the header has no column that can be read: "
                         f"{row.problem}")  # fmt: skip
    columns: dict[str, int] = {}
    for number, field in enumerate(row.fields):
        name = field.strip()
        if name in columns and name in NAMES:
            raise ValueError(f"{path}:1: expected each column once, got {name} twice in the header")
        columns[name] = number
    return columns


def shown_header(columns: Sequence[str]) -> str:
    """A header for a sentence, with what it looks like if it looks like no header at all."""
    shown = repr(list(columns))
    looks = "; this is a web page" if "<" in "".join(columns)[:1] else ""
    return (shown if len(shown) <= 150 else shown[:150] + "…") + looks


def _columns(row: Row | None, path: Path, form: FileFormat, needs_labels: bool) -> dict[str, int]:
    """The columns of a file of this task, and of no other."""
    columns = header_columns(row, path)
    labels = {other.label: task for task, other in FORMATS.items()}
    foreign = form.label not in columns and [name for name in columns if name in labels]
    needed = ("id", *form.sentences, *((form.label,) if needs_labels or foreign else ()))
    missing = [name for name in needed if name not in columns]
    if missing:
        cause = ""
        if foreign:
            cause = f"; {foreign[0]} belongs to {labels[foreign[0]]}"
        elif missing == [form.label]:
            cause = "; train and dev files have labels, only test files may lack them"
        got = shown_header(row.fields)
        raise ValueError(
            f"{path}:1: the header has no column {', '.join(missing)}: expected the tab-separated "
            f"columns {', '.join(needed)} of {form.stem} files, got {got}{cause}"
        )
    return columns


def _example(row: Row, columns: dict[str, int], expected: int, form: FileFormat) -> Example:
    """One checked row; ValueError says what is wrong with it."""
    if row.problem:
        raise ValueError(row.problem)
    got = len(row.fields)
    if got != expected:
        more = "more" if got > expected else "fewer"
        raise ValueError(
            f"{more} fields than the header has columns: expected {expected}, got {got}"
        )
    labelled = form.label in columns
    names = ("id", *form.sentences, *((form.label,) if labelled else ()))
    # The files put a blank before each sentence; it carries nothing. Other white space stays.
    values = {name: row.fields[columns[name]].strip(" ") for name in names}
    empty = [name for name, value in values.items() if not value.strip()]
    if empty:
        raise ValueError(f"empty {', '.join(empty)}: expected a value, got none")
    identity = values["id"]
    if any(character in identity for character in "\t\r\n"):
        raise ValueError(f"expected an id without tabs and line ends, got {identity[:40]!r}")
    label = label_from(values[form.label], form) if labelled else None
    if len(form.sentences) == 1:
        return SentenceExample(identity, values["sentence"], None if label is None else int(label))
    return PairExample(identity, values["sentence1"], values["sentence2"], label)


def _check_share(path: Path, count: int, damage: Sequence[Damage]) -> None:
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


def _check_task(path: Path, form: FileFormat, labels: Sequence[float | None]) -> None:
    if None not in labels and not plausible(labels, form):
        other = "cfimdb" if form.whole else "quora"
        raise ValueError(
            f"{path}:2: expected {form.label} from {form.lowest:g} to {form.highest:g}, got none "
            f"above 1 in {len(labels):,} rows: are these the labels of {other}?"
        )
