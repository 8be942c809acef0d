"""Data of one's own: texts, pairs, labelled texts; from lists, data frames or files.

`minbert.data.own_tasks` makes tasks of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minbert.data.course_file import NUMBER
from minbert.data.examples import Damage
from minbert.data.own_file import KNOWN_NAMES, OwnTable, Reading, read_own

if TYPE_CHECKING:
    import pandas


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
    """What is in its files: what must, and what may."""

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
    """What is in its files: what must, and what may."""

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
        names = {
            "first": first,
            "second": second,
            "score": score,
            "label": label,
            "negative": negative,
        }
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
    """What is in its files: what must, and what may."""

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
        empty = [
            name for name, value in zip(found, said, strict=True) if name in needed and not value
        ]
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
