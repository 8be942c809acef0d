"""The explorer: what it finds, with the shipped encoder and by hand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minbert.analysis.sentence_space import SentenceSpace
from minbert.course.example import OTHER, PAIR
from minbert.pretrained import from_pretrained
from minbert.viz.explorers.embeddings.neighbour_tables import (
    Hit,
    compare_sentences,
    compare_under_all_poolings,
    compare_with,
    draw_comparisons,
    draw_hubs,
    look_up,
    neighbour_table,
)

SPACE = SentenceSpace(
    ("a", "b", "c"),
    ("sst", "quora", "quora"),
    (0, None, None),
    {},
    {"x": np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])},
)
OTHERS = [*PAIR, OTHER, "The plot is thin.", "A goat follows a cook.", "Rust is no fun at all."]


@pytest.fixture(scope="module")
def tiny():
    return from_pretrained("tiny")


def test_the_nearest_comes_first() -> None:
    hits = look_up(np.array([2.0, 0.1]), SPACE, "x", k=2)
    assert [hit.sentence for hit in hits] == ["a", "b"]
    assert hits[0].cosine == pytest.approx(2 / np.sqrt(4.01))


def test_the_sentence_that_asks_can_be_left_out() -> None:
    hits = look_up(SPACE.vectors["x"][0], SPACE, "x", k=2, leave_out="a")
    assert [hit.sentence for hit in hits] == ["b", "c"]


def test_the_table_names_each_space_once() -> None:
    table = neighbour_table("q", {"x": [Hit("a", "sst", 0.5), Hit("<b>", "sts", 0.25)]})
    assert table.rows == [["x", "0.50", "sst", "a"], ["", "0.25", "sts", "<b>"]]
    assert "&lt;b&gt;" in table._repr_html_()


def test_the_same_sentence_is_above_all_random_pairs(tiny) -> None:
    same = compare_sentences(OTHER, OTHER, *tiny, OTHERS)
    assert same.cosine == pytest.approx(1.0) and same.percentile == 1.0
    assert len(same.random) == 15


def test_several_texts_are_compared_at_once(tiny) -> None:
    found = compare_with(PAIR[0], {"pair": PAIR[1], "other": OTHER}, *tiny, OTHERS)
    alone = compare_sentences(*PAIR, *tiny, OTHERS)
    assert list(found) == ["pair", "other"]
    assert found["pair"].cosine == pytest.approx(alone.cosine, abs=1e-5)
    assert found["pair"].percentile == alone.percentile


def test_all_poolings_are_drawn(tiny) -> None:
    found = compare_under_all_poolings(*PAIR, *tiny, OTHERS)
    assert list(found) == ["pooler", "cls", "mean"]
    figure, alt = draw_comparisons(found)
    line = figure.axes[2].lines[0].get_xdata()[0]
    assert line == pytest.approx(found["mean"].cosine)
    assert f"mean: cosine {found['mean'].cosine:.2f}" in alt
    plt.close(figure)


def test_hubs_are_counted() -> None:
    axes, alt = draw_hubs(np.array([0, 0, 3, 1]), k=1)
    assert sum(bar.get_height() for bar in axes.patches) == 4
    assert "50% are nobody's neighbour" in alt and "3 times" in alt
    plt.close(axes.figure)
