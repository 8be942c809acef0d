"""Bars per token: what is drawn is what was given, and the sentence names the largest."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")

from matplotlib import pyplot as plt

from minbert.viz.plots.attribution import attribution_bars


def test_bars_and_sentence() -> None:
    measures = {"attention": np.array([0.1, 0.7, 0.2]), "ablation": np.array([3.0, 1.0, 2.0])}
    figure, alt = attribution_bars(measures, ["how", "do", "i"], "Two measures")
    for axes, values in zip(figure.axes, measures.values(), strict=True):
        assert [bar.get_height() for bar in axes.patches] == pytest.approx(list(values))
    assert [label.get_text() for label in figure.axes[-1].get_xticklabels()] == ["how", "do", "i"]
    assert alt == (
        "Two measures, one bar a token: attention is largest at do; ablation is largest at how."
    )
    plt.close(figure)


def test_a_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="attention: expected 2 values"):
        attribution_bars({"attention": np.ones(3)}, ["a", "b"])
    plt.close("all")
