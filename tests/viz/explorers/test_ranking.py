"""A batch as the ranking loss sees it: the numbers behind the picture, and what it says."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minbert.viz.explorers.ranking.compute import rank_batch
from minbert.viz.explorers.ranking.draw import draw_batches, draw_cosines

EYE = np.eye(4)


def test_perfect_partners_are_found() -> None:
    batch = rank_batch(EYE, EYE, scale=20)
    assert batch.found == 1.0 and batch.loss < 1e-6
    assert np.allclose(batch.cosines, EYE)


def test_a_turned_batch_is_not() -> None:
    batch = rank_batch(EYE, np.roll(EYE, 1, axis=0), scale=20)
    assert batch.found == 0.0 and batch.loss == pytest.approx(20.0, abs=0.01)


def test_a_small_scale_flattens() -> None:
    assert rank_batch(EYE, EYE, scale=1e-6).loss == pytest.approx(np.log(4), abs=1e-4)


def test_the_picture_shows_these_numbers() -> None:
    before, after = rank_batch(EYE, EYE[::-1], scale=1), rank_batch(EYE, EYE, scale=1)
    figure, alt = draw_batches({"before": before, "after": after})
    assert np.allclose(figure.axes[0].images[0].get_array(), before.cosines)
    assert np.allclose(figure.axes[3].images[0].get_array(), after.probabilities)
    assert "before: mean cosine 0.00 on the diagonal and 0.33 beside it" in alt
    assert "after: mean cosine 1.00 on the diagonal and 0.00 beside it, 100% of" in alt
    for axes in figure.axes[:4]:  # counted from 1, as in the explorer
        assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "3", "4"]
    plt.close(figure)


def test_distributions_share_an_axis() -> None:
    groups = {"positive": [0.8, 0.9], "random": [0.1, 0.2]}
    figure, alt = draw_cosines({"before": groups, "after": groups})
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    assert alt.count("positive: mean 0.85") == 2
    plt.close(figure)
