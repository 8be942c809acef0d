"""Sentences with what is known of each and where encoders put them: what a map is drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from minbert.analysis.sentence_space import SentenceSpace
from minbert.viz.text import plain

MOST_SENTENCES = 10_000
"""More make the page slow; of more, so many are drawn."""
MOST_GROUPS = 12
"""Colours and shapes that can still be told apart; the smaller groups become one."""
UNKNOWN = "none"
OTHERS = "all others"


@dataclass(frozen=True)
class LabelledSentences:
    """Sentences, columns of labels, and one set of vectors per stage, all in the same order."""

    sentences: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    vectors: dict[str, np.ndarray]
    left_out: int = 0
    """Sentences that were given and are not here."""


def labelled_sentences(
    sentences: SentenceSpace | Sequence[str],
    vectors: Mapping[str, np.ndarray] | np.ndarray | None = None,
    columns: Mapping[str, Sequence] | None = None,
    seed: int = 0,
) -> LabelledSentences:
    """Put together and check what belongs together; of too many sentences a sample is kept.

    Args:
        sentences: a space, which brings its own vectors and the columns `task` and `sentiment`; or
            texts.
        vectors: (sentence, hidden), by name of the stage, such as `original` and `mnrl`; or one set
            of them. The stages may differ in width.
        columns: one value a sentence, by title; None becomes `none`.
        seed: of the sample.

    Raises:
        ValueError: fewer than 3 sentences, no vectors, or a length that does not fit.
    """
    columns = dict(columns or {})
    if isinstance(sentences, SentenceSpace):
        vectors = sentences.vectors if vectors is None else vectors
        columns = {"task": sentences.tasks, "sentiment": sentences.sentiments, **columns}
        sentences = sentences.sentences
    if not isinstance(vectors, Mapping):
        vectors = {} if vectors is None else {"vectors": vectors}
    stages = {str(name): np.asarray(rows, dtype=np.float32) for name, rows in vectors.items()}
    count = len(sentences)
    if count < 3:
        raise ValueError(f"a map needs at least 3 sentences, got {count}")
    if not stages:
        raise ValueError("there are no vectors: encode the sentences first (minbert.encode)")
    for title, values in columns.items():
        if len(values) != count:
            raise ValueError(f"column {title!r} has {len(values)} values for {count} sentences")
    for name, rows in stages.items():
        if rows.ndim != 2 or len(rows) != count or rows.shape[1] < 2:
            raise ValueError(
                f"vectors {name!r} have shape {rows.shape}, expected ({count}, 2 or more)"
            )
    kept = np.arange(count)
    if count > MOST_SENTENCES:
        kept = np.sort(np.random.default_rng(seed).choice(count, MOST_SENTENCES, replace=False))
        stages = {name: rows[kept] for name, rows in stages.items()}
    return LabelledSentences(
        tuple(str(sentences[row]) for row in kept),
        {
            title: tuple(UNKNOWN if values[row] is None else str(values[row]) for row in kept)
            for title, values in columns.items()
        },
        stages,
        count - len(kept),
    )


@dataclass(frozen=True)
class Groups:
    """Which colour and shape each sentence has."""

    names: tuple[str, ...]
    """In the order of the legend; no two are the same."""
    of: Int[np.ndarray, " sentence"]
    """Number of each sentence's group."""

    @property
    def counts(self) -> list[int]:
        """Sentences per group."""
        return np.bincount(self.of, minlength=len(self.names)).tolist()


def group_by(values: Sequence[str]) -> Groups:
    """Equal values make a group: numbers in their order, names from the most to the least frequent.

    Of more than `MOST_GROUPS` the smallest become one. It stands first, and so does `none` before
    numbers: what is drawn first lies beneath the others.

    Args:
        values: one a sentence.
    """
    ordered = [value for value, _ in Counter(values).most_common()]
    if len(ordered) > MOST_GROUPS:
        ordered = [OTHERS, *ordered[: MOST_GROUPS - 1]]
    elif all(_is_number(value) for value in ordered if value != UNKNOWN):
        ordered.sort(key=lambda value: -np.inf if value == UNKNOWN else float(value))
    number = {value: at for at, value in enumerate(ordered)}
    of = np.array([number.get(value, 0) for value in values])
    names: list[str] = []
    for value in ordered:
        name = plain(value, 24) or "(empty)"
        names.append(name if name not in names else f"{name} [{len(names) + 1}]")
    return Groups(tuple(names), of)


def rows_with(text: str, sentences: Sequence[str]) -> Int[np.ndarray, " found"]:
    """Rows of the sentences that contain a text, upper and lower case alike; none for no text."""
    wanted = text.strip().casefold()
    return np.array(
        [row for row, said in enumerate(sentences) if wanted and wanted in said.casefold()],
        dtype=int,
    )


def _is_number(value: str) -> bool:
    try:
        return np.isfinite(float(value))
    except ValueError:
        return False
