"""Bars, dot plots and maps: each mark stands where its number says."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from minbert.viz.plots import grouped_bars, intervals, point_map
from minbert.viz.plots.intervals import Point
from minbert.viz.style import COLOURS


def test_bars_have_their_heights_and_stand_side_by_side() -> None:
    groups = {"before": [0.2, 0.4], "after": [0.6, 0.8]}
    axes, alt = grouped_bars(groups, ["SST", "STS"], title="Dev", x_label="task", y_label="score")
    before, after = axes.containers
    assert [bar.get_height() for bar in before] == [0.2, 0.4]
    assert [bar.get_height() for bar in after] == [0.6, 0.8]
    for left, right, centre in zip(before, after, (0, 1), strict=True):
        assert left.get_x() + left.get_width() == pytest.approx(right.get_x())
        assert right.get_x() == pytest.approx(centre)
    assert before[0].get_hatch() != after[0].get_hatch()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["SST", "STS"]
    assert alt == ("Dev, score per task. before: SST 0.20, STS 0.40; after: SST 0.60, STS 0.80.")


def test_one_group_of_bars_needs_no_legend() -> None:
    axes, alt = grouped_bars({"count": [3, 12]}, ["a", "b"], digits=0)
    assert axes.get_legend() is None
    assert alt == "Bars, height per name. a 3, b 12."


def test_intervals_put_each_result_on_its_row() -> None:
    points = [
        Point("baseline", "ours", 0.3, (0.2, 0.4)),
        Point("mnrl", "ours", 0.6, (0.5, 0.7)),
        Point("mnrl", "paper", 0.569),
    ]
    axes, alt = intervals(points, title="STS", x_label="r", references={"TF-IDF": 0.745})
    assert [label.get_text() for label in axes.get_yticklabels()] == ["baseline", "mnrl"]
    top, bottom = axes.get_ylim()[::-1]
    assert top < bottom  # the first row is on top
    lines = axes.get_lines()
    bars = [line.get_xdata() for line in lines if len(line.get_xdata()) == 2]
    assert [tuple(bar) for bar in bars[:2]] == [(0.2, 0.4), (0.5, 0.7)]
    marks = [
        (line.get_xdata()[0], round(line.get_ydata()[0]))
        for line in lines
        if len(line.get_xdata()) == 1
    ]
    assert marks == [(0.3, 0), (0.6, 1), (0.569, 1)]
    assert lines[-1].get_xdata() == [0.745, 0.745]
    assert axes.texts[0].get_text() == "TF-IDF"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["ours", "paper"]
    assert alt == "STS (r): baseline, ours 0.300; mnrl, ours 0.600; mnrl, paper 0.569."


def test_points_keep_their_places_and_are_counted_by_label() -> None:
    positions = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    axes, alt = point_map(positions, ["sst", "sts", "sst"], title="Sentences")
    first, second = axes.collections
    assert first.get_offsets().tolist() == [[0.0, 1.0], [4.0, 5.0]]
    assert second.get_offsets().tolist() == [[2.0, 3.0]]
    assert [
        to_hex(part.get_facecolor()[0], keep_alpha=False).upper() for part in (first, second)
    ] == list(COLOURS[:2])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["sst (2)", "sts (1)"]
    assert alt == "Sentences: 3 points in the plane: 2 sst, 1 sts."
