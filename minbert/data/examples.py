"""What a data set consists of, whatever files it came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SentenceExample:
    """One sentence and its class; label None where it is withheld (test files)."""

    id: str
    sentence: str
    label: int | None = None

    @property
    def texts(self) -> tuple[str]:
        """The sentence."""
        return (self.sentence,)


@dataclass(frozen=True, slots=True)
class PairExample:
    """Two sentences and what they are to each other: 0/1 (duplicate) or 0 to 5 (similarity)."""

    id: str
    sentence1: str
    sentence2: str
    label: float | None = None

    @property
    def texts(self) -> tuple[str, str]:
        """Both sentences."""
        return (self.sentence1, self.sentence2)


Example = SentenceExample | PairExample


@dataclass(frozen=True, slots=True)
class Damage:
    """A row that was left out, and why."""

    file: str
    line: int
    """Line of the file at which the row ends, counted from 1, header included."""
    row: str
    """Content of the row-number column, as far as there is one."""
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} (row {self.row or '?'}): {self.reason}"


@dataclass(frozen=True, slots=True)
class TaskData:
    """The three splits of one task; `test` is empty when there is no test file."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    test: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class CourseData:
    """The tasks of the paper."""

    name: str
    tier: str
    """`real` or `synthetic`: printed in every caption."""
    note: str
    """What a reader of results must know about these data, in one sentence."""
    sst: TaskData
    quora: TaskData
    sts: TaskData
    cfimdb: TaskData | None
    damage: tuple[Damage, ...]
    digest: str
    """SHA-256 over all ids, sentences and labels."""
    text: tuple[str, ...] = ()
    """Text without labels, to pre-train an encoder on; the real data have none."""
