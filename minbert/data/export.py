"""Data of any kind as files in the course's formats."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from minbert.data.cs224n import FORMATS, SUFFIXES, SYNTHETIC_MARK, file_name
from minbert.data.examples import CourseData


def write_course_files(data: CourseData, folder: str | Path) -> None:
    """Write every split under the course's file names; `minbert data check` reads them.

    Made-up data get a file `synthetic.txt` beside them, from which the reader knows what they are.

    Raises:
        ValueError: one of the files is there already.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    present = [name for name in _names() if (folder / name).exists()]
    if present:
        raise ValueError(f"{folder} holds {present[0]} already: choose another folder")
    if data.tier == "synthetic":
        (folder / SYNTHETIC_MARK).write_text(data.note + "\n", encoding="utf-8")
    for task, form in FORMATS.items():
        splits = getattr(data, task)
        if splits is None:
            continue
        for split in SUFFIXES:
            examples = getattr(splits, split)
            path = folder / file_name(task, split)
            partial = path.with_name(f".{path.name}.minbert-part")
            with partial.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, delimiter="\t", lineterminator="\n")
                writer.writerow(["", "id", *form.sentences, form.label])
                for number, example in enumerate(examples):
                    writer.writerow([number, example.id, *example.texts, example.label])
            os.replace(partial, path)


def _names() -> list[str]:
    return [file_name(task, split) for task in FORMATS for split in SUFFIXES]
