"""The sentences of a dev set, what is known of each, and their vectors side by side."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from minbert.data.examples import CourseData


@dataclass(frozen=True)
class SentenceSpace:
    """Sentences, what is known of each, and one set of vectors per encoder."""

    sentences: tuple[str, ...]
    tasks: tuple[str, ...]
    """Name of the task each sentence is from."""
    sentiments: tuple[int | None, ...]
    """0 to 4 for reviews, None for others: a pair's label is not one of its sentences'."""
    partners: dict[int, set[int]]
    """Rows that say the same, as far as a duplicate pair of dev tells."""
    vectors: dict[str, np.ndarray] = field(default_factory=dict)
    """(sentence, hidden) per name, such as `original` and `mnrl`; filled by the caller."""

    def row(self, sentence: str) -> int:
        """Where a sentence stands.

        Raises:
            ValueError: it is none of these.
        """
        try:
            return self.sentences.index(sentence)
        except ValueError:
            raise ValueError(
                f"{sentence!r} is none of the {len(self.sentences)} sentences"
            ) from None

    def of_task(self, task: str) -> np.ndarray:
        """Rows of one task's sentences."""
        return np.flatnonzero(np.asarray(self.tasks) == task)


def dev_sentences(data: CourseData) -> SentenceSpace:
    """Every distinct dev sentence of the tasks, in the order of the files.

    A sentence that occurs in several pairs, or in several tasks, stands here once, under the task
    in which it came first.
    """
    rows: dict[str, int] = {}
    tasks: list[str] = []
    sentiments: list[int | None] = []
    partners: dict[int, set[int]] = {}
    for task in data.joint:
        for example in data.tasks[task].dev:
            for sentence in example.texts:
                if sentence not in rows:
                    rows[sentence] = len(rows)
                    tasks.append(task.name)
                    sentiments.append(None if task.pairs else example.label)
            if task.head == "yes_or_no" and example.label == 1:
                first, second = (rows[sentence] for sentence in example.texts)
                if first != second:
                    partners.setdefault(first, set()).add(second)
                    partners.setdefault(second, set()).add(first)
    return SentenceSpace(tuple(rows), tuple(tasks), tuple(sentiments), partners)
