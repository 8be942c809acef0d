"""Data of one's own: texts, pairs, labelled texts; from lists, data frames or files.

Each kind becomes a `Task`, and everything else (training, measures, tables) follows from that.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minbert.data.check import same_text
from minbert.data.course_file import NUMBER
from minbert.data.examples import (
    CourseData,
    Damage,
    Example,
    PairExample,
    PairWithNegative,
    SentenceExample,
    TaskData,
)
from minbert.data.groups import split_by_group
from minbert.data.own_file import KNOWN_NAMES, OwnTable, Reading, read_own
from minbert.tasks import Label, Task

if TYPE_CHECKING:
    import pandas

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


def _texts(name: str, values: Sequence[str], count: int | None = None) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        values = list(values) if not isinstance(values, str) else values
    if isinstance(values, str):
        raise ValueError(f"{name} must be several texts in an order, got one: put it into a list")
    for at, value in enumerate(values):
        if not isinstance(value, str) or not value.strip():
            raise ValueError(
                f"{name} must be texts, got {value!r:.40} at place {at}, counted from 0"
            )
    if count is not None and len(values) != count:
        raise ValueError(f"{name} must have one value a row, {count}, got {len(values)}")
    return tuple(values)


@dataclass(frozen=True)
class TextData:
    """Texts without labels, to go on with masked language modelling.

    Args:
        texts: in any order; a text may occur more than once.
        name: in results and tables; letters, digits, underscores.
        dev: texts on which the perplexity is measured; without, a part is split off.

    Raises:
        ValueError: no texts, or something that is none.
    """

    texts: Sequence[str]
    name: str = "text"
    dev: TextData | None = None
    test: TextData | None = None
    damage: tuple[Damage, ...] = ()
    note: str = ""

    columns = (("text",), ())
    """What stands in its files: what must, and what may."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", _texts("texts", self.texts))
        _check_name(self.name, len(self))

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def from_frame(cls, frame: pandas.DataFrame, text: str | None = None, **options) -> TextData:
        """From a column of a data frame; rows without a text are left out, and named."""
        return cls._of(_of_frame(frame, cls.columns, {"text": text}), **options)

    @classmethod
    def from_file(cls, path: str | Path, reading: Reading | None = None, **names) -> TextData:
        """From a file, see `minbert.data.own_file.read_own`.

        Args:
            path: of the file.
            reading: how it is cut; without, that is found out.
            names: of columns: `text="body"`.
        """
        return cls._of(_of_file(path, cls.columns, reading, names))

    @classmethod
    def _of(cls, table: OwnTable, **options) -> TextData:
        return cls(table.column("text"), damage=table.damage, note=table.source, **options)


