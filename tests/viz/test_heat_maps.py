"""Heat maps hold the numbers they were given, and say which one stands out."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from minbert.viz.plots import attention_grid, attention_map, confusion_matrix, matrix
from minbert.viz.style import DIVERGING, SEQUENTIAL

WEIGHTS = np.array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0], [0.3, 0.3, 0.4]])


def names(axes, axis: str) -> list[str]:
    return [label.get_text() for label in getattr(axes, f"get_{axis}ticklabels")()]


def test_attention_map_shows_who_looks_at_whom() -> None:
    axes, alt = attention_map(WEIGHTS, ["a", "b", "c"], title="Layer 1, head 2")
    [image] = axes.images
    assert np.array_equal(image.get_array(), WEIGHTS)
    assert image.get_clim() == (0.0, 1.0) and image.get_cmap().name == SEQUENTIAL
    assert names(axes, "x") == names(axes, "y") == ["a", "b", "c"]
    assert "key" in axes.get_xlabel() and "query" in axes.get_ylabel()
    assert alt == (
        "Layer 1, head 2: heat map of 3 by 3 weights; the largest, 0.90, goes from b to a."
    )


def test_attention_map_draws_on_given_axes() -> None:
    first, _ = attention_map(WEIGHTS, ["a", "b", "c"])
    count = len(first.figure.axes)
    again, alt = attention_map(WEIGHTS.T, ["a", "b", "c"], axes=first)
    assert again is first and len(first.figure.axes) == count + 1  # one more colour bar
    assert alt.startswith("Attention of one head") and "from a to b" in alt


def test_attention_grid_has_a_map_per_layer_and_head() -> None:
    attentions = np.full((2, 3, 4, 4), 0.25)
    attentions[1, 2] = np.eye(4)
    figure, alt = attention_grid(attentions, ["a", "b", "c", "d"])
    assert len(figure.axes) == 7  # and one colour bar
    assert figure.axes[6].get_ylabel() == "weight"
    assert names(figure.axes[0], "y") == names(figure.axes[5], "x") == ["a", "b", "c", "d"]
    assert names(figure.axes[0], "x") == names(figure.axes[5], "y") == []
    assert np.array_equal(figure.axes[5].images[0].get_array(), np.eye(4))
    assert [axes.get_title() for axes in figure.axes[:3]] == ["head 0", "head 1", "head 2"]
    assert figure.axes[3].get_ylabel() == "layer 1"
    assert alt.startswith("2 by 3 small heat maps")
    assert "Layer 1, head 2 looks at its own position most: 1.00" in alt


def test_attention_grid_leaves_out_tokens_that_could_not_be_read() -> None:
    figure, _ = attention_grid(np.full((2, 12, 18, 18), 1 / 18), ["token"] * 18)
    assert len(figure.axes) == 25
    assert not any(names(axes, "y") for axes in figure.axes[:24])


def test_matrix_writes_its_numbers_readably() -> None:
    values = np.array([[0.0, 0.25], [0.5, 1.0]])
    axes, alt = matrix(values, ["r", "s"], ["u", "v"], title="Scores", label="score", digits=1)
    assert np.array_equal(axes.images[0].get_array(), values)
    assert [text.get_text() for text in axes.texts] == ["0.0", "0.2", "0.5", "1.0"]
    assert axes.images[0].get_cmap().name == SEQUENTIAL
    for text, value in zip(axes.texts, values.ravel(), strict=True):
        cell = axes.images[0].cmap(axes.images[0].norm(value))[:3]
        lightness = np.dot(cell, (0.299, 0.587, 0.114))
        written = np.dot(to_rgb(text.get_color()), (0.299, 0.587, 0.114))
        assert abs(lightness - written) > 0.4
    assert alt == (
        "Scores: 2 rows by 2 columns of score, from 0.0 to 1.0; the largest is in row s, column v."
    )


def test_matrix_around_zero_takes_a_diverging_map_and_leaves_small_cells_empty() -> None:
    values = np.linspace(-1, 1, 400).reshape(20, 20)
    axes, _ = matrix(values, list("r" * 20), list("c" * 20), limits=(-1, 1))
    assert axes.images[0].get_cmap().name == DIVERGING and axes.images[0].get_clim() == (-1, 1)
    assert not axes.texts


def test_confusion_matrix_counts_shares_of_the_true_class() -> None:
    golds = np.array([0, 0, 0, 0, 1, 1])
    predictions = np.array([0, 0, 0, 1, 0, 1])
    axes, alt = confusion_matrix(golds, predictions, ["no", "yes", "never"], title="Dev")
    shares = np.asarray(axes.images[0].get_array())
    assert shares == pytest.approx(np.array([[0.75, 0.25, 0], [0.5, 0.5, 0], [0, 0, 0]]))
    assert axes.get_xlabel() == "predicted" and axes.get_ylabel() == "true"
    assert alt == (
        "Dev: rows are true classes, columns predictions. "
        "Share predicted right: no 0.75, yes 0.50, never 0.00."
    )
