"""What is in files of one's own, and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median

from minbert.data.check import normalised, words_in
from minbert.data.examples import Example
from minbert.data.own_spec import load_own
from minbert.tasks import Task

MOST_SHOWN = 12
"""Classes that are listed; of more the rest is counted."""


@dataclass
class OwnReport:
    """What was found, a line each."""

    lines: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether these data can be trained on."""
        return not self.error

    def __str__(self) -> str:
        end = [f"error: {self.error}"] if self.error else []
        return "\n".join([*self.lines, *end, "usable" if self.ok else "NOT usable"])


def check_own(specs: Sequence[str]) -> OwnReport:
    """Read own data as training would, and report rows, labels, lengths, repeats and leaks.

    Args:
        specs: of `--data`, see `minbert.data.own_spec`.
    """
    report = OwnReport()
    try:
        data = load_own(specs)
    except (ValueError, OSError) as error:
        report.error = str(error)
        return report
    if data.tier == "synthetic":
        report.lines.append(f"note: {data.note}")
    for split, texts in (("train", data.text), ("dev", data.held_out_text)):
        if texts:
            report.lines.append(f"text, {split}: {len(texts):,} texts{_words(texts)}")
    for task, splits in data.tasks.items():
        keys = {}
        for split in ("train", "dev", "test"):
            examples = getattr(splits, split)
            if examples:
                report.lines += _described(task, split, examples)
                keys[split] = {normalised(example) for example in examples}
        for split, other in combinations(keys, 2):
            count = len(keys[split] & keys[other])
            if count:
                report.lines.append(
                    f"leak: {count:,} rows of {task.name} are in {split} and {other}"
                )
    if data.damage:
        report.lines.append(f"{len(data.damage)} damaged rows, left out when read:")
        report.lines += [f"  {damage}" for damage in data.damage]
    return report


def _described(task: Task, split: str, examples: Sequence[Example]) -> list[str]:
    texts = [text for example in examples for text in example.texts]
    lines = [f"{task.name}, {split}: {len(examples):,} rows, {task.about}{_words(texts)}"]
    if task.metric == "spearman":
        scores = [example.label for example in examples]
        lines.append(
            f"  scores, read as 0 to 5: {min(scores):.2f} to {max(scores):.2f}, "
            f"median {median(scores):.2f}"
        )
    elif task.metric != "partner":
        counts = Counter(int(example.label) for example in examples)
        names = task.label.names or tuple(map(str, range(task.classes)))
        shown = [f"{names[label]}: {count:,}" for label, count in counts.most_common(MOST_SHOWN)]
        rest = len(counts) - len(shown)
        lines.append("  labels " + ", ".join(shown) + (f", and {rest} more" if rest > 0 else ""))
    first: dict[tuple, float | None] = {}
    repeats = contradictions = 0
    for example in examples:
        key = normalised(example)
        repeats += key in first
        contradictions += first.setdefault(key, example.label) != example.label
    if repeats:
        lines.append(
            f"  {repeats:,} rows repeat an earlier one, {contradictions:,} of them with another "
            "label"
        )
    return lines


def _words(texts: Sequence[str]) -> str:
    middle, most, longest = words_in(texts)
    return f"; words: median {middle}, 95 % ≤ {most}, longest {longest}"
