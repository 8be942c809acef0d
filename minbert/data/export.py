"""Data of any kind as files in the course's formats."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from minbert.data.cs224n import FORMATS, SUFFIXES, file_name
from minbert.data.examples import CourseData, PairExample


def write_course_files(data: CourseData, folder: str | Path) -> None:
    """Write every split under the course's file names; `minbert data check` reads them.

    Raises:
        ValueError: one of the files is there already.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    present = [name for name in _names() if (folder / name).exists()]
    if present:
        raise ValueError(f"{folder} holds {present[0]} already: choose another folder")
    for task, form in FORMATS.items():
        splits = getattr(data, task)
        if splits is None:
            continue
        for split in SUFFIXES:
            examples = getattr(splits, split)
            path = folder / file_name(task, split)
            partial = path.with_name(path.name + ".partial")
            with partial.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, delimiter="\t", lineterminator="\n")
                writer.writerow(["", "id", *form.sentences, form.label])
                for number, example in enumerate(examples):
                    texts = (
                        (example.sentence1, example.sentence2)
                        if isinstance(example, PairExample)
                        else (example.sentence,)
                    )
                    writer.writerow([number, example.id, *texts, example.label])
            os.replace(partial, path)


def _names() -> list[str]:
    return [file_name(task, split) for task in FORMATS for split in SUFFIXES]
