"""The small parts of the experiments on the paper's guesses."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.course.guesses.reading import gathered
from minbert.course.guesses.survival import at_accuracy, compare_cosines


def test_kept_minds_order_and_not_a_common_shift() -> None:
    before = np.array([0.1, 0.4, 0.5, 0.9])
    shifted = compare_cosines(before, before + 0.2)
    assert shifted["kept"] == pytest.approx(1) and shifted["change"] == pytest.approx(0)
    assert shifted["spread"] == pytest.approx(before.std())
    assert compare_cosines(before, -before)["kept"] == pytest.approx(-1)


def test_a_measure_between_two_doses() -> None:
    doses = {
        "0": {"sst_accuracy": 0.2, "kept": 1.0},
        "2": {"sst_accuracy": 0.4, "kept": 0.8},
        "6": {"sst_accuracy": 0.5, "kept": 0.4},
    }
    assert at_accuracy(doses, "kept", 0.45) == pytest.approx(0.6)
    assert at_accuracy(doses, "kept", 0.2) == pytest.approx(1.0)
    assert at_accuracy(doses, "kept", 0.6) is None


def test_gathered() -> None:
    assert gathered([{"a": {"b": 1}, "c": 2.5}, {"a": {"b": 3}, "c": 4}]) == {
        "a": {"b": [1.0, 3.0]},
        "c": [2.5, 4.0],
    }
