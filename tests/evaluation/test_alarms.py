"""Each alarm is provoked, and stays silent where all is well."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.evaluation import alarms
from minbert.evaluation.alarms import KINDS, Alarm

NAN, INF = float("nan"), float("inf")
FALLING = [2.0 / (1 + step / 10) for step in range(60)]
CURVE = [{"source": name, "loss": loss} for loss in FALLING for name in ("quora", "sts")]
DEV = [("a boat", "a ship"), ("one", "two"), ("left", "right"), ("x", "y")]


def moved(frozen: tuple[str, ...] = (), still: tuple[str, ...] = ()) -> list[Alarm]:
    return alarms.of_history(
        "s",
        {"steps": 9, "skipped": 0, "points": CURVE, "frozen_moved": frozen, "stood_still": still},
    )


RINGING = {
    "one class": ("collapsed", lambda: alarms.of_predictions("sst", np.full(9, 3))),
    "one class, as floats": ("collapsed", lambda: alarms.of_predictions("quora", np.zeros(2))),
    "one score": ("zero variance", lambda: alarms.of_similarities("sts", np.full(9, 2.5))),
    "all cosines below 0": ("zero variance", lambda: alarms.of_similarities("sts", np.zeros(9))),
    "one score but for rounding": (
        "zero variance", lambda: alarms.of_similarities("sts", 5 - np.arange(9) * 1e-8)),
    "a score is NaN": ("not finite", lambda: alarms.of_similarities("sts", np.array([1, NAN]))),
    "a loss is NaN": ("not finite", lambda: alarms.of_losses("mlm", [*FALLING, NAN])),
    "a loss is infinite": ("not finite", lambda: alarms.of_losses("mlm", [1.0, INF, 1.0])),
    "a curve that rises": ("diverged", lambda: alarms.of_losses("mlm", FALLING[::-1])),
    "a jump at the end": ("diverged", lambda: alarms.of_losses("mlm", [1.0, 0.9, 0.8, 7.0])),
    "a dev row of train": ("leak", lambda: alarms.of_leaks("quora", [("one", "two")], DEV)),
    "a dev pair turned round": ("leak", lambda: alarms.of_leaks("quora", [("two", "one")], DEV)),
    "a dev review of train": ("leak", lambda: alarms.of_leaks("sst", [("fine",)], [("fine",)])),
    "a frozen layer moved": (
        "frozen moved", lambda: moved(frozen=("layer.0.weight",))),
    "a trained layer stood still": (
        "trained stood still", lambda: moved(still=("layer.0.weight", "layer.1.weight"))),
    "no step": (
        "trained on nothing",
        lambda: alarms.of_history("mnrl", {"steps": 0, "skipped": 0, "points": []})),
    "every batch skipped": (
        "trained on nothing",
        lambda: alarms.of_history("mnrl", {"steps": 7, "skipped": 7, "points": []})),
    "one data set of two rises": (
        "diverged",
        lambda: alarms.of_history("mnrl", {"steps": 120, "skipped": 0, "points": [
            *(point for point in CURVE if point["source"] == "sts"),
            *({"source": "quora", "loss": loss} for loss in FALLING[::-1])]})),
}  # fmt: skip

SILENT = {
    "two classes": lambda: alarms.of_predictions("sst", np.array([1, 1, 1, 2])),
    "one example": lambda: alarms.of_predictions("sst", np.array([1])),
    "similarities that differ": lambda: alarms.of_similarities("sts", np.arange(5.0)),
    "one similarity": lambda: alarms.of_similarities("sts", np.ones(1)),
    "a falling curve": lambda: alarms.of_losses("mlm", FALLING),
    "a flat curve": lambda: alarms.of_losses("mlm", [3.4] * 50),
    "noise": lambda: alarms.of_losses("mlm", np.random.default_rng(0).uniform(0.9, 1.1, 90)),
    "a single point": lambda: alarms.of_losses("mlm", [0.1]),
    "no curve": lambda: alarms.of_losses("mlm", []),
    "no dev row in train": lambda: alarms.of_leaks("quora", [("one", "three")], DEV),
    "one sentence of a pair in train": lambda: alarms.of_leaks("quora", [("one", "one")], DEV),
    "all that is trained moved, and nothing else": moved,
    "some batches skipped": lambda: alarms.of_history(
        "mnrl", {"steps": 9, "skipped": 8, "points": CURVE}
    ),
}


@pytest.mark.parametrize("name", RINGING)
def test_it_rings(name: str) -> None:
    kind, detect = RINGING[name]
    [alarm] = detect()
    assert alarm.kind == kind and kind in KINDS
    assert alarm.where in alarm.sentence and any(letter.isalpha() for letter in alarm.where)
    assert alarm.to_dict() == {"kind": kind, "where": alarm.where, "sentence": alarm.sentence}


@pytest.mark.parametrize("name", SILENT)
def test_it_is_silent(name: str) -> None:
    assert SILENT[name]() == []


def test_every_kind_is_provoked() -> None:
    assert {kind for kind, _ in RINGING.values()} == set(KINDS)


def test_sentences_say_how_many() -> None:
    [leak] = alarms.of_leaks("quora", [("one", "two"), ("y", "x")], DEV)
    assert "2 of 4 dev rows (50.0%)" in leak.sentence
    [skipped] = alarms.of_steps("mnrl", {"steps": 7, "skipped": 7})
    assert "all 7 batches were skipped" in skipped.sentence
