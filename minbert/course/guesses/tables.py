"""The recorded experiments (figures/results/lab-explanations) as tables and points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minbert.course.guesses.reading import MEASURES
from minbert.course.guesses.survival import at_accuracy
from minbert.evaluation.statistics import over_seeds
from minbert.viz.plots.intervals import Point
from minbert.viz.table import Table

Recorded = dict[str, Any]
"""Content of results.json: nests whose leaves are lists, one value per seed."""

MEAN_OF_WORDS = "mean of word embeddings, "
"""Begins the names of the two readings without any layer."""


def shown(values: Sequence[float], sign: str = "+") -> str:
    """Mean over seeds with its 95 % interval, three decimals; `sign` "" for what is no change."""
    found = over_seeds(values)
    low, high = found["ci95"]
    return f"{found['value']:{sign}z.3f} [{low:{sign}z.3f}, {high:{sign}z.3f}]"


def beyond_zero(values: Sequence[float]) -> int:
    """1 or -1 where the 95 % interval over seeds lies above or below zero, 0 where it holds it."""
    low, high = over_seeds(values)["ci95"]
    return int(low > 0) - int(high < 0)


def word_changes(explained: Recorded, measure: str) -> dict[str, np.ndarray]:
    """Per variant the change of a measure against the original, one value per seed.

    The mean of MLM's word embeddings is held against the mean of the original ones.
    """
    runs, changes = explained["words"], {}
    for name, values in runs.items():
        prefix = MEAN_OF_WORDS if name.startswith(MEAN_OF_WORDS) else ""
        if name != (start := f"{prefix}original"):
            changes[name] = np.subtract(values[measure], runs[start][measure])
    return changes


def words_table(
    explained: Recorded,
    measures: Sequence[str] = ("sts_pearson", "quora_accuracy", "quora_ranking"),
) -> Table:
    """Guess 1: one line per transplant and control."""
    changes = [word_changes(explained, measure) for measure in measures]
    rows = [[name, *(shown(change[name]) for change in changes)] for name in changes[0]]
    return Table(
        ["frozen, change against the original", *(MEASURES[measure] for measure in measures)],
        rows,
        f"{_seeds(explained)}; the last row against the mean of the original word embeddings",
    )


def as_points(values: dict[str, np.ndarray], group: str) -> list[Point]:
    """One point per name with its interval over seeds, for `minbert.viz.plots.intervals`."""
    found = {name: over_seeds(per_seed) for name, per_seed in values.items()}
    return [Point(name, group, one["value"], tuple(one["ci95"])) for name, one in found.items()]


def probe_change(explained: Recorded, start: str, name: str, against: str = "before") -> np.ndarray:
    """Guess 2: difference of two readings of the linear probe, one value per seed."""
    probe = explained["moved_space"][start]["probe"]
    return np.subtract(probe[name], probe[against])


def without_change(explained: Recorded, start: str, count: int, which: str) -> np.ndarray:
    """Guess 2: what taking away `count` directions does to the probe, one value per seed."""
    found = explained["moved_space"][start]
    return np.subtract(found["without"][str(count)][which], found["probe"]["before"])


def spaces_table(explained: Recorded) -> Table:
    """Guess 2: how far ranking moves, and what it does to sentiment, from both starts."""
    rows = []
    for start, found in explained["moved_space"].items():
        sizes = [f"{np.mean(found[name]):z.2f}" for name in ("cka", "step", "rotated_step")]
        rows.append(
            [
                start,
                *sizes,
                f"{np.mean(found['probe']['before']):z.3f}",
                shown(probe_change(explained, start, "after")),
                shown(probe_change(explained, start, "rotated")),
                shown(probe_change(explained, start, "both", "after")),
            ]
        )
    header = [
        "start",
        "CKA",
        "step of ranking",
        "step of a rotation",
        "probe before",
        "ranking changes",
        "a rotation changes",
        "both spaces, minus ranked",
    ]
    return Table(header, rows, f"Sentiment, linear probe on dev. {_seeds(explained)}")


def directions_table(explained: Recorded) -> Table:
    """Guess 2: the probe in the space before ranking, less some directions."""
    kinds = {"moved": "moved most", "random": "random", "variance": "of largest variance"}
    rows = [
        [start, count, *(shown(without_change(explained, start, count, kind)) for kind in kinds)]
        for start, found in explained["moved_space"].items()
        for count in found["without"]
    ]
    header = ["start", "directions taken away", *kinds.values()]
    return Table(header, rows, f"Change of the probe's accuracy on dev. {_seeds(explained)}")


def at_level(explained: Recorded, arm: str, measure: str, level: float) -> np.ndarray:
    """Guess 3: a measure where the arm has reached a sentiment accuracy, one value per seed.

    Raises:
        ValueError: some seed never reaches it.
    """
    values = []
    for seed in range(len(explained["seeds"])):
        doses = {
            dose: {name: per_seed[seed] for name, per_seed in measures.items()}
            for dose, measures in explained["survival"][arm].items()
        }
        values.append(at_accuracy(doses, measure, level))
    if None in values:
        raise ValueError(f"{arm} does not reach a sentiment accuracy of {level} with every seed")
    return np.array(values)


def lost_similarity(explained: Recorded, arm: str, level: float) -> np.ndarray:
    """Guess 3: change of r from before fine-tuning to that sentiment accuracy, per seed."""
    before = explained["survival"][arm]["0"]["sts_pearson"]
    return at_level(explained, arm, "sts_pearson", level) - before


def survival_table(explained: Recorded, level: float) -> Table:
    """Guess 3: what is left of the order of the pairs' cosines, arm by arm."""
    rows = []
    for arm, doses in explained["survival"].items():
        kept = [at_level(explained, arm, measure, level) for measure in ("kept", "kept_centred")]
        rows.append(
            [
                arm,
                *(shown(values, "") for values in kept),
                f"{at_level(explained, arm, 'change', level).mean():z.2f}",
                f"{np.mean(doses['0']['spread']):z.2f}",
                shown(lost_similarity(explained, arm, level)),
            ]
        )
    header = [
        "arm",
        "order kept",
        "kept, vectors centred",
        "cosines change by",
        "spread before",
        "change of r",
    ]
    caption = f"Cosines of STS dev pairs at a sentiment accuracy of {level}. {_seeds(explained)}"
    return Table(header, rows, caption)


def _seeds(explained: Recorded) -> str:
    return f"{len(explained['seeds'])} seeds, with 95 % intervals over seeds"
