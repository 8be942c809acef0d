"""The course's prediction files: written for submission, read and graded."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

COLUMNS = {
    "sst": "Predicted_Sentiment",
    "cfimdb": "Predicted_Sentiment",
    "quora": "Predicted_Is_Paraphrase",
    "sts": "Predicted_Similiary",  # sic: the course's own spelling
}
LABEL_COLUMNS = ("sentiment", "is_duplicate", "similarity", "label")


def write_predictions(path: Path, task: str, ids: Sequence[str], values: Sequence[float]) -> None:
    """Write one file in the course's format: header `id \\t COLUMN`, rows `id , value `.

    Args:
        task: `sst`, `cfimdb` (whole numbers), `quora` (0/1) or `sts` (0 to 5).

    Raises:
        ValueError: an unknown task, or not one value per id.
    """
    if task not in COLUMNS:
        raise ValueError(f"task must be one of {', '.join(COLUMNS)}, got {task!r}")
    lines = [f"id \t {COLUMNS[task]} \n"]
    for identity, value in zip(ids, values, strict=True):
        shown = f"{float(value):.4f}" if task == "sts" else f"{int(value)}"
        lines.append(f"{identity} , {shown} \n")
    partial = path.with_name(f".{path.name}.minbert-part")
    partial.write_text("".join(lines), encoding="utf-8")
    os.replace(partial, path)


def read_predictions(path: Path) -> tuple[str, dict[str, float]]:
    """Column name and values by id of a prediction file.

    Raises:
        ValueError: the header is not the course's, a row is not `id , number`, or an id occurs
            twice; the sentence names the line.
    """
    lines = _lines(path)
    header = lines[0].split("\t") if lines else []
    column = header[1].strip() if len(header) == 2 else ""
    if column not in COLUMNS.values():
        raise ValueError(
            f"{path}:1: expected the header 'id \\t Predicted_…' of a prediction file, got "
            f"{lines[0][:60] if lines else 'an empty file'!r}"
        )
    values: dict[str, float] = {}
    for number, line in enumerate(lines[1:], start=2):
        identity, _, text = line.partition(",")
        _store(values, identity.strip(), text.strip(), f"{path}:{number}")
    return column, values


def read_labels(path: Path) -> dict[str, float]:
    """Labels by id of a course file, or of any table with the columns `id` and a label.

    Tab- or comma-separated; rows without a label are left out.

    Raises:
        ValueError: there is no such column, or a label is no number.
    """
    lines = _lines(path)
    delimiter = "\t" if lines and "\t" in lines[0] else ","
    reader = csv.DictReader(lines, delimiter=delimiter)
    header = reader.fieldnames or []
    label = next((name for name in LABEL_COLUMNS if name in header), None)
    if "id" not in header or label is None:
        raise ValueError(
            f"{path} needs a column id and one of {', '.join(LABEL_COLUMNS)}; "
            f"its header is {header}"
        )
    values: dict[str, float] = {}
    for row in reader:
        if row[label] and row[label].strip():
            _store(values, row["id"].strip(), row[label].strip(), f"{path}:{reader.line_num}")
    if not values:
        raise ValueError(f"{path} has no label in its column {label}")
    return values


def matched(predictions: Path, labels: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """The column of a prediction file, its values, and the labels in the same order.

    Raises:
        ValueError: a labelled id has no prediction, or a prediction has no labelled id.
    """
    column, predicted = read_predictions(predictions)
    golds = read_labels(labels)
    for name, ids in (
        (f"{predictions} lacks", golds.keys() - predicted.keys()),
        (f"{labels} lacks", predicted.keys() - golds.keys()),
    ):
        if ids:
            raise ValueError(f"{name} {len(ids)} ids of the other file, e.g. {min(ids)}")
    ids = list(golds)
    return (
        column,
        np.array([predicted[identity] for identity in ids]),
        np.array([golds[identity] for identity in ids]),
    )


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None


def _store(values: dict[str, float], identity: str, text: str, place: str) -> None:
    if not identity or identity in values:
        raise ValueError(f"{place}: the id {identity!r} is empty or occurs twice")
    try:
        values[identity] = float(text)
    except ValueError:
        raise ValueError(f"{place}: {text!r} is not a number") from None
