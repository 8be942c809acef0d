"""Data sets: what they consist of, how they are read, checked, downloaded and batched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from minbert.data.examples import CourseData as CourseData
from minbert.faces import face

if TYPE_CHECKING:
    from minbert.data.batching import (
        length_bucketed as length_bucketed,
        pad_batch as pad_batch,
        round_robin as round_robin,
    )
    from minbert.data.check import check_folder as check_folder, normalised as normalised
    from minbert.data.classroom.corpus import classroom_corpus as classroom_corpus
    from minbert.data.classroom.general import general_sentence as general_sentence
    from minbert.data.cs224n import (
        OFFICIAL_QUORA_TRAIN_ROWS as OFFICIAL_QUORA_TRAIN_ROWS,
        load_cs224n as load_cs224n,
    )
    from minbert.data.examples import (
        PairExample as PairExample,
        SentenceExample as SentenceExample,
        TaskData as TaskData,
    )
    from minbert.data.export import write_course_files as write_course_files
    from minbert.data.groups import components as components, split_by_group as split_by_group
    from minbert.data.helpdesk import write_helpdesk as write_helpdesk
    from minbert.data.own import (
        LabelledData as LabelledData,
        PairData as PairData,
        TextData as TextData,
    )
    from minbert.data.own_spec import load_own as load_own
    from minbert.data.own_tasks import own_data as own_data
    from minbert.data.predictions import (
        read_labels as read_labels,
        read_predictions as read_predictions,
        write_predictions as write_predictions,
    )

__all__, __getattr__, __dir__ = face(__name__, __file__)
__all__ += ["CourseData", "LAB_SEED", "load_data"]

LAB_SEED = 31
"""Of the classroom corpus on which the notebooks run and the lab was recorded: the default."""


def load_data(spec: str | Sequence[str]) -> CourseData:
    """Load the data that a `--data` argument names.

    Args:
        spec: `cs224n:DIR`, the course's files in a folder; `classroom` or `classroom:SEED`, the
            made-up corpus of this package, without a seed that of the lab; or data of one's own,
            one or several of `[NAME=]text|pairs|labelled:FILE[,OPTION=VALUE]` (see
            `minbert.data.own_spec`).

    Raises:
        ValueError: the prefix is unknown, or a file is not what it should be.
        FileNotFoundError: the folder or a file is missing.
    """
    specs = list(spec) if isinstance(spec, Sequence) and not isinstance(spec, str) else [spec]
    spec = specs[0] if len(specs) == 1 else specs
    kind, _, place = spec.partition(":") if isinstance(spec, str) else ("", "", "")
    if kind == "cs224n" and place:
        from minbert.data.cs224n import load_cs224n

        return load_cs224n(place)
    if kind == "classroom" and (not place or re.fullmatch("[0-9]{1,18}", place)):
        from minbert.data.classroom.corpus import classroom_corpus

        return classroom_corpus(int(place or LAB_SEED)).data
    from minbert.data.own_spec import is_own, load_own

    if specs and all(isinstance(one, str) and is_own(one) for one in specs):
        return load_own(specs)
    raise ValueError(
        "data must be given as cs224n:FOLDER or classroom[:SEED], or as text:FILE, pairs:FILE or "
        f"labelled:FILE, got {spec!r}"
    )