@dataclass(frozen=True)
class PairData:
    """Pairs of texts: partners, or pairs with a score or a label.

    Without scores and labels every pair belongs together, and a model learns to find the partner of
    each first text among all second ones.

    Args:
        first, second: a text a row each.
        scores: how similar the two are, on whatever scale.
        labels: what they are to each other: 1 and 0, yes and no, or names of classes.
        negatives: a text that looks like the second one and is none; "" where there is none.
        name: in results and tables; letters, digits, underscores.
        dev, test: other pairs of the same kind; without `dev`, a part is split off.

    Raises:
        ValueError: not one value a row, no rows, both scores and labels, or no texts.
    """

    first: Sequence[str]
    second: Sequence[str]
    scores: Sequence[float] | None = None
    labels: Sequence[Any] | None = None
    negatives: Sequence[str] | None = None
    name: str = "pairs"
    dev: PairData | None = None
    test: PairData | None = None
    damage: tuple[Damage, ...] = ()
    note: str = ""

    columns = (("first", "second"), ("label", "score", "negative"))
    """What stands in its files: what must, and what may."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", _texts("first", self.first))
        count = len(self.first)
        object.__setattr__(self, "second", _texts("second", self.second, count))
        if self.scores is not None and self.labels is not None:
            raise ValueError("pairs have scores or labels, got both: choose one")
        if self.scores is not None:
            object.__setattr__(self, "scores", _scores(self.scores, count))
        if self.labels is not None:
            object.__setattr__(self, "labels", _labels(self.labels, count))
        if self.negatives is not None:
            values = tuple(self.negatives)
            if len(values) != count or not all(isinstance(value, str) for value in values):
                raise ValueError(
                    f"negatives must be a text a row, {count}, empty where there is none, got "
                    f"{len(values)}"
                )
            object.__setattr__(self, "negatives", values)
        _check_name(self.name, count)

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def from_frame(
        cls,
        frame: pandas.DataFrame,
        first: str | None = None,
        second: str | None = None,
        score: str | None = None,
        label: str | None = None,
        negative: str | None = None,
        **options,
    ) -> PairData:
        """From columns of a data frame; what is not named is found by its usual names."""
        names = {"first": first, "second": second, "score": score, "label": label,
                 "negative": negative}  # fmt: skip
        return cls._of(_of_frame(frame, cls.columns, names), **options)

    @classmethod
    def from_file(cls, path: str | Path, reading: Reading | None = None, **names) -> PairData:
        """From a file, see `minbert.data.own_file.read_own`.

        Args:
            path: of the file.
            reading: how it is cut; without, that is found out.
            names: of columns: `first="question", second="answer", score="stars"`.
        """
        return cls._of(_of_file(path, cls.columns, reading, names))

    @classmethod
    def _of(cls, table: OwnTable, **options) -> PairData:
        labels, scores = table.column("label"), table.column("score")
        said = labels if scores is None else scores
        if scores is not None and labels is not None:
            raise ValueError(
                f"{table.source}: expected a score or a label, got a column of each: name one, "
                "such as score=similarity"
            )
        keep, damage = list(range(len(table.rows))), list(table.damage)
        numbers = said is not None and all(NUMBER.fullmatch(value) for value in said)
        if scores is None and numbers and not all(float(value).is_integer() for value in said):
            scores, labels = said, None  # a third column without a name
        if said is not None:
            name = Path(table.source).name
            good = [bool(NUMBER.fullmatch(v)) if scores is not None else bool(v) for v in said]
            keep = [at for at in keep if good[at]]
            what = "a finite number as score" if scores is not None else "a label"
            damage += [
                Damage(name, table.lines[at], "", f"expected {what}, got {said[at]!r:.40}")
                for at, fine in enumerate(good)
                if not fine
            ]
            _check_kept(table.source, keep, damage)

        def kept(values: Sequence | None) -> list | None:
            return None if values is None else [values[at] for at in keep]

        return cls(
            kept(table.column("first")),
            kept(table.column("second")),
            scores=None if scores is None else [float(value) for value in kept(scores)],
            labels=kept(labels),
            negatives=kept(table.column("negative")),
            damage=tuple(damage),
            note=table.source,
            **options,
        )


@dataclass(frozen=True)
class LabelledData:
    """Texts with a class each.

    Args:
        texts: one a row.
        labels: the name of its class, or a number; any classes, two or more.
        name: in results and tables; letters, digits, underscores.
        dev, test: other texts with the same classes; without `dev`, a part is split off.

    Raises:
        ValueError: not one label a text, no rows, or no texts.
    """

    texts: Sequence[str]
    labels: Sequence[Any]
    name: str = "labelled"
    dev: LabelledData | None = None
    test: LabelledData | None = None
    damage: tuple[Damage, ...] = ()
    note: str = ""

    columns = (("text", "label"), ())
    """What stands in its files: what must, and what may."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", _texts("texts", self.texts))
        object.__setattr__(self, "labels", _labels(self.labels, len(self.texts)))
        _check_name(self.name, len(self))

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def from_frame(
        cls, frame: pandas.DataFrame, text: str | None = None, label: str | None = None, **options
    ) -> LabelledData:
        """From columns of a data frame; what is not named is found by its usual names."""
        return cls._of(_of_frame(frame, cls.columns, {"text": text, "label": label}), **options)

    @classmethod
    def from_file(cls, path: str | Path, reading: Reading | None = None, **names) -> LabelledData:
        """From a file, see `minbert.data.own_file.read_own`.

        Args:
            path: of the file.
            reading: how it is cut; without, that is found out.
            names: of columns: `text="body", label="topic"`.
        """
        return cls._of(_of_file(path, cls.columns, reading, names))

    @classmethod
    def _of(cls, table: OwnTable, **options) -> LabelledData:
        texts, labels = table.column("text"), table.column("label")
        return cls(texts, labels, damage=table.damage, note=table.source, **options)


