"""What is in the course's files, and what is wrong with them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import ceil
from pathlib import Path

from minbert.data.cs224n import (
    SUFFIXES,
    course_folder,
    file_name,
    left_aside,
    read_split,
    synthetic_note,
)
from minbert.data.examples import Damage, Example, PairExample
from minbert.data.published import is_published
from minbert.tasks import COURSE_TASKS, Task

WORD = re.compile(r"\w+")


@dataclass
class FileReport:
    """One file."""

    name: str
    rows: int
    labels: dict[str, int] | None
    """Rows per label (STS: per whole point); None when the file has no labels."""
    words: tuple[int, int, int]
    """Words per sentence: median, 95th percentile, longest."""
    repeats: int
    """Rows whose sentence, or unordered pair, is in the same file before."""
    contradictions: int
    """Of these, rows with another label than the first one."""
    published: bool
    """Whether the bytes are those of the published file."""
    damage: list[Damage] = field(default_factory=list)


@dataclass
class Report:
    """All files of a folder."""

    files: list[FileReport] = field(default_factory=list)
    leaks: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """(task, split, other split): rows of the second that are in the first as well."""
    missing: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Files of the folder that are none of the course's."""
    notes: list[str] = field(default_factory=list)
    """What loading passes over, and what these data are if they are made up."""

    @property
    def ok(self) -> bool:
        """Whether the folder can be loaded and trained on: all that loading refuses is an error."""
        return not self.errors

    def __str__(self) -> str:
        lines = []
        for file in self.files:
            kind = "published file" if file.published else "NOT the published file"
            lines.append(f"{file.name}: {file.rows:,} rows, {kind}")
            if file.labels is not None:
                shown = ", ".join(f"{label}: {count:,}" for label, count in file.labels.items())
                lines.append(f"  labels {shown}")
            median, most, longest = file.words
            lines.append(f"  words per sentence: median {median}, 95 % ≤ {most}, longest {longest}")
            if file.repeats:
                lines.append(
                    f"  {file.repeats:,} rows repeat an earlier one, "
                    f"{file.contradictions:,} of them with another label"
                )
            if file.damage:
                lines.append(f"  {len(file.damage)} damaged rows, left out when read:")
                lines += [f"    {damage}" for damage in file.damage]
        for (task, split, other), count in self.leaks.items():
            if count:
                what = "pairs" if COURSE_TASKS[task].pairs else "sentences"
                lines.append(f"leak: {count} {what} of {task} are in both {split} and {other}")
        lines += [f"missing: {name}" for name in self.missing]
        lines += [f"not read: {name} is none of the course's files" for name in self.others]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"error: {error}" for error in self.errors]
        lines.append("usable" if self.ok else "NOT usable")
        return "\n".join(lines)


def check_folder(folder: str | Path) -> Report:
    """Read every course file of a folder and report rows, labels, lengths, damage and leaks.

    A leak is a sentence, or an unordered pair, that occurs in two splits of a task after NFKC,
    lower case and reduction to words. The errors are the sentences with which loading refuses.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    folder = course_folder(folder)
    report = Report()
    known = {file_name(task, split) for task in COURSE_TASKS for split in SUFFIXES}
    for task in COURSE_TASKS.values():
        keys: dict[str, set] = {}
        for split in SUFFIXES:
            path = folder / file_name(task, split)
            if not path.exists():
                report.missing.append(path.name)
            try:
                read = read_split(folder, task, split)
            except (ValueError, OSError) as error:
                report.errors.append(str(error))
                continue
            if read is not None:
                if not path.read_bytes().endswith(b"\n"):
                    report.notes.append(
                        f"{path.name}: the last row has no line end: is it cut off?"
                    )
                texts = [normalised(example) for example in read[0]]
                report.files.append(_describe(path, task, *read, texts))
                keys[split] = set(texts)
        report.notes += filter(None, [left_aside(task, keys)])
        for split, other in combinations(keys, 2):
            report.leaks[task.name, split, other] = len(keys[split] & keys[other])
    try:
        report.notes += filter(None, [synthetic_note(folder)])
    except (ValueError, OSError) as error:
        report.errors.append(str(error))
    report.others = sorted(path.name for path in folder.glob("*.csv") if path.name not in known)
    return report


def normalised(example: Example) -> tuple[str, ...]:
    """What makes two examples the same text: NFKC, lower case, words only, pairs unordered."""
    if isinstance(example, PairExample):
        return tuple(sorted((words_of(example.sentence1), words_of(example.sentence2))))
    return (words_of(example.sentence),)


def words_of(text: str) -> str:
    """NFKC, lower case, words only: what makes two texts the same."""
    return " ".join(WORD.findall(unicodedata.normalize("NFKC", text).lower()))


def words_in(texts: Sequence[str]) -> tuple[int, int, int]:
    """Words of a text: median, 95th percentile, longest; each is some text's own number."""
    lengths = sorted(len(text.split()) for text in texts)
    median, most = (lengths[ceil(share * (len(lengths) - 1))] for share in (0.5, 0.95))
    return median, most, lengths[-1]


def same_text(text: str) -> str:
    """What two texts share that are the same: their words; of a text without words, itself."""
    return words_of(text) or text.strip()


def _describe(
    path: Path,
    task: Task,
    examples: Sequence[Example],
    damage: list[Damage],
    keys: Sequence[tuple[str, ...]],
) -> FileReport:
    """A file's rows in numbers; `keys` are its examples, `normalised`."""
    first_label: dict[tuple[str, ...], float | None] = {}
    repeats = contradictions = 0
    for example, key in zip(examples, keys, strict=True):
        if key in first_label:
            repeats += 1
            contradictions += first_label[key] != example.label
        first_label.setdefault(key, example.label)
    labelled = examples[0].label is not None
    return FileReport(
        name=path.name,
        rows=len(examples) + len(damage),
        labels=_histogram(task, examples) if labelled else None,
        words=words_in([text for example in examples for text in example.texts]),
        repeats=repeats,
        contradictions=contradictions,
        published=is_published(path),
        damage=damage,
    )


def _histogram(task: Task, examples: Sequence[Example]) -> dict[str, int]:
    counts: dict[int, int] = defaultdict(int, Counter(int(example.label) for example in examples))
    if not task.label.whole:
        lowest, highest = int(task.label.lowest), int(task.label.highest)
        points = {f"{low} to <{low + 1}": counts[low] for low in range(lowest, highest)}
        return {**points, str(highest): counts[highest]}
    return {str(label): counts[label] for label in sorted(counts)}
