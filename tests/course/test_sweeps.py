"""Recorded sweeps over seeds: what the notebook and the figure read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from minbert.course.recorded import Recorded, recorded
from minbert.course.sweeps import BEFORE, best, measured, rate_name, spread, training_curve


@pytest.fixture
def run(tmp_path: Path) -> Recorded:
    def sweep(shift: float) -> dict:
        return {
            "before": {"loss": 5.0 + shift},
            "rates": [
                {"learning_rate": 1e-4, "after": {"loss": 2.0 + shift}},
                {"learning_rate": 1e-2, "after": {"loss": 4.0 - shift}},
                {"learning_rate": 1e10, "after": None, "diverged": "nan"},
            ],
        }

    sweeps = {"0": sweep(0.0), "7": sweep(1.5)}
    (tmp_path / "results.json").write_text(json.dumps({"sweep": sweeps["0"], "sweeps": sweeps}))
    lines = ["seed,learning_rate_peak,epoch,step,source,loss,learning_rate"]
    for seed in (0, 7):
        for step in range(1, 5):
            lines += [
                f"{seed},0.01,0,{step},{source},{step + seed + extra},0.01"
                for source, extra in (("quora", 0), ("sts", 1))
            ]
    (tmp_path / "curves.csv").write_text("\n".join(lines) + "\n")
    return Recorded("made", tmp_path)


def test_values_per_rate_and_seed(run: Recorded) -> None:
    found = measured(run, "loss")
    assert list(found) == [1e10, 1e-2, 1e-4, BEFORE]
    assert found[1e-2] == [4.0, 2.5] and found[1e-4] == [2.0, 3.5] and found[BEFORE] == [5.0, 6.5]
    assert np.isnan(found[1e10]).all()
    del found[1e10]
    assert best(found) == [1e-4, 1e-2] and best(found, highest=True) == [1e-2, 1e-4]


def test_curves_are_means_over_data_sets(run: Recorded) -> None:
    steps, losses = training_curve(run, 1e-2, smooth=2)
    assert steps.tolist() == [2, 3, 4]
    assert losses.tolist() == [[2.0, 3.0, 4.0], [9.0, 10.0, 11.0]]
    with pytest.raises(ValueError, match="no curve of the learning rate 1e-05"):
        training_curve(run, 1e-5)


def test_a_sweep_of_one_seed_is_read_too() -> None:
    found = measured(recorded("sweep-mnrl"), "sts_pearson")
    assert all(len(values) == 1 for values in found.values())
    assert training_curve(recorded("sweep-mnrl"), 1e-5)[1].shape[0] == 1


def test_numbers_as_text() -> None:
    assert spread([0.5, 0.7, 0.9]) == ".700 (.500 to .900)" and spread([0.25]) == ".250"
    assert [rate_name(rate) for rate in (1e-3, 3e-3, 1e-5, BEFORE)] == [
        "1e-3",
        "3e-3",
        "1e-5",
        "before",
    ]
