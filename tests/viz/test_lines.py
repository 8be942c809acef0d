"""Curves and distributions: what is drawn follows from the numbers, and the alt sentence too."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.viz.plots import curves, distributions


def test_several_seeds_become_a_mean_and_its_range() -> None:
    seeds = np.array([[3.0, 2.0, 1.0], [5.0, 4.0, 1.0]])
    axes, alt = curves({"two seeds": ([1, 2, 3], seeds), "one": ([1, 2, 3], [2.0, 2.0, 4.0])})
    mean, single = axes.get_lines()
    assert mean.get_ydata().tolist() == [4.0, 3.0, 1.0]
    assert single.get_ydata().tolist() == [2.0, 2.0, 4.0]
    assert mean.get_linestyle() != single.get_linestyle()  # told apart in grey, too
    [band] = axes.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == 1.0 and heights.max() == 5.0
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["two seeds", "one"]
    assert "two seeds from 4.00 to 1.00; one from 2.00 to 4.00" in alt


def test_smoothing_is_a_mean_of_neighbours() -> None:
    axes, alt = curves({"loss": ([0, 1, 2, 3], [4.0, 2.0, 3.0, 1.0])}, smooth=2, title="MLM")
    [line] = axes.get_lines()
    assert line.get_xdata().tolist() == [0.5, 1.5, 2.5]
    assert line.get_ydata().tolist() == [3.0, 2.5, 2.0]
    assert axes.get_legend() is None
    assert alt == "MLM, loss (nats) over step: loss from 3.00 to 2.00."


def test_a_name_has_its_place_among_the_colours_in_every_picture() -> None:
    places = {"1e-2": 0, "1e-3": 1}
    both, _ = curves({"1e-2": ([0, 1], [2.0, 1.0]), "1e-3": ([0, 1], [2.0, 1.0])}, places=places)
    alone, _ = curves({"1e-3": ([0, 1], [2.0, 1.0])}, places=places)
    [line], second = alone.get_lines(), both.get_lines()[1]
    assert line.get_color() == second.get_color()
    assert line.get_linestyle() == second.get_linestyle()


def test_references_are_drawn_and_named() -> None:
    axes, _ = curves({"loss": ([0, 1], [2.0, 1.0])}, references={"ln 10": 2.3026})
    assert axes.get_lines()[1].get_ydata() == pytest.approx([2.3026, 2.3026])
    assert [note.get_text() for note in axes.texts] == ["ln 10 = 2.30"]


def test_distributions_are_densities_with_a_mark_at_the_mean() -> None:
    generator = np.random.default_rng(0)
    groups = {"random": generator.normal(0.5, 0.1, 500), "positive": np.array([0.8, 1.4])}
    axes, alt = distributions(groups, limits=(0.0, 1.0), bins=20, title="Cosines")
    outlines = [patch for patch in axes.patches if patch.get_label() in groups]
    assert [patch.get_label() for patch in outlines] == list(groups)
    for outline in outlines:
        height, edges, _ = outline.get_data()
        assert edges == pytest.approx(np.linspace(0, 1, 21))
        assert height @ np.diff(edges) == pytest.approx(1.0)
        assert outline.get_edgecolor()[3] == 1.0 and not outline.get_fill()
    assert outlines[1].get_data().values[-1] > 0  # 1.4 is drawn at the end of the axis
    marks = [line.get_xdata()[0] for line in axes.get_lines()]
    assert marks == pytest.approx([groups["random"].mean(), 1.1])
    assert alt.startswith("Cosines of cosine. random: mean 0.5")
    assert alt.endswith("positive: mean 1.10, deviation 0.30.")
