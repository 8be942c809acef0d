"""How many sentences are needed: against a simulation, and at its limits."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.evaluation.power import sentences_needed, unpaired_half_width
from minbert.evaluation.statistics import mcnemar


def test_that_many_sentences_find_the_difference_four_times_in_five() -> None:
    """Two arms that disagree on 20 % of sentences; a wins 60 % of these: a true .04."""
    half_width = 1.96 * np.sqrt(0.2 - 0.04**2) / np.sqrt(1000)
    total = sentences_needed(0.04, half_width, 1000)
    draw = np.random.default_rng(0)
    found = 0
    for _ in range(400):
        only = draw.choice(3, size=total, p=(0.12, 0.08, 0.8))
        found += mcnemar(only == 0, only == 1) < 0.05
    assert 0.72 < found / 400 < 0.88


def test_half_power_is_the_interval_that_touches_zero() -> None:
    assert sentences_needed(0.03, 0.03, 500, power=0.5) == 500
    assert sentences_needed(-0.01, 0.03, 500, power=0.5) == 4500
    assert sentences_needed(0.01, 0.03, 500) > 2 * 4500 - 1


@pytest.mark.parametrize(("difference", "power"), [(0.0, 0.8), (0.1, 1.0)])
def test_what_has_no_answer_is_an_error(difference: float, power: float) -> None:
    with pytest.raises(ValueError):
        sentences_needed(difference, 0.03, 500, power)


def test_unpaired_half_width() -> None:
    assert unpaired_half_width(0.5, 0.5, 1101) == pytest.approx(1.96 * np.sqrt(0.5 / 1101), 1e-3)
