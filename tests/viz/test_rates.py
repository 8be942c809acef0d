"""Learning rates as marks with ranges: the data behind the picture, and its sentence."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from minbert.viz.plots.rates import by_rate
from minbert.viz.style import COLOURS


def test_means_ranges_and_the_sentence() -> None:
    values = {1e-2: [3.0, 3.4], 1e-4: [1.5, 1.5], 0.0: [9.0, 9.0], 1e30: [np.nan, np.nan]}
    axes, alt = by_rate(
        {"mnrl": values}, title="Ranking", y_label="loss", references={"ln 32": 3.47}
    )
    *ranges, line, reference = axes.lines
    assert line.get_xdata().tolist() == [1e-4, 1e-2]
    assert line.get_ydata() == pytest.approx([1.5, 3.2])
    assert [list(mark.get_ydata()) for mark in ranges] == [[1.5, 1.5], [3.0, 3.4]]
    assert set(reference.get_ydata()) == {3.47}
    assert axes.get_xscale() == "log" and axes.get_legend() is None
    assert alt == "Ranking, loss over learning rate: 1.50 at 0.0001, 3.20 at 0.01."
    plt.close(axes.figure)


def test_several_groups_are_named() -> None:
    axes, alt = by_rate({"a": {0.1: [1.0]}, "b": {0.1: [2.0]}}, y_label="r")
    assert "a: 1.00 at 0.1; b: 2.00 at 0.1" in alt
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    plt.close(axes.figure)


def test_marks_may_have_the_colours_of_their_curves() -> None:
    axes, _ = by_rate({"mnrl": {1e-2: [3.0], 1e-3: [1.0]}}, places={1e-2: 0, 1e-3: 1})
    [marks] = axes.collections
    low, high = marks.get_facecolors()
    assert to_hex(low).upper() == COLOURS[1] and to_hex(high).upper() == COLOURS[0]
    plt.close(axes.figure)
