"""The sentences of a data set, cut into word pieces once; tasks refer to them by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minbert.data.batching import pad_batch
from minbert.data.examples import CourseData, Example, TaskData
from minbert.tasks import Task
from minbert.tokenizer import WordPieceTokenizer

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class TaskRows:
    """One split of one task: rows of a `SentenceTable` and labels."""

    task: Task
    ids: tuple[str, ...]
    first: tuple[int, ...]
    second: tuple[int, ...] | None
    """None for single sentences."""
    labels: Float[Tensor, " example"] | None
    """None when the split has no labels (a test file)."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def all_rows(self) -> tuple[int, ...]:
        """Every sentence of the split, first and second ones."""
        return self.first + (self.second or ())

    @property
    def targets(self) -> Float[Tensor, " example"] | Int[Tensor, " example"]:
        """Labels as the task's loss takes them: numbers of classes, or numbers."""
        return self.labels.long() if self.task.loss == "cross_entropy" else self.labels

    def subset(self, examples: Sequence[int]) -> TaskRows:
        """The given examples, in the given order."""

        def pick(values: Sequence) -> tuple:
            return tuple(values[index] for index in examples)

        return TaskRows(
            task=self.task,
            ids=pick(self.ids),
            first=pick(self.first),
            second=None if self.second is None else pick(self.second),
            labels=None if self.labels is None else self.labels[list(examples)],
        )


@dataclass(frozen=True)
class PairPieces:
    """Pairs as one row of word pieces each, [CLS] first [SEP] second [SEP], for one pass."""

    ids: list[list[int]]
    segments: list[list[int]]
    """0 for the pieces of the first sentence, 1 for those of the second."""

    def lengths(self) -> list[int]:
        """Word pieces of each pair."""
        return list(map(len, self.ids))

    def pad(
        self, pairs: Sequence[int], pad_id: int, device: torch.device
    ) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"] | None, Int[Tensor, "batch seq"]]:
        """A padded batch on `device`: ids, mask (None when nothing is padded), segments."""
        input_ids, mask = pad_batch([self.ids[pair] for pair in pairs], pad_id)
        segments, _ = pad_batch([self.segments[pair] for pair in pairs], 0)
        whole = None if bool(mask.all()) else mask.to(device)
        return input_ids.to(device), whole, segments.to(device)


class SentenceTable:
    """Distinct sentences as word-piece ids, [CLS] and [SEP] included.

    Quora's questions recur in many pairs; each is tokenised, and by a frozen encoder encoded,
    once.

    Args:
        tokenizer: cuts sentences into pieces.
        max_length: longer sentences are cut, which the tokenizer reports.
    """

    def __init__(self, tokenizer: WordPieceTokenizer, max_length: int = 512) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.ids: list[list[int]] = []
        self._row_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, sentences: Iterable[str]) -> tuple[int, ...]:
        """Rows of `sentences`; those not seen before are tokenised and appended."""
        sentences = list(sentences)
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self._row_of]
        for sentence, ids in zip(
            new, self.tokenizer.encode(new, max_length=self.max_length), strict=True
        ):
            self._row_of[sentence] = len(self.ids)
            self.ids.append(ids)
        return tuple(self._row_of[sentence] for sentence in sentences)

    def lengths(self, rows: TaskRows) -> list[int]:
        """Word pieces of each example: of the longer one of its sentences."""
        return [
            max(self.length(first), self.length(second))
            for first, second in zip(rows.first, rows.second or rows.first, strict=True)
        ]

    def length(self, row: int) -> int:
        """Word pieces of one sentence."""
        return len(self.ids[row])

    def count(self, rows: TaskRows, examples: Sequence[int]) -> int:
        """Word pieces of some examples, both sentences of pairs."""
        return sum(map(self.length, rows.subset(examples).all_rows))

    def pad(
        self, rows: Iterable[int], device: torch.device
    ) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"] | None]:
        """A padded batch of sentences on `device`, and its mask (None when nothing is padded)."""
        input_ids, mask = pad_batch([self.ids[row] for row in rows], self.tokenizer.pad_id)
        unpadded = bool(mask.all())
        return input_ids.to(device), None if unpadded else mask.to(device)

    def pairs(self, rows: TaskRows, segments: bool = True) -> PairPieces:
        """The pairs of a split as the tokenizer reads two sentences together.

        Args:
            rows: of a task of pairs.
            segments: without, all pieces are of segment 0, those of the second sentence, too.

        Raises:
            ValueError: the task is of single sentences.
        """
        if rows.second is None:
            raise ValueError(f"pairs need a task of two sentences, got {rows.task.name}")
        sentences = list(self._row_of)
        texts = [
            (sentences[first], sentences[second])
            for first, second in zip(rows.first, rows.second, strict=True)
        ]
        found = self.tokenizer.encodings(texts, max_length=self.max_length)
        marks = [each.type_ids if segments else [0] * len(each.ids) for each in found]
        return PairPieces([each.ids for each in found], marks)

    def add_task(self, task: Task, data: TaskData) -> dict[str, TaskRows]:
        """All splits of a task as rows of this table."""
        return {split: self._add_split(task, getattr(data, split)) for split in SPLITS}

    def _add_split(self, task: Task, examples: Sequence[Example]) -> TaskRows:
        first = [example.texts[0] for example in examples]
        labels = [example.label for example in examples]
        return TaskRows(
            task=task,
            ids=tuple(example.id for example in examples),
            first=self.add(first),
            second=self.add(example.texts[1] for example in examples) if task.pairs else None,
            labels=None if None in labels or not labels else torch.tensor(labels).float(),
        )


class CourseRows:
    """The tasks of a `CourseData` that are trained together, as rows of one table."""

    def __init__(
        self, data: CourseData, tokenizer: WordPieceTokenizer, max_length: int = 512
    ) -> None:
        self.table = SentenceTable(tokenizer, max_length)
        self.tasks = {task.name: self.table.add_task(task, data.tasks[task]) for task in data.joint}

    def split(self, name: str) -> dict[str, TaskRows]:
        """One split of every task, by the task's name: "train", "dev" or "test"."""
        return {task: splits[name] for task, splits in self.tasks.items()}
