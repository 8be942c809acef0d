"""What a data set consists of, whatever files it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from minbert.tasks import Task, find_task


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


@dataclass(frozen=True, slots=True)
class PairWithNegative(PairExample):
    """A pair, and a text that looks like the second one and is no answer to the first."""

    negative: str = ""
    """Hard negative of the ranking loss; empty where there is none."""


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


@dataclass(frozen=True)
class CourseData:
    """A data set of several tasks. Each task's splits are an attribute, too: `data.sst.train`."""

    name: str
    tier: str
    """`real` or `synthetic`: printed in every caption."""
    note: str
    """What a reader of results must know about these data, in one sentence."""
    tasks: Mapping[Task, TaskData]
    """In the order in which they are trained and shown."""
    damage: tuple[Damage, ...]
    digest: str
    """SHA-256 over all ids, sentences and labels."""
    text: tuple[str, ...] = ()
    """Text without labels, to pre-train an encoder on; the real data have none."""
    held_out_text: tuple[str, ...] = ()
    """Text without labels on which what was pre-trained is measured."""

    def __getattr__(self, name: str) -> TaskData:
        for task, data in self.__dict__.get("tasks", {}).items():
            if task.name == name:
                return data
        known = ", ".join(task.name for task in self.__dict__.get("tasks", {}))
        raise AttributeError(f"these data have no {name}: their tasks are {known}")

    @property
    def joint(self) -> tuple[Task, ...]:
        """The tasks that one model is trained and measured on."""
        return tuple(task for task in self.tasks if task.joint)

    def find(self, task: Task | str) -> TaskData | None:
        """The splits of a task; None where these data have none of it."""
        return self.tasks.get(find_task(task))

    def with_tasks(self, tasks: Mapping[Task | str, TaskData]) -> CourseData:
        """The same with other examples of these tasks, or with tasks added at the end.

        The digest is that of the old data: give a new one where results are kept by it.
        """
        changed = {find_task(task): data for task, data in tasks.items()}
        return replace(self, tasks={**self.tasks, **changed})
