"""Which texts a model was trained on, as fingerprints: a test on them would measure memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from minbert.data.check import same_text
from minbert.data.examples import CourseData

SEEN_FILE = "trained_texts.npy"
"""Beside the folder of the model, not in it: who has a text can tell whether it stands here, and a
model is given away."""


def fingerprint(text: str) -> int:
    """64 bits of a text's words; capital letters and punctuation make no other text."""
    digest = hashlib.blake2b(same_text(text).encode("utf-8"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def save_seen_texts(path: Path, data: CourseData) -> None:
    """Write the fingerprints of all texts that training reads: rows of train, unlabelled texts."""
    rows = [example.texts for splits in data.tasks.values() for example in splits.train]
    texts = {text for row in (*rows, data.text) for text in row}
    np.save(path, np.array(sorted(map(fingerprint, texts)), dtype=np.uint64))


def count_seen(model: str | Path, rows: Iterable[Sequence[str]]) -> int | None:
    """How many rows hold nothing but texts that the model was trained on.

    Args:
        model: the --out of `minbert train`, or the folder `model` in it.
        rows: the texts of each row.

    Returns:
        None where no fingerprints are at hand, as of a model from elsewhere.

    Raises:
        ValueError: the file of fingerprints is damaged.
    """
    folder = Path(model)
    places = [place for place in (folder, folder.resolve().parent) if (place / SEEN_FILE).is_file()]
    if not places:
        return None
    path = places[0] / SEEN_FILE
    try:
        seen = set(np.load(path, allow_pickle=False).tolist())
    except (ValueError, EOFError, TypeError) as error:
        raise ValueError(
            f"{path}: expected what minbert train writes ({error}): altered?"
        ) from error
    return sum(all(fingerprint(text) in seen for text in row) for row in rows)
