"""What a finished or running stage should be looked at for: pure detectors, one sentence each.

An alarm is no error: the numbers are what they are. It says that they probably do not mean what
one takes them for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

DIVERGED = 1.5
"""A loss that ends above so many times its start has diverged; below, it is noise."""
CONSTANT = 1e-6
"""Of similarities from 0 to 5: a smaller spread is rounding."""
KINDS = {
    "collapsed": "all predictions are the same",
    "zero variance": "all similarities are the same",
    "not finite": "a loss is NaN or infinite",
    "diverged": "the loss ended far above its start",
    "leak": "dev rows are in train as well",
    "frozen moved": "weights that should not move did",
    "trained stood still": "weights that should move did not",
    "trained on nothing": "no step had a loss",
}


@dataclass(frozen=True)
class Alarm:
    """One thing to look at."""

    kind: str
    """Of `KINDS`."""
    where: str
    """The task, stage or part it was found in."""
    sentence: str
    """What was found, in numbers, and what it probably means."""

    def to_dict(self) -> dict[str, str]:
        """As plain data, for results.json."""
        return asdict(self)


def of_predictions(where: str, predictions: np.ndarray) -> list[Alarm]:
    """One class for all examples; fewer than two examples say nothing.

    Args:
        where: for example `sst, mnrl/heads, seed 0`.
        predictions: classes, (example,).
    """
    found = np.unique(np.asarray(predictions))
    if np.size(predictions) < 2 or len(found) > 1:
        return []
    said = f"{where}: all {np.size(predictions)} predictions are {found[0]:g}, which takes no model"
    return [Alarm("collapsed", where, said)]


def of_similarities(where: str, scores: np.ndarray) -> list[Alarm]:
    """Scores that are not finite, or all the same.

    Args:
        where: for example `sts, mnrl/heads, seed 0`.
        scores: similarities, (pair,), 0 to 5.
    """
    scores = np.asarray(scores, dtype=np.float64)
    wrong = int((~np.isfinite(scores)).sum())
    if wrong:
        said = f"{where}: {wrong} of {len(scores)} similarities are no finite numbers"
        return [Alarm("not finite", where, said)]
    if len(scores) < 2 or np.ptp(scores) > CONSTANT:
        return []
    said = (
        f"{where}: all {len(scores)} similarities are {scores[0]:z.3f}, so Pearson's r is "
        "undefined: the vectors have collapsed, or all cosines are negative"
    )
    return [Alarm("zero variance", where, said)]


def of_losses(where: str, losses: Sequence[float] | np.ndarray) -> list[Alarm]:
    """A loss that is no number, or a curve that ends above its start.

    The last tenth of the points is held against the first tenth, by means.

    Args:
        where: the stage, and its data set where there are several.
        losses: points of the curve in the order of the steps.
    """
    values = np.asarray(losses, dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        said = f"{where}: the loss is {values[wrong[0]]} at point {wrong[0] + 1} of {len(values)}"
        return [Alarm("not finite", where, f"{said}: try a lower learning rate")]
    tenth = max(1, len(values) // 10)
    if len(values) < 2 or values[-tenth:].mean() <= DIVERGED * values[:tenth].mean():
        return []
    start, end = values[:tenth].mean(), values[-tenth:].mean()
    said = f"{where}: the loss rose from {start:.3f} to {end:.3f}: try a lower learning rate"
    return [Alarm("diverged", where, said)]


def of_leaks(
    task: str, train: Iterable[Sequence[str]], dev: Sequence[Sequence[str]]
) -> list[Alarm]:
    """Dev rows whose exact text is in train, too; a pair also the other way round.

    Args:
        task: of the data.
        train, dev: the texts of each row: one sentence, or two.
    """
    known = {frozenset(texts) for texts in train}
    twice = sum(frozenset(texts) in known for texts in dev)
    if not twice:
        return []
    said = (
        f"{task}: {twice} of {len(dev)} dev rows ({twice / len(dev):.1%}) are in train with the "
        "same text: what is measured on them may be remembered"
    )
    return [Alarm("leak", task, said)]


def of_movement(where: str, history: Mapping[str, Any]) -> list[Alarm]:
    """Weights that moved though they are frozen, or stood still though they are trained.

    Args:
        where: the stage.
        history: `frozen_moved` and `stood_still`, names of tensors, as `history.json` of a stage
            has them (`minbert.training.movement`).
    """
    found = []
    if moved := history.get("frozen_moved"):
        said = f"{where}: {len(moved)} frozen tensors moved ({_some(moved)})"
        found.append(Alarm("frozen moved", where, said))
    if still := history.get("stood_still"):
        said = f"{where}: {len(still)} trained tensors stood still ({_some(still)})"
        found.append(Alarm("trained stood still", where, said))
    return found


def of_steps(where: str, history: Mapping[str, Any]) -> list[Alarm]:
    """A stage that trained on nothing: no step, or every batch skipped.

    Args:
        where: the stage.
        history: `steps` and `skipped`, as `history.json` of a stage has them.
    """
    steps, skipped = history["steps"], history["skipped"]
    if steps > skipped:
        return []
    cause = f"all {steps} batches were skipped (no similar pair?)" if steps else "it had no step"
    said = f"{where}: the stage trained on nothing, {cause}: it is the stage before, under its name"
    return [Alarm("trained on nothing", where, said)]


def of_history(where: str, history: Mapping[str, Any]) -> list[Alarm]:
    """Steps, curves (each data set by itself) and moved weights of one part of a stage.

    Args:
        where: the stage.
        history: as `history.json` of a stage has it.
    """
    curves: dict[str, list[float]] = {}
    for point in history["points"]:
        curves.setdefault(point["source"], []).append(point["loss"])
    of_curves = [
        alarm
        for source, losses in curves.items()
        for alarm in of_losses(f"{where}, {source}", losses)
    ]
    return of_steps(where, history) + of_curves + of_movement(where, history)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
