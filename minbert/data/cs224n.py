"""The files of the CS224N default project, as they are: several headers, and some damage."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from minbert.data.course_file import read_file
from minbert.data.examples import CourseData, Damage, Example, TaskData
from minbert.data.published import GIT_BLOBS, is_published
from minbert.data.text import read_text, user_path
from minbert.tasks import COURSE_TASKS, QUORA, Task, find_task

logger = logging.getLogger(__name__)

OFFICIAL_QUORA_TRAIN_ROWS = 141_505

SUFFIXES = {"train": "train", "dev": "dev", "test": "test-student"}

SYNTHETIC_MARK = "synthetic.txt"
"""A file that `minbert data export` puts beside made-up data: one sentence that says so."""


def file_name(task: Task | str, split: str) -> str:
    """Name of a task's file, e.g. `ids-sst-test-student.csv`."""
    return f"{find_task(task).stem}-{SUFFIXES[split]}.csv"


def course_folder(folder: str | Path) -> Path:
    """The folder of the course's files, `~` resolved.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    folder = user_path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder: expected the CS224N data files in it")
    return folder


def load_cs224n(folder: str | Path) -> CourseData:
    """Read all tasks from a folder of course files.

    Damaged rows are left out, counted in the log, and named in `CourseData.damage`. Missing test
    files and missing CFIMDB files are said in the log and passed over.

    Raises:
        FileNotFoundError: the folder, or a train or dev file of the three tasks, is missing.
        OSError: a file cannot be read.
        ValueError: a file is not what its name says, or a train or dev file has no labels.
    """
    folder = course_folder(folder)
    damage: list[Damage] = []
    tasks: dict[Task, TaskData] = {}
    for task in COURSE_TASKS.values():
        splits: dict[str, tuple[Example, ...]] = {}
        for split in SUFFIXES:
            read = read_split(folder, task, split)
            if read is None:
                logger.warning("%s is not there: going on without it", file_name(task, split))
            splits[split], found = read or ((), [])
            damage += found
        if aside := left_aside(task, [split for split in splits if splits[split]]):
            logger.warning(aside)
        if task.joint or (splits["train"] and splits["dev"]):
            tasks[task] = TaskData(**splits)
    for row in damage:
        logger.warning("left out %s", row)
    made_up = synthetic_note(folder)
    return CourseData(
        name="cs224n",
        tier="synthetic" if made_up else "real",
        note=made_up or _note(folder, len(tasks[QUORA].train)),
        tasks=tasks,
        damage=tuple(damage),
        digest=digest(tasks),
    )


def read_split(
    folder: Path, task: Task, split: str
) -> tuple[tuple[Example, ...], list[Damage]] | None:
    """One file of a folder as training will use it; None where it is missing and may be.

    Raises:
        FileNotFoundError: a train or dev file of the three tasks is missing.
        OSError: the file cannot be read.
        ValueError: it is not what its name says, or a train or dev file has no labels.
    """
    path = folder / file_name(task, split)
    if path.exists():
        return read_file(path, task, needs_labels=split != "test")
    if not task.joint or split == "test":
        return None
    similar = sorted(other.name for other in folder.glob(f"{path.stem}*"))
    there = f" (there is {similar[0]})" if similar else ""
    raise FileNotFoundError(
        f"{path.name} is missing in {folder}{there}: `minbert data download` fetches it"
    )


def left_aside(task: Task, present: Iterable[str]) -> str:
    """What is said when a task that may be missing is there in part; empty where all is well."""
    there = [file_name(task, split) for split in present]
    if task.joint or not there or {"train", "dev"} <= set(present):
        return ""
    return (
        f"{task.name.upper()} is left aside: expected its train and dev files, got only "
        f"{', '.join(there)}"
    )


def synthetic_note(folder: Path) -> str | None:
    """The sentence beside made-up data that says what they are; None where there is no such file.

    Raises:
        ValueError: the file does not hold one sentence.
    """
    mark = folder / SYNTHETIC_MARK
    if not mark.exists():
        return None
    note = read_text(mark).strip()
    if not note or "\n" in note:
        raise ValueError(
            f"{mark}:1: expected one line that says what these made-up data are, got "
            f"{note.count(chr(10)) + bool(note)}"
        )
    return note


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


def digest(tasks: Mapping[Task, TaskData]) -> str:
    """SHA-256 over everything that tasks contain, in order."""
    content = hashlib.sha256()
    for task, data in tasks.items():
        for split in SUFFIXES:
            for example in getattr(data, split):
                content.update(repr((task.name, split, example)).encode())
    return content.hexdigest()
