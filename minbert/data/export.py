"""Data of any kind as files in the course's formats."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from minbert.data.course_file import read_file
from minbert.data.cs224n import SUFFIXES, SYNTHETIC_MARK, file_name
from minbert.data.examples import CourseData, Example
from minbert.data.table import table_line
from minbert.data.text import user_path
from minbert.tasks import COURSE_TASKS, Task

logger = logging.getLogger(__name__)


def write_course_files(data: CourseData, folder: str | Path) -> None:
    """Write every split under the course's file names; `minbert data check` reads them.

    What is written is read back and compared before it gets its name. Splits without examples get
    no file, splits without labels no label column. Made-up data get a file `synthetic.txt` beside
    them, from which the reader knows what they are. Text without labels has no file in the
    course's formats, which the log says.

    Raises:
        ValueError: one of the files is there already, or an example cannot be read back as it is:
            only some have labels, a label is none of the task's, an id is empty or stands twice, a
            sentence is empty, begins or ends with a blank, or is no Unicode.
        OSError: the folder cannot be made.
    """
    folder = user_path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder}: expected a folder to write into, got a file")
    folder.mkdir(parents=True, exist_ok=True)
    present = [name for name in (*_names(), SYNTHETIC_MARK) if (folder / name).exists()]
    if present:
        raise ValueError(f"{folder} holds {present[0]} already: choose another folder")
    parts = [
        (task, split, getattr(data.tasks[task], split))
        for task in COURSE_TASKS.values()
        if task in data.tasks
        for split in SUFFIXES
    ]
    written: dict[Path, Path] = {}
    try:
        for task, split, examples in parts:
            if not examples and split != "test":
                raise ValueError(f"{task.name} {split}: expected examples, got none")
            if examples:
                name = file_name(task, split)
                partial = folder / f".{name}.minbert-part"
                written[partial] = folder / name
                _write(partial, task, split, examples)
        if data.tier == "synthetic":  # the first to get its name: no file is ever without it
            partial = folder / f".{SYNTHETIC_MARK}.minbert-part"
            written = {partial: folder / SYNTHETIC_MARK, **written}
            partial.write_text(data.note + "\n", encoding="utf-8")
        for partial, path in written.items():
            os.replace(partial, path)
    finally:
        for partial in written:
            partial.unlink(missing_ok=True)
    if data.text:
        logger.info("%s sentences without labels have no file in these formats", len(data.text))


def _write(partial: Path, task: Task, split: str, examples: Sequence[Example]) -> None:
    """One file, read back."""
    where = f"{task.name} {split}"
    without = [example.id for example in examples if example.label is None]
    if 0 < len(without) < len(examples):
        raise ValueError(
            f"{where}: expected labels for all examples or for none, got none "
            f"for the id {without[0]!r}"
        )
    labelled = not without
    lines = [table_line(["", "id", *task.sentences, *([task.label.column] if labelled else [])])]
    for number, example in enumerate(examples):
        label = [example.label] if labelled else []
        lines.append(table_line([number, example.id, *example.texts, *label]))
    try:
        partial.write_bytes("".join(lines).encode("utf-8"))
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{where}: expected Unicode text, got half of a surrogate pair in "
            f"{error.object[max(0, error.start - 20) : error.start]!r}…"
        ) from None
    read, damage = read_file(partial, task, needs_labels=split != "test")
    if damage:
        raise ValueError(f"{where}: cannot be written so that it is read back: {damage[0]}")
    for example, again in zip(examples, read, strict=True):
        if example != again:
            raise ValueError(
                f"{where}: cannot be written so that it is read back: expected {example}, "
                f"got {again}"
            )


def _names() -> list[str]:
    return [file_name(task, split) for task in COURSE_TASKS for split in SUFFIXES]
