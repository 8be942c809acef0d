"""Data of one's own on the command line: `[NAME=]KIND:FILE[,OPTION=VALUE]…`.

text:mails.txt                                      a text a line
labelled:tickets.csv,text=body,label=topic          columns by their names
pairs:faq.tsv,header=no                             by their order: first, second
pairs:sts.csv,first=1,second=2,score=3              by their numbers
faq=pairs:FOLDER                                    train.csv, dev.csv, test.csv in a folder
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from minbert.data.cs224n import synthetic_note
from minbert.data.examples import CourseData
from minbert.data.own import LabelledData, OwnData, PairData, TextData
from minbert.data.own_file import SEPARATORS, SUFFIXES, YES_NO, Reading
from minbert.data.own_tasks import own_data
from minbert.data.text import user_path

logger = logging.getLogger(__name__)

KINDS: dict[str, type[OwnData]] = {"text": TextData, "pairs": PairData, "labelled": LabelledData}
OPTIONS = ("header", "sep", "quotes")
"""How a file is cut; the other options name columns."""
STEMS = {
    "train": ("train",),
    "dev": ("dev", "validation", "valid", "val"),
    "test": ("test",),
}
"""Names of the files of a folder, without their ends."""


@dataclass(frozen=True)
class OwnSpec:
    """One `--data` argument, taken apart."""

    kind: str
    place: Path
    name: str
    reading: Reading

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.place if self.place.is_dir() else self.place.parent


def is_own(spec: str) -> bool:
    """Whether a `--data` argument names data of one's own."""
    return bool(re.match(rf"([A-Za-z]\w*=)?({'|'.join(KINDS)}):", spec))


def parse_spec(spec: str) -> OwnSpec:
    """Take a `--data` argument apart.

    Raises:
        ValueError: it is none of `[NAME=]KIND:FILE[,OPTION=VALUE]…`; the sentence says which.
    """
    found = re.fullmatch(rf"(?:([A-Za-z]\w*)=)?({'|'.join(KINDS)}):(.+)", spec, re.DOTALL)
    if not found:
        raise ValueError(
            f"data must be given as [NAME=]{'|'.join(KINDS)}:FILE[,OPTION=VALUE], got {spec!r}"
        )
    name, kind, rest = found.groups()
    place, *options = re.split(r",(?=[a-z]+=)", rest)
    needed, optional = KINDS[kind].columns
    known = (*needed, *optional, *(["column"] if kind == "text" else []))
    columns, said = {}, {}
    for option in options:
        key, _, value = option.partition("=")
        if not value or key not in (*known, *OPTIONS) or key in said or key in columns:
            raise ValueError(
                f"{spec}: expected options of {', '.join((*known, *OPTIONS))}, each once and with "
                f"a value, got {option!r}"
            )
        if key in OPTIONS:
            said[key] = value
        else:
            columns["text" if key == "column" else key] = value
    return OwnSpec(
        kind,
        user_path(place),
        name or kind,
        Reading(
            columns,
            header=_chosen(said, "header", YES_NO, spec),
            separator=_chosen(said, "sep", SEPARATORS, spec),
            quotes=_chosen(said, "quotes", YES_NO, spec),
        ),
    )


def _chosen(said: dict, key: str, known: dict, spec: str):
    if key not in said:
        return None
    if said[key] not in known:
        raise ValueError(f"{spec}: expected {key} as one of {', '.join(known)}, got {said[key]!r}")
    return known[said[key]]


def load_own(
    specs: Sequence[str],
    dev_share: float | None = None,
    seed: int = 0,
    needs_train: bool = True,
) -> CourseData:
    """Read all that `--data` names, and split off what has no dev part.

    Args:
        specs: see `parse_spec`.
        dev_share: of a part without dev, in (0, 1); without, see `own_data`.
        seed: of the split.
        needs_train: whether a dev part is needed; where a finished model is measured, all rows are
            dev's.

    Raises:
        OSError: a file is missing, or cannot be read.
        ValueError: a file is not what it should be; see also `minbert.data.own_tasks.own_data`.
    """
    parsed = [parse_spec(spec) for spec in specs]
    parts = [read_part(spec) for spec in parsed]
    if not needs_train:
        parts = [part if part.dev or part.test else replace(part, dev=part) for part in parts]
    made_up = [note for spec in parsed if (note := synthetic_note(spec.folder))]
    return own_data(
        *parts,
        dev_share=dev_share,
        seed=seed,
        note=made_up[0] if made_up else "",
        tier="synthetic" if made_up else "real",
    )


def read_part(spec: OwnSpec) -> OwnData:
    """The file, or the files of the folder, of one argument.

    Raises: as for `load_own`.
    """
    kind = KINDS[spec.kind]
    if not spec.place.is_dir():
        return replace(kind.from_file(spec.place, spec.reading), name=spec.name)
    files = {split: _file_of(spec.place, split) for split in STEMS}
    if files["train"] is None:
        known = ", ".join(SUFFIXES)
        raise FileNotFoundError(
            f"{spec.place} holds no train file: expected train with one of {known}, and maybe dev "
            "and test of the same kind"
        )
    read = {
        split: replace(kind.from_file(path, spec.reading), name=spec.name)
        for split, path in files.items()
        if path is not None and split != "test"
    }
    if files["test"] is not None:
        try:
            read["test"] = replace(kind.from_file(files["test"], spec.reading), name=spec.name)
        except ValueError as error:
            logger.warning("test is left aside, it has no labels or is damaged: %s", error)
    train = read.pop("train")
    if "test" in read and _judged(train) and not _judged(read["test"]):
        logger.warning("test is left aside, it has no labels")
        del read["test"]
    return replace(train, **read)


def _judged(part: OwnData) -> bool:
    """Whether something is said of each row."""
    return any(getattr(part, name, None) is not None for name in ("labels", "scores"))


def _file_of(folder: Path, split: str) -> Path | None:
    """The file of a split; None where there is none.

    Raises:
        ValueError: there are two.
    """
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.name.removesuffix(".gz").rpartition(".")[0].lower() in STEMS[split]
        and f".{path.name.removesuffix('.gz').rpartition('.')[2].lower()}" in SUFFIXES
    ]
    if len(found) > 1:
        raise ValueError(
            f"{folder}: expected one {split} file, got {found[0].name} and {found[1].name}"
        )
    return found[0] if found else None
