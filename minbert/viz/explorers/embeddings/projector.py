"""Vectors for the Embedding Projector (projector.tensorflow.org), and for any other viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from minbert.folders.added import adding_to


def projector_texts(vectors: np.ndarray, columns: Mapping[str, Sequence]) -> dict[str, str]:
    """The two files as text: `vectors.tsv` without a header, `metadata.tsv` with one.

    Tabs and line breaks inside a value become spaces: in these files they separate. The projector
    expects a header only if there are two columns or more, so a single one goes without.

    Args:
        vectors: (sentence, hidden).
        columns: per title one value a sentence.

    Raises:
        ValueError: there is no column, or one has another length than `vectors`.
    """
    if not columns:
        raise ValueError("the projector needs at least one column, such as the sentences")
    for title, values in columns.items():
        if len(values) != len(vectors):
            raise ValueError(
                f"column {title!r} has {len(values)} values for {len(vectors)} vectors"
            )
    lines = [
        "\t".join(_clean(value) for value in row) for row in zip(*columns.values(), strict=True)
    ]
    if len(columns) > 1:
        lines.insert(0, "\t".join(map(_clean, columns)))
    rows = ["\t".join(f"{value:.6g}" for value in row) for row in np.asarray(vectors, dtype=float)]
    return {"vectors.tsv": "\n".join(rows) + "\n", "metadata.tsv": "\n".join(lines) + "\n"}


def write_projector_files(
    folder: Path, vectors: np.ndarray, columns: Mapping[str, Sequence]
) -> list[Path]:
    """Write both files (see `projector_texts`) into a folder, which is made if need be.

    Raises:
        ValueError: a file of one of these names is there and was not written here, or changed.
        OSError: the disk is full or does not allow it.
    """
    texts = projector_texts(vectors, columns)
    with adding_to(folder, "projector", "folder") as out:
        for name, text in texts.items():
            out.write(name, text)
    return [folder / name for name in texts]


def _clean(value: object) -> str:
    return " ".join(str(value).split())
