"""Data of one's own as tasks: a part for training, a part to measure on, and what is asked.

Each kind becomes a `Task`, and everything else (training, measures, tables) follows from that.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from minbert.data.check import same_text
from minbert.data.course_file import NUMBER
from minbert.data.examples import (
    CourseData,
    Example,
    PairExample,
    PairWithNegative,
    SentenceExample,
    TaskData,
)
from minbert.data.groups import split_by_group
from minbert.data.own import LabelledData, OwnData, PairData, TextData
from minbert.tasks import Label, Task

logger = logging.getLogger(__name__)

YES = {"1", "yes", "true", "duplicate", "similar", "same"}
NO = {"0", "no", "false", "not_duplicate", "different", "not_similar", "not_same"}
SCALES = ((0.0, 1.0), (0.0, 5.0), (-1.0, 1.0), (1.0, 5.0), (0.0, 10.0), (0.0, 100.0))
"""Ranges that scores usually have; the first that holds all of a file's is taken."""
MOST_CLASSES = 1000
SCORED = (0.0, 5.0)
"""What scores are read as, whatever their own scale: the similarity head's, and STS's."""
DEV_SHARE, DEV_ROWS = 0.2, 1000
"""Of the rows, and how many rows at most, that are split off where nobody says how many."""
SPLITS = ("train", "dev", "test")


def own_data(
    *parts: OwnData,
    dev_share: float | None = None,
    seed: int = 0,
    note: str = "",
    tier: str = "real",
) -> CourseData:
    """Data of one's own as training takes them: a task per part, each with train and dev.

    A part without dev rows gets some of its own: whole groups of rows that share a text, over all
    parts together, so that no text stands on both sides. The log says how many.

    Args:
        parts: each under a name of its own.
        dev_share: of the rows, in (0, 1); without, a fifth, and about 1,000 rows at most.
        seed: of the split.
        note: what a reader of results must know about these data, in one sentence.
        tier: `real`, or `synthetic` where they are made up.

    Raises:
        ValueError: no part, two of one name, a part of which no dev rows can be split off, one
            class only, or dev rows with classes that train does not have.
    """
    names = [part.name for part in parts]
    if not parts or len(set(names)) < len(names):
        raise ValueError(
            f"own data must be one part or more, each of another name, got {', '.join(names)!r}: "
            "give them names, such as faq=pairs:FILE"
        )
    open_parts = {part.name: part for part in parts if part.dev is None}
    rows = {name: _rows_of(part) for name, part in open_parts.items()}
    largest = max(map(len, rows.values()), default=1)
    share = min(DEV_SHARE, DEV_ROWS / largest) if dev_share is None else dev_share
    dev = split_by_group(rows, share, seed)
    notes, tasks, text, held_text = [], {}, [], []
    for number, part in enumerate(parts):
        if part.name in dev:
            chosen = dev[part.name]
            notes.append(
                f"{part.name}: {sum(chosen):,} of {len(part):,} rows were split off as dev, by "
                "groups, so that no text stands on both sides"
            )
            part = replace(_some(part, chosen, False), dev=_some(part, chosen, True))
        if isinstance(part, TextData):
            text += part.texts
            held_text += part.dev.texts
        else:
            task, data = _task(part, number)
            tasks[task] = data
    held = _held_out(tasks, held_text)
    kept = tuple(one for one in text if same_text(one) not in held)
    if len(kept) < len(text):
        notes.append(f"{len(text) - len(kept):,} texts are left out of training, they are in dev")
    tasks, dropped = _without_held_negatives(tasks, held)
    if dropped:
        notes.append(f"{dropped:,} hard negatives are left out, they are in dev")
    for one in notes:
        logger.info(one)
    damage = tuple(damage for part in parts for one in _splits(part) for damage in one.damage)
    for row in damage:
        logger.warning("left out %s", row)
    described = ", ".join(f"{part.name} ({len(part):,} {_KINDS[type(part)]})" for part in parts)
    return CourseData(
        name="own",
        tier=tier,
        note=note or f"Own data: {described}",
        tasks=tasks,
        damage=damage,
        digest=_digest(tasks, kept, held_text),
        text=kept,
        held_out_text=tuple(held_text),
    )


_KINDS = {TextData: "texts", PairData: "pairs", LabelledData: "labelled texts"}


def _splits(part: OwnData) -> list[OwnData]:
    return [one for one in (part, part.dev, part.test) if one is not None]


def _rows_of(part: OwnData) -> list[tuple[str, ...]]:
    if isinstance(part, PairData):
        return list(zip(part.first, part.second, strict=True))
    return [(text,) for text in part.texts]


def _some(part: OwnData, chosen: Sequence[bool], wanted: bool) -> Any:
    """The rows of a part for which `chosen` is as wanted."""
    keep = [at for at, one in enumerate(chosen) if one is wanted]
    columns = ("texts", "labels", "first", "second", "scores", "negatives")
    changed = {
        name: [getattr(part, name)[at] for at in keep]
        for name in columns
        if getattr(part, name, None) is not None
    }
    return replace(part, **changed, dev=None, test=None if wanted else part.test, damage=())


