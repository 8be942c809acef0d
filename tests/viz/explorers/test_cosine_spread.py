"""Pictures of cosines: the data behind them, the sentences, the tables."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.analysis.pair_cosines import DIFFERENT, RANDOM, SIMILAR, CosineSpread
from minbert.viz.explorers.cosines.spread import (
    draw_layers,
    draw_spreads,
    layers_table,
    number,
    spreads_table,
    way,
)


def spread(similar=(0.8, 0.6), different=(0.7, 0.1), random=(0.1, 0.3)) -> CosineSpread:
    kinds = zip((SIMILAR, DIFFERENT, RANDOM), (similar, different, random), strict=True)
    groups = {name: np.array(kind) for name, kind in kinds if kind}
    return CosineSpread(groups, alignment=0.6, uniformity=-2.5, without_direction=0)


EMPTY = CosineSpread({}, np.nan, np.nan, 3)


def test_a_number_is_rounded_and_a_missing_one_is_a_dash() -> None:
    assert [number(0.12345), number(-0.0001), number(np.nan), number(0.5, 1)] == [
        "0.123",
        "0.000",
        "–",
        "0.5",
    ]


def test_one_panel_a_space_on_one_axis() -> None:
    figure, alt = draw_spreads({"before": spread(), "after": spread(random=(-0.3, 0.1))})
    left, right = figure.axes
    assert (left.get_title(), right.get_title()) == ("before", "after")
    assert left.get_xlim() == right.get_xlim()
    means = [line.get_xdata()[0] for line in left.lines]
    assert np.allclose(means, [0.7, 0.4, 0.2])
    assert (
        "before: mean of labelled similar 0.70, labelled different 0.40, random pairs 0.20" in alt
    )
    assert "AUC 0.75, anisotropy 0.20, alignment 0.60, uniformity -2.50." in alt
    assert "after: mean of" in alt and alt.endswith(".")


@pytest.mark.parametrize("lowest, end", [(0.2, -0.5), (-0.5, -0.5), (-0.51, -0.75), (-0.9, -1.0)])
def test_the_axis_begins_where_all_cosines_are_on_it(lowest: float, end: float) -> None:
    figure, _ = draw_spreads({"one": spread(random=(lowest, 0.9))})
    outlines = [one.get_data() for one in figure.axes[0].patches if not one.get_fill()]
    assert outlines
    for height, edges, _ in outlines:
        assert (edges.min(), edges.max()) == (end, 1.0)
        assert np.isclose(height @ np.diff(edges), 1)


def test_a_kind_that_is_not_there_is_not_drawn() -> None:
    figure, alt = draw_spreads({"one": spread(different=()), "other": EMPTY})
    (axes,) = figure.axes
    assert len(axes.lines) == 2
    assert DIFFERENT not in alt and "AUC –" in alt


def test_where_nothing_is_left_a_sentence_says_why() -> None:
    with pytest.raises(ValueError, match="There is no cosine .* the mean is subtracted"):
        draw_spreads({"one": EMPTY})
    with pytest.raises(ValueError, match="There is no number to be shown"):
        draw_layers({"one": {"0": EMPTY}})


def test_long_names_stay_apart() -> None:
    names = [f"{'an encoder with a name that is too long ' * 2}{n}" for n in range(2)]
    figure, _ = draw_spreads({name: spread() for name in names})
    assert [axes.get_title()[:2] for axes in figure.axes] == ["1:", "2:"]
    figure, _ = draw_layers({name: {"0": spread()} for name in names})
    assert len(figure.axes[0].lines) == 2


def test_the_table_has_a_column_a_space() -> None:
    table = spreads_table({"before": spread(), "after": spread(different=())})
    assert table.header == ["", "before", "after"]
    cells = {row[0]: row[1:] for row in table.rows}
    assert cells["labelled similar: pairs"] == ["2", "2"]
    assert cells["labelled different: pairs"] == ["2", "0"]
    assert cells["labelled different: mean"] == ["0.400", "–"]
    assert cells["labelled similar: median"] == ["0.700", "0.700"]
    assert cells["AUC, similar above different"] == ["0.750", "–"]
    assert cells["AUC, similar above random"] == ["1.000", "1.000"]
    assert cells["alignment"] == ["0.600", "0.600"]


WAYS = {
    "before": {"0": spread(random=(0.9,)), "1": spread(random=(0.4,)), "2": spread(random=(0.5,))},
    "after": {"0": EMPTY, "1": spread(similar=(0.9, 0.8), random=(-0.2,))},
}


def test_lines_over_the_layers() -> None:
    figure, alt = draw_layers(WAYS)
    left, right = figure.axes
    before, after = left.lines
    assert (before.get_xdata().tolist(), before.get_ydata().tolist()) == (
        [0, 1, 2],
        [0.9, 0.4, 0.5],
    )
    assert (after.get_xdata().tolist(), after.get_ydata().tolist()) == ([1], [-0.2])
    assert before.get_marker() != after.get_marker()
    assert left.get_ylim()[0] < -0.2
    assert right.lines[0].get_ydata().tolist() == [0.75] * 3
    assert right.lines[1].get_ydata().tolist() == [1.0]
    assert right.lines[2].get_ydata() == [0.5, 0.5]
    assert "before: largest 0.90 at layer 0, smallest 0.40 at layer 1, at the end 0.50" in alt
    assert "AUC, similar above different, by layer." in alt


def test_without_an_auc_the_anisotropy_is_drawn_alone() -> None:
    figure, alt = draw_layers({"one": {"0": spread(different=()), "1": spread(different=())}})
    assert [axes.get_visible() for axes in figure.axes] == [True, False]
    assert "AUC" not in alt


def test_a_row_for_each_layer_of_each_stage() -> None:
    table = layers_table(WAYS)
    assert [row[:2] for row in table.rows] == [
        ["before", "0"],
        ["before", "1"],
        ["before", "2"],
        ["after", "0"],
        ["after", "1"],
    ]
    assert table.rows[0][2:7] == ["0.700", "0.400", "0.750", "0.000", "0.900"]
    assert set(table.rows[3][2:]) == {"–"}


def test_the_way_to_the_pooler_is_that_of_cls() -> None:
    vectors = {name: np.full((3, 2, 4), float(value)) for value, name in enumerate(("cls", "mean"))}
    vectors["pooler"] = np.full((1, 2, 4), 2.0)
    assert {step: states[0, 0] for step, states in way(vectors, "pooler").items()} == {
        "0": 0,
        "1": 0,
        "2": 0,
        "pooler": 2,
    }
    assert {step: states[0, 0] for step, states in way(vectors, "mean").items()} == {
        "0": 1,
        "1": 1,
        "2": 1,
    }
