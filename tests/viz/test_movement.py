"""Arrows start and end where they should."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from minbert.viz.plots.movement import movement


def test_arrows_are_the_differences() -> None:
    before = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
    after = np.array([[3.0, 4.0], [1.0, 1.0], [2.0, 1.0]])
    axes, alt = movement(before, after, marked=[2], names=["third"])
    all_arrows, marked = axes.collections[:2]
    assert all_arrows.U.tolist() == [3.0, 0.0, 0.0] and all_arrows.V.tolist() == [4.0, 0.0, 1.0]
    assert marked.V.tolist() == [1.0]
    assert axes.get_xlim()[0] <= 0 and axes.get_ylim()[1] >= 4
    assert "3 arrows" in alt and "the median length is 1.0, the longest 5.0" in alt
    plt.close(axes.figure)
