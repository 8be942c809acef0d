"""Recorded runs are found, and their bands are those of statistics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from minbert.course import recorded
from minbert.course.recorded import Recorded, prediction_interval

VALUES = [0.61, 0.63, 0.66, 0.64, 0.60]


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_prediction_interval_is_that_of_scipy(confidence: float) -> None:
    count = len(VALUES)
    spread = np.std(VALUES, ddof=1) * np.sqrt(1 + 1 / count)
    expected = stats.t.interval(confidence, count - 1, loc=np.mean(VALUES), scale=spread)
    assert prediction_interval(VALUES, confidence) == pytest.approx(expected)


def test_one_more_value_falls_inside_as_often_as_promised() -> None:
    draws = np.random.default_rng(0).normal(0.6, 0.03, (4000, 6))
    inside = 0
    for *seen, new in draws.tolist():
        low, high = prediction_interval(seen, 0.9)
        inside += low <= new <= high
    assert inside / len(draws) == pytest.approx(0.9, abs=0.015)


def test_a_single_seed_has_no_band() -> None:
    with pytest.raises(ValueError, match="at least two recorded seeds"):
        prediction_interval([0.6])


def test_a_recorded_grid_is_read_with_its_command() -> None:
    run = recorded("lab-tiny-quick")
    assert run.command.startswith("minbert reproduce")
    cell = run.value("mnrl", "heads", "sts_pearson")
    assert len(cell["per_seed"]) >= 2
    low, high = run.band("mnrl", "heads", "sts_pearson")
    assert low < np.mean(cell["per_seed"]) < high
    narrow = run.band("mnrl", "heads", "sts_pearson", confidence=0.5)
    assert low < narrow[0] < narrow[1] < high
    assert len(run.curves) > 10
    assert "synthetic" in run.caption


def test_the_baseline_has_one_stage_whatever_is_asked() -> None:
    run = recorded("lab-tiny-quick")
    assert run.value("baseline", "heads", "sts_pearson") == run.value(
        "baseline", "untrained", "sts_pearson"
    )


def test_an_unknown_run_is_answered_with_those_there_are() -> None:
    with pytest.raises(FileNotFoundError, match="lab-tiny-quick"):
        recorded("lab-tiny-slow")


def test_any_folder_of_that_form_will_do(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(
        '{"command": "x", "arms": {"a": {"heads": {"sts": {"value": 1, "per_seed": [1]}}}}}',
        encoding="utf-8",
    )
    run = Recorded("mine", tmp_path)
    assert run.command == "x"
    with pytest.raises(ValueError, match="two recorded seeds"):
        run.band("a", "heads", "sts")