OwnData = TextData | PairData | LabelledData


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
        notes.append(f"{len(text) - len(kept):,} texts are left out of training, they stand in dev")
    tasks, dropped = _without_held_negatives(tasks, held)
    if dropped:
        notes.append(f"{dropped:,} hard negatives are left out, they stand in dev")
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
    """The same without hard negatives of train that stand in dev, and how many those were."""
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


def _scores(values: Sequence[Any], count: int) -> tuple[float, ...]:
    found = []
    for at, value in enumerate(values):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(f"scores must be finite numbers, got {value!r:.40} at place {at}")
        found.append(number)
    if len(found) != count:
        raise ValueError(f"scores must have one value a row, {count}, got {len(found)}")
    return tuple(found)


def _labels(values: Sequence[Any], count: int) -> tuple[str, ...]:
    found = []
    for at, value in enumerate(values):
        said = "" if value is None else str(value).strip()
        if isinstance(value, float) and value.is_integer():
            said = str(int(value))
        if not said or said == "nan":
            raise ValueError(f"labels must be names or numbers, got {value!r:.40} at place {at}")
        found.append(said)
    if len(found) != count:
        raise ValueError(f"labels must have one value a row, {count}, got {len(found)}")
    return tuple(found)


def _check_name(name: str, count: int) -> None:
    if not re.fullmatch(r"[A-Za-z]\w{0,39}", name, re.ASCII):
        raise ValueError(
            f"name must be letters, digits and underscores, a letter first, got {name!r:.60}"
        )
    if not count:
        raise ValueError(f"{name} must have rows, got none")


def _check_kept(source: str, keep: Sequence[int], damage: Sequence[Damage]) -> None:
    from minbert.data.course_file import check_share

    check_share(Path(source), len(keep), damage)


def _of_file(
    path: str | Path,
    columns: tuple[Sequence[str], Sequence[str]],
    reading: Reading | None,
    names: Mapping[str, str],
) -> OwnTable:
    needed, optional = columns
    unknown = set(names) - {*needed, *optional}
    if unknown:
        raise ValueError(
            f"columns must be some of {', '.join((*needed, *optional))}, got {min(unknown)!r}"
        )
    reading = reading or Reading()
    reading = replace(reading, columns={**reading.columns, **names})
    return read_own(path, needed, optional, reading)


def _of_frame(
    frame: pandas.DataFrame,
    columns: tuple[Sequence[str], Sequence[str]],
    names: Mapping[str, str | None],
) -> OwnTable:
    needed, optional = columns
    lower = {str(column).strip().lower(): column for column in frame.columns}
    found = {}
    for name in (*needed, *optional):
        said = names.get(name)
        if said is not None:
            if said not in frame.columns:
                shown = ", ".join(map(str, frame.columns))[:150]
                raise ValueError(f"the frame has no column {said!r}: expected one of {shown}")
            found[name] = said
        else:
            known = [lower[one] for one in KNOWN_NAMES[name] if one in lower]
            known = [one for one in known if one not in found.values()]
            if known:
                found[name] = known[0]
            elif name in needed:
                shown = ", ".join(map(str, frame.columns))[:150]
                raise ValueError(f"name the column that is the {name}: expected one of {shown}")
    rows, lines, damage = [], [], []
    for at, values in enumerate(zip(*(frame[column] for column in found.values()), strict=True)):
        said = ["" if v is None or v != v else _shown(v) for v in values]
        empty = [name for name, value in zip(found, said, strict=True)
                 if name in needed and not value]  # fmt: skip
        if empty:
            damage.append(
                Damage("data frame", at + 1, "", f"empty {', '.join(empty)}: expected a value")
            )
        else:
            rows.append(tuple(said))
            lines.append(at + 1)
    _check_kept("data frame", rows, damage)
    return OwnTable("data frame", tuple(found), tuple(rows), tuple(lines), tuple(damage))


def _shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
