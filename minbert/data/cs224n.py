"""The files of the CS224N default project, as they are: several headers, and some damage."""

from __future__ import annotations

import csv
import hashlib
import logging
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minbert.data.examples import (
    CourseData,
    Damage,
    Example,
    PairExample,
    SentenceExample,
    TaskData,
)
from minbert.data.published import GIT_BLOBS, is_published

logger = logging.getLogger(__name__)

OFFICIAL_QUORA_TRAIN_ROWS = 141_505
MOST_DAMAGE = 0.01
"""A file with more than this share of damaged rows is not the file it should be."""


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


FORMATS = {
    "sst": FileFormat("ids-sst", ("sentence",), "sentiment", 0, 4, True),
    "cfimdb": FileFormat("ids-cfimdb", ("sentence",), "sentiment", 0, 1, True),
    "quora": FileFormat("quora", ("sentence1", "sentence2"), "is_duplicate", 0, 1, True),
    "sts": FileFormat("sts", ("sentence1", "sentence2"), "similarity", 0, 5, False),
}
SUFFIXES = {"train": "train", "dev": "dev", "test": "test-student"}

SYNTHETIC_MARK = "synthetic.txt"
"""A file that `minbert data export` puts beside made-up data: one sentence that says so."""


def file_name(task: str, split: str) -> str:
    """Name of a task's file, e.g. `ids-sst-test-student.csv`."""
    return f"{FORMATS[task].stem}-{SUFFIXES[split]}.csv"


def load_cs224n(folder: str | Path) -> CourseData:
    """Read all tasks from a folder of course files.

    Damaged rows are left out, counted in the log, and named in `CourseData.damage`. Missing test
    files and missing CFIMDB files are said in the log and passed over.

    Raises:
        FileNotFoundError: the folder, or a train or dev file of the three tasks, is missing.
        ValueError: a file is not what its name says.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder: expected the CS224N data files in it")
    damage: list[Damage] = []
    tasks: dict[str, TaskData | None] = {}
    for task in FORMATS:
        splits: dict[str, tuple[Example, ...]] = {}
        for split in SUFFIXES:
            path = folder / file_name(task, split)
            if not path.exists():
                if task != "cfimdb" and split != "test":
                    raise FileNotFoundError(
                        f"{path.name} is missing in {folder}: `minbert data download` fetches it"
                    )
                logger.warning("%s is not there: going on without it", path.name)
                splits[split] = ()
                continue
            splits[split], found = read_file(path, task)
            damage += found
        absent = task == "cfimdb" and not (splits["train"] and splits["dev"])
        tasks[task] = None if absent else TaskData(**splits)
    for row in damage:
        logger.warning("left out %s", row)
    mark = folder / SYNTHETIC_MARK
    made_up = mark.read_text(encoding="utf-8").strip() if mark.exists() else None
    return CourseData(
        name="cs224n",
        tier="synthetic" if made_up else "real",
        note=made_up or _note(folder, len(tasks["quora"].train)),
        damage=tuple(damage),
        digest=digest(tasks),
        **tasks,
    )


def _note(folder: Path, quora_rows: int) -> str:
    """What stands under every table: which of the files are not the published ones."""
    note = "CS224N default-project files"
    if quora_rows != OFFICIAL_QUORA_TRAIN_ROWS:
        note += (
            f"; quora-train.csv holds {quora_rows:,} pairs, "
            f"not the official {OFFICIAL_QUORA_TRAIN_ROWS:,}"
        )
    others = [
        path.name
        for path in (folder / name for name in GIT_BLOBS if name != "quora-train.csv")
        if path.exists() and not is_published(path)
    ]
    if others:
        named = ", ".join(others) if len(others) <= 3 else f"{len(others)} more files"
        note += f"; not the published content: {named}"
    return note


def digest(tasks: dict[str, TaskData | None]) -> str:
    """SHA-256 over everything that tasks contain, in order."""
    content = hashlib.sha256()
    for name, task in tasks.items():
        for split in SUFFIXES:
            for example in getattr(task, split, ()):
                content.update(repr((name, split, example)).encode())
    return content.hexdigest()


def read_file(path: Path, task: str) -> tuple[tuple[Example, ...], list[Damage]]:
    """The examples of one file, and the rows that had to be left out.

    Labels are read where the header has their column; a file without it gives label None.

    Raises:
        ValueError: not UTF-8, no such header, no row, or more than 1 % of the rows damaged.
    """
    form = FORMATS[task]
    examples: list[Example] = []
    damage: list[Damage] = []
    seen: set[str] = set()
    for line, row_number, row, labelled in _rows(path, form):
        try:
            example = _example(row, form, labelled)
            if example.id in seen:
                raise ValueError(f"the id {example.id} occurs a second time")
        except ValueError as error:
            damage.append(Damage(path.name, line, row_number, str(error)))
            continue
        seen.add(example.id)
        examples.append(example)
    if not examples:
        raise ValueError(f"{path} holds no usable row: is it the right file?")
    if len(damage) > max(2, MOST_DAMAGE * (len(examples) + len(damage))):
        raise ValueError(
            f"{path}: {len(damage)} of {len(damage) + len(examples)} rows are damaged, "
            f"the first is {damage[0]}: is the file cut off or converted?"
        )
    return tuple(examples), damage


def _rows(path: Path, form: FileFormat) -> Iterator[tuple[int, str, dict[str, str], bool]]:
    """(line, row number, row, labelled) for each row below a header that fits the format."""
    csv.field_size_limit(sys.maxsize)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, delimiter="\t")
            header = reader.fieldnames or []
            missing = [name for name in ("id", *form.sentences) if name not in header]
            if missing:
                raise ValueError(
                    f"{path}: the header has no column {', '.join(missing)} "
                    f"(it is {header}): expected tab-separated columns of the course's files"
                )
            labelled = form.label in header
            for row in reader:
                yield reader.line_num, row.get(header[0]) or "", row, labelled
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8 (byte {error.start}): convert or fetch it again"
        ) from error
    except csv.Error as error:
        raise ValueError(f"{path}: {error}") from error


def _example(row: dict[str, str], form: FileFormat, labelled: bool) -> Example:
    """One checked row; ValueError says what is wrong with it."""
    if None in row:
        raise ValueError("more fields than the header has columns")
    absent = [name for name, value in row.items() if value is None]
    if absent:
        raise ValueError(f"fewer fields than the header has columns ({', '.join(absent)} missing)")
    identity = row["id"].strip()
    sentences = [row[name].strip() for name in form.sentences]
    needed = ("id", *form.sentences, *((form.label,) if labelled else ()))
    empty = [name for name in needed if not row[name].strip()]
    if empty:
        raise ValueError(f"empty {', '.join(empty)}")
    label = _label(row[form.label].strip(), form) if labelled else None
    if len(sentences) == 1:
        return SentenceExample(identity, sentences[0], None if label is None else int(label))
    return PairExample(identity, sentences[0], sentences[1], label)


def _label(text: str, form: FileFormat) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{form.label} {text!r} is not a number") from None
    if not form.lowest <= value <= form.highest or math.isnan(value):
        raise ValueError(f"{form.label} {text} is outside {form.lowest:g} to {form.highest:g}")
    if form.whole and value != int(value):
        raise ValueError(f"{form.label} {text} is not a whole number")
    return value
