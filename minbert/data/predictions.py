"""The course's prediction files: written for submission, read, and matched with labels."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from minbert.data.course_file import (
    ANY_LABEL,
    NUMBER,
    header_columns,
    label_from,
    plausible,
    shown_header,
)
from minbert.data.table import table_rows
from minbert.data.text import read_text, text_lines
from minbert.folders.added import write_whole
from minbert.tasks import COURSE_TASKS, Label, Task, find_task

logger = logging.getLogger(__name__)

TASK_OF_COLUMN = {task.prediction: task for task in COURSE_TASKS.values() if task.joint}
"""CFIMDB has the column of SST: two of its classes."""


def write_predictions(
    path: Path, task: Task | str, ids: Sequence[str], values: Sequence[float]
) -> None:
    """Write one file in the course's format: header `id \\t COLUMN`, rows `id , value `.

    Args:
        task: whose classes (whole numbers) or scores `values` are.

    Raises:
        ValueError: an unknown task, not one value per id, an id that occurs twice or cannot stand
            in such a file, or a value that is none of the task's.
    """
    task = find_task(task)
    if len(ids) != len(values):
        raise ValueError(
            f"{path}: expected a value for each id, got {len(ids)} ids and {len(values)} values"
        )
    lines = [f"id \t {task.prediction} \n"]
    written: dict[str, float] = {}
    for number, (identity, value) in enumerate(zip(ids, values, strict=True), start=2):
        place = f"{path}:{number}"
        _check_id(identity, written, place)
        written[identity] = _value(repr(float(value)), task, place)
        shown = f"{int(value)}" if task.label.whole else f"{float(value):.4f}"
        lines.append(f"{identity} , {shown} \n")
    write_whole(path, "".join(lines))


def read_predictions(path: Path, task: Task | str | None = None) -> tuple[str, dict[str, float]]:
    """Column name and values by id of a prediction file: as many as it has rows.

    Args:
        path: of the file.
        task: whose predictions they must be; None takes those of any of the course's tasks.

    Raises:
        ValueError: the header is not `id \\t COLUMN` with the task's column, a row is not
            `id , number`, the number is none of the task's, or an id occurs twice; the sentence
            names the line.
    """
    lines = text_lines(read_text(path))
    header = [field.strip() for field in lines[0].split("\t")] if lines else []
    column = header[1] if len(header) == 2 and header[0] == "id" else ""
    wanted = TASK_OF_COLUMN.values() if task is None else [find_task(task)]
    known = {one.prediction: one for one in wanted}
    if column not in known:
        got = shown_header(lines[0].split("\t")) if lines else "an empty file"
        swapped = "; this is a file of labels: are the two files swapped?" if "id" in header else ""
        raise ValueError(
            f"{path}:1: expected the header 'id \\t COLUMN' of a prediction file, where COLUMN is "
            f"exactly {', '.join(known)}, got {got}{swapped}"
        )
    task, values = known[column], {}
    for number, line in enumerate(lines[1:], start=2):
        identity, comma, text = line.rpartition(",")
        if not comma:
            raise ValueError(f"{path}:{number}: expected `id , number`, got {line[:60]!r}")
        place, identity = f"{path}:{number}", identity.strip(" ")
        _check_id(identity, values, place)
        values[identity] = _value(text.strip(" "), task, place)
    if not values:
        raise ValueError(f"{path}:2: expected rows `id , number`, got a header only")
    low, high = task.label.lowest, task.label.highest
    outside = [value for value in values.values() if not low <= value <= high]
    if outside:
        logger.warning(
            "%s: %d predictions are outside %g to %g, e.g. %g; Pearson's r takes any scale",
            path,
            len(outside),
            low,
            high,
            outside[0],
        )
    return column, values


def read_labels(path: Path, task: Task | str | None = None) -> dict[str, float | None]:
    """Labels by id of a course file, or of any table with the columns `id` and a label.

    Tab- or comma-separated. As many as the table has rows: None where the label is empty.

    Args:
        path: of the table.
        task: whose labels they must be: the column is the task's own, or `label`; None takes any.

    Raises:
        ValueError: there is no such column, a label is none of the task's, a row cannot be read,
            an id occurs twice, or no row has a label; the sentence names the line.
    """
    text = read_text(path)
    rows = table_rows(text, "\t" if "\t" in text.partition("\n")[0] else ",")
    header = next(rows, None)
    columns = header_columns(header, path)
    label = _label(path, columns, header.fields, None if task is None else find_task(task))
    values: dict[str, float | None] = {}
    for row in rows:
        place = f"{path}:{row.line}"
        expected, got = len(header.fields), len(row.fields)
        if row.problem or got != expected:
            problem = row.problem or f"expected {expected} fields as in the header, got {got}"
            raise ValueError(f"{place}: {problem}")
        identity, said = (row.fields[columns[name]].strip(" ") for name in ("id", label.column))
        _check_id(identity, values, place)
        try:
            values[identity] = label_from(said, label) if said else None
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
    if all(value is None for value in values.values()):
        raise ValueError(
            f"{path}:2: expected labels in the column {label.column}, got no label in "
            f"{len(values)} rows"
        )
    return values


def _label(
    path: Path, columns: Mapping[str, int], header: Sequence[str], task: Task | None
) -> Label:
    """The labels that a table holds, by the name of their column."""
    own = {other.label.column: other.label for other in COURSE_TASKS.values() if other.joint}
    if task is not None:
        label = task.label
        foreign = [name for name in columns if name in own and label.column not in columns]
        wanted = {label.column: label, ANY_LABEL: replace(label, column=ANY_LABEL)}
    else:
        foreign = []
        wanted = {**own, ANY_LABEL: Label(ANY_LABEL, -math.inf, math.inf, whole=False)}
    found = [label for name, label in wanted.items() if name in columns]
    if "id" in columns and found and not foreign:
        return found[0]
    raise ValueError(
        f"{path}:1: needs a column id and one of {', '.join(wanted)}: expected labels"
        f"{f' of {task.name}' if task else ''}, got the header {shown_header(header)}"
        f"{f'; {foreign[0]} belongs to another task' if foreign else ''}"
    )


def matched(
    predictions: Path, labels: Path, task: Task | str | None = None
) -> tuple[Task, np.ndarray, np.ndarray]:
    """The task of a prediction file, its values, and the labels in the same order.

    Rows without a label are left out, which the log says.

    Args:
        predictions: as `write_predictions` writes them.
        labels: a table with the columns `id` and a label.
        task: whose files they are; None: the course's task that has this column.

    Raises:
        ValueError: the files are of two tasks, a labelled id has no prediction, or a prediction
            has no labelled id.
    """
    column, predicted = read_predictions(predictions, task)
    task = TASK_OF_COLUMN[column] if task is None else find_task(task)
    read = read_labels(labels, task)
    golds = {identity: value for identity, value in read.items() if value is not None}
    if unlabelled := [identity for identity, value in read.items() if value is None]:
        logger.warning(
            "%s: %d rows have no label and are left out, e.g. id %s",
            labels,
            len(unlabelled),
            unlabelled[0],
        )
    for name, ids in (
        (f"{predictions} lacks", golds.keys() - predicted.keys()),
        (f"{labels} lacks", predicted.keys() - read.keys()),
    ):
        if ids:
            raise ValueError(
                f"{name} {len(ids)} ids of the other file, e.g. {min(ids)}: expected the same ids "
                f"in both, got {len(predicted)} predictions and {len(golds)} labels"
            )
    two_classes = task.label.whole and max(predicted.values()) <= 1  # CFIMDB has SST's columns
    if not two_classes and not plausible(list(golds.values()), task.label):
        raise ValueError(
            f"{labels}:2: expected {task.label.expected} as labels of {column}, got none above "
            f"1 in {len(golds):,} rows: are these the labels of another task?"
        )
    ids = list(golds)
    return (
        task,
        np.array([predicted[identity] for identity in ids]),
        np.array([golds[identity] for identity in ids]),
    )


def _check_id(identity: str, others: Mapping[str, float | None], place: str) -> None:
    if not identity or identity in others:
        got = f"{identity!r} a second time" if identity else "none"
        raise ValueError(
            f"{place}: the id {identity!r} is empty or occurs twice: expected one "
            f"that is new, got {got}"
        )
    if identity != identity.strip(" ") or not set(identity).isdisjoint("\t\r\n\0"):
        raise ValueError(
            f"{place}: expected an id without tabs, line ends and blanks around it, "
            f"got {identity[:40]!r}"
        )


def _value(text: str, task: Task, place: str) -> float:
    """A predicted value: a class of the task, or a finite similarity on whatever scale."""
    if task.label.whole:
        try:
            return label_from(text, task.label, task.prediction)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise ValueError(f"{place}: {task.prediction}: expected a finite number, got {text[:40]!r}")
    return value