def _task(part: PairData | LabelledData, number: int) -> tuple[Task, TaskData]:
    """A part as a task and its examples."""
    splits = {"train": part, "dev": part.dev, "test": part.test}
    shared = {
        "name": part.name,
        "subject": f"{part.name}_answer",
        "stem": part.name,
        "prediction": f"Predicted_{part.name}",
        "bootstrap": 10 + number,
    }
    if isinstance(part, LabelledData):
        label = _classes(part, splits)
        task = Task(
            title=f"{part.name}: class of a text",
            about=f"{part.name}: texts of {label.expected_classes}",
            sentences=("text",),
            label=label,
            head="classifier",
            loss="cross_entropy",
            metric="accuracy",
            **shared,
        )
    elif part.scores is not None:
        label = Label("score", *SCORED, whole=False)
        task = Task(
            title=f"{part.name}: similarity",
            about=f"{part.name}: pairs, their scores read as 0 to 5",
            sentences=("first", "second"),
            label=label,
            head="cosine",
            loss="squared_error",
            metric="spearman",
            similar_from=4.0,
            **shared,
        )
    elif part.labels is None:
        task = Task(
            title=f"{part.name}: the partner",
            about=f"{part.name}: pairs that belong together",
            sentences=("first", "second"),
            label=Label("partner", 0, 1, whole=True),
            head="yes_or_no",
            loss="binary_cross_entropy",
            metric="partner",
            similar_from=1.0,
            joint=False,
            **shared,
        )
    elif _yes_or_no(part):
        task = Task(
            title=f"{part.name}: yes or no",
            about=f"{part.name}: pairs, 1 where the two belong together",
            sentences=("first", "second"),
            label=Label("label", 0, 1, whole=True),
            head="yes_or_no",
            loss="binary_cross_entropy",
            metric="accuracy",
            similar_from=1.0,
            **shared,
        )
    else:
        label = _classes(part, splits)
        task = Task(
            title=f"{part.name}: class of a pair",
            about=f"{part.name}: pairs of {label.expected_classes}",
            sentences=("first", "second"),
            label=label,
            head="classifier",
            loss="cross_entropy",
            metric="accuracy",
            **shared,
        )
    scale = _scale(splits) if task.metric == "spearman" else None
    examples = {
        split: () if one is None else tuple(_examples(one, task, split, scale))
        for split, one in splits.items()
    }
    return task, TaskData(**examples)


def _yes_or_no(part: PairData) -> bool:
    said = {str(label).lower() for one in _splits(part) for label in one.labels}
    return said <= YES | NO and bool(said & YES) and bool(said & NO)


def _classes(part: PairData | LabelledData, splits: Mapping[str, Any]) -> Label:
    """The classes of train, as a label with names; numbers in the order of their values."""
    found = sorted(set(part.labels), key=_class_order)
    most = min(MOST_CLASSES, len(part) // 2)
    if not 2 <= len(found) <= max(2, most):
        cause = "all rows say the same" if len(found) < 2 else "is this column a label at all?"
        raise ValueError(
            f"{part.name}: expected 2 to {max(2, most)} classes in {len(part)} rows, got "
            f"{len(found)}, e.g. {str(found[0])[:40]!r}: {cause}"
        )
    for split, one in splits.items():
        unknown = set(() if one is None or one.labels is None else one.labels) - set(found)
        if unknown:
            raise ValueError(
                f"{part.name}: expected the classes of train in {split}, got "
                f"{min(unknown)!r:.60}, which train does not have"
            )
    return Label("label", 0, len(found) - 1, whole=True, names=tuple(found))


def _class_order(label: str) -> tuple:
    return (0, float(label), label) if NUMBER.fullmatch(label) else (1, 0.0, label)


def _scale(splits: Mapping[str, Any]) -> tuple[float, float]:
    """The range of the scores of all splits: a usual one, or from the least to the largest."""
    values = [score for one in splits.values() if one is not None for score in one.scores]
    low, high = min(values), max(values)
    if low == high:
        raise ValueError(f"scores must differ from pair to pair, got {low:g} in all rows")
    for scale in SCALES:
        if scale[0] <= low and high <= scale[1]:
            return scale
    return low, high


def _examples(part: Any, task: Task, split: str, scale: tuple[float, float] | None):
    for at, texts in enumerate(_rows_of(part)):
        identity = f"{part.name}-{split}-{at}"
        if scale is not None:
            label: float = SCORED[1] * (part.scores[at] - scale[0]) / (scale[1] - scale[0])
        elif task.metric == "partner":
            label = 1.0
        elif task.label.names:
            label = task.label.names.index(part.labels[at])
        else:
            label = float(str(part.labels[at]).lower() in YES)
        if not task.pairs:
            yield SentenceExample(identity, texts[0], int(label))
        elif part.negatives is not None:
            yield PairWithNegative(identity, *texts, label, part.negatives[at])
        else:
            yield PairExample(identity, *texts, label)


def _held_out(tasks: Mapping[Task, TaskData], text: Sequence[str]) -> set[str]:
    """All texts that are measured on, reduced to their words."""
    examples: list[Example] = [
        example for data in tasks.values() for example in (*data.dev, *data.test)
    ]
    return {same_text(one) for example in examples for one in example.texts} | {
        same_text(one) for one in text
    }


def _without_held_negatives(
    tasks: Mapping[Task, TaskData], held: set[str]
) -> tuple[dict[Task, TaskData], int]:
    """The same without hard negatives of train that are in dev, and how many those were."""
    changed, dropped = {}, 0
    for task, data in tasks.items():
        train = []
        for example in data.train:
            if isinstance(example, PairWithNegative) and same_text(example.negative) in held:
                dropped += bool(example.negative)
                example = replace(example, negative="")
            train.append(example)
        changed[task] = replace(data, train=tuple(train))
    return changed, dropped


def _digest(tasks: Mapping[Task, TaskData], *texts: Sequence[str]) -> str:
    content = hashlib.sha256()
    for task, data in tasks.items():
        content.update(repr((task.name, task.head, task.metric, task.label)).encode())
        for split in SPLITS:
            for example in getattr(data, split):
                content.update(repr((split, example)).encode())
    content.update(repr(texts).encode())
    return content.hexdigest()
