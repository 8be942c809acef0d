"""The recorded experiments as tables: differences over seeds, and what an interval decides."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.course.guesses import survival, tables, words
from minbert.course.recorded import recorded

EXPLAINED = recorded("lab-explanations").results
GRID = recorded("lab-tiny-quick")


def test_beyond_zero_is_what_the_interval_says() -> None:
    assert tables.beyond_zero([0.1, 0.11, 0.12]) == 1
    assert tables.beyond_zero([-0.1, -0.11, -0.12]) == -1
    assert tables.beyond_zero([-0.1, 0.11, 0.02]) == 0
    assert tables.shown([0.1, 0.2]).startswith("+0.150 [")
    assert tables.shown([0.1, 0.2], "").startswith("0.150 [")


def test_the_experiments_agree_with_the_recorded_grid() -> None:
    """Same seeds, same stages: the control is the grid's own cell."""
    for arm in survival.STUDIED:
        for dose, stage in (("0", "heads"), ("6", "sst_finetune")):
            for measure in ("sts_pearson", "sst_accuracy"):
                ours = EXPLAINED["survival"][arm][dose][measure]
                np.testing.assert_allclose(
                    ours, GRID.value(arm, stage, measure)["per_seed"], atol=0.05
                )
    original = EXPLAINED["words"]["original"]
    for measure in ("sts_pearson", "quora_accuracy", "sst_accuracy"):
        recorded_values = GRID.value("heads_only", "heads", measure)["per_seed"]
        np.testing.assert_allclose(original[measure], recorded_values, atol=0.05)


def test_changes_are_against_the_right_original() -> None:
    runs = EXPLAINED["words"]
    changes = tables.word_changes(EXPLAINED, "sts_pearson")
    np.testing.assert_allclose(
        changes["MLM"], np.subtract(runs["MLM"]["sts_pearson"], runs["original"]["sts_pearson"])
    )
    bare = f"{tables.MEAN_OF_WORDS}MLM"
    start = runs[f"{tables.MEAN_OF_WORDS}original"]["sts_pearson"]
    np.testing.assert_allclose(changes[bare], np.subtract(runs[bare]["sts_pearson"], start))
    assert not any(name.endswith("original") and "MLM" not in name for name in changes)


def test_tables_have_a_line_per_variant() -> None:
    assert len(tables.words_table(EXPLAINED).rows) == 6
    assert len(tables.spaces_table(EXPLAINED).rows) == 2
    assert len(tables.directions_table(EXPLAINED).rows) == 6
    assert len(tables.survival_table(EXPLAINED, 0.45).rows) == len(survival.STUDIED)
    points = tables.as_points(tables.word_changes(EXPLAINED, "sts_pearson"), "change")
    assert all(point.interval[0] <= point.value <= point.interval[1] for point in points)


def test_a_rotation_changed_nothing() -> None:
    for start in ("original", "tuned"):
        assert not tables.probe_change(EXPLAINED, start, "rotated").any()


def test_a_level_nobody_reaches_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not reach"):
        tables.at_level(EXPLAINED, "mnrl", "kept", 0.99)


def test_expectations_are_recorded_with_the_run() -> None:
    assert EXPLAINED["expected"]["words"] == words.EXPECTED
    assert EXPLAINED["expected"]["survival"] == survival.EXPECTED
    assert EXPLAINED["tier"] == "synthetic" and len(EXPLAINED["seeds"]) >= 5


def test_the_same_surgery_on_real_data() -> None:
    real = recorded("real-explanations").results
    assert real["tier"] == "real" and list(real["expected"]) == ["words"]
    assert len(tables.words_table(real).rows) == 6
    assert tables.words_table(real).caption.startswith(f"{len(real['seeds'])} seeds")
