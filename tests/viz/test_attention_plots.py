"""What is behind the pictures of attention: cells, lines, bars, and the sentences."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from minbert.viz.explorers.attention.compute import Dependence, as_attention
from minbert.viz.explorers.attention.draw import (
    HeadNumbers,
    attention_mosaic,
    head_maps,
    mosaic,
    weight_lines,
    weight_matrix,
)
from minbert.viz.explorers.attention.pictures import (
    all_heads_table,
    detail_table,
    draw_all_heads,
    draw_detail,
    draw_head_by_head,
    draw_tokens,
    head_by_head_table,
    tokens_table,
)

TOKENS = ("[CLS]", "<b>", "$b$", "[SEP]")
NEXT = np.eye(4)[[1, 2, 3, 3]]
WEIGHTS = np.stack([[np.eye(4), NEXT], [np.full((4, 4), 0.25), NEXT]])
ATTENTION = as_attention(WEIGHTS, TOKENS)
PREDICTION = Dependence(
    cosine=0.5,
    masked=np.array([0.01, -0.3, 0.02, 0.0]),
    hidden=np.array([0.0, -0.1, 0.4, 0.0]),
    gradient=np.array([0.1, 0.2, 0.3, 0.9]),
    heads=np.array([[0.1, -0.2], [0.0, 0.05]]),
)


def test_the_mosaic_holds_every_map() -> None:
    draw = np.random.default_rng(0)
    weights = draw.random((3, 2, 5, 5))
    whole = mosaic(weights, gap=2)
    assert whole.shape == (3 * 7 - 2, 2 * 7 - 2)
    for layer in range(3):
        for head in range(2):
            tile = whole[layer * 7 : layer * 7 + 5, head * 7 : head * 7 + 5]
            np.testing.assert_array_equal(tile, weights[layer, head])
    assert np.isnan(whole).sum() == whole.size - weights.size


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (6, 12, 40, 40), (24, 16, 3, 3), (1, 12, 9, 9)])
def test_one_image_whatever_the_size(shape) -> None:
    figure = attention_mosaic(np.full(shape, 1 / shape[-1]))
    pictures, colours = figure.axes
    assert len(pictures.images) == 1
    named = [text.get_text() for text in pictures.texts]
    assert named == [*map(str, range(shape[0])), *map(str, range(shape[1])), "head", "layer"]
    assert max(figure.get_size_inches()) <= 8.2
    assert [text.get_text() for text in colours.texts] == ["0", "0.5", "1", "weight"]


def test_all_heads_say_what_they_look_at() -> None:
    figure, alt = draw_all_heads(ATTENTION, most=40)
    assert alt.startswith("4 small heat maps, one a layer and head")
    assert "to the token itself in layer 0, head 0 (1.00)" in alt
    assert "to the next token in layer 0, head 1 (1.00)" in alt
    assert figure.axes[0].images[0].get_array().shape == (9, 9)
    assert draw_all_heads(ATTENTION, most=2)[0].axes[0].images[0].get_array().shape == (5, 5)
    table = all_heads_table(ATTENTION)
    assert table.header == [
        "layer", "head", "itself", "previous token", "next token", "[CLS]", "[SEP]",
    ]  # fmt: skip
    assert table.rows[2] == ["1", "0", "0.25", "0.25", "0.25", "0.25", "0.25"]


def test_head_by_head_is_the_entropy_and_the_loss() -> None:
    figure, alt = draw_head_by_head(ATTENTION, PREDICTION)
    images = [axes.images[0] for axes in figure.axes if len(axes.texts) > 6]
    np.testing.assert_allclose(images[0].get_array(), [[0, 0], [np.log(4), 0]], atol=1e-12)
    np.testing.assert_allclose(images[1].get_array(), PREDICTION.heads)
    assert (images[1].norm.vmin, images[1].norm.vmax) == (-0.2, 0.2)
    assert "from 0.00 nats, the most selective head, layer 0, head 0, to 1.39, layer 1" in alt
    assert "The cosine, 0.500, changes most without layer 0, head 1: by -0.200." in alt
    assert head_by_head_table(ATTENTION, PREDICTION).rows[1] == [
        "0",
        "1",
        "0.00",
        "0.300",
        "-0.200",
    ]
    alone, alt = draw_head_by_head(ATTENTION)
    assert len(alone.axes) == 2 and "cosine" not in alt
    assert head_by_head_table(ATTENTION).rows[2] == ["1", "0", "1.39"]


def test_the_matrix_frames_a_row() -> None:
    axes = weight_matrix(NEXT, TOKENS, row=2)
    np.testing.assert_array_equal(axes.images[0].get_array(), NEXT)
    frame = axes.lines[-1].get_ydata()
    assert (min(frame), max(frame)) == (1.5, 2.5)
    assert not weight_matrix(NEXT, TOKENS).lines


def test_lines_are_as_wide_as_weights_are_large() -> None:
    weights = np.array([[0.995, 0.005, 0.0], [0.0, 0.0, 1.0], [0.2, 0.3, 0.5]])
    (lines,) = weight_lines(weights, "abc").collections
    ends = [tuple(int(y) for _, y in line) for line in lines.get_segments()]
    assert ends == [(0, 0), (1, 2), (2, 0), (2, 1), (2, 2)], "0.005 is too thin to be drawn"
    widths, strength = lines.get_linewidths(), lines.get_colors()[:, 3]
    order = np.argsort([0.995, 1.0, 0.2, 0.3, 0.5])
    assert (np.diff(np.array(widths)[order]) > 0).all() and (np.diff(strength[order]) > 0).all()
    axes = weight_lines(weights, "abc", row=1)
    colours = axes.collections[0].get_colors()
    assert len({tuple(colour[:3]) for colour in colours[:-1]}) == 1
    assert tuple(colours[-1][:3]) != tuple(colours[0][:3]), "the chosen token lies on top"
    bold = [text.get_text() for text in axes.texts if text.get_fontweight() == "bold"]
    assert bold == ["b"]


@pytest.mark.parametrize("lines", [False, True])
def test_detail_says_the_largest_weight(lines: bool) -> None:
    weights = np.array([[0.5, 0.5, 0, 0], [0, 0.1, 0.9, 0], [0.25] * 4, [0, 0, 0.4, 0.6]])
    axes, alt = draw_detail(weights, ATTENTION, "Layer 0, head 1", lines, row=3)
    assert alt.startswith("Layer 0, head 1: lines" if lines else "Layer 0, head 1: heat map")
    assert "The largest of 4 by 4 weights, 0.90, goes from “<b>” to “$b$”" in alt
    assert "The largest weights of “[SEP]” (position 3) are on “[SEP]” 0.60, “$b$” 0.40," in alt
    assert any(text.get_text() == r"\$b\$" for text in axes.texts)
    assert detail_table(weights, TOKENS).rows[1] == ["<b>", "0.00", "0.10", "0.90", "0.00"]
    assert len(detail_table(weights, TOKENS, most=2).rows) == 2


def test_tokens_stand_beside_what_happens_without_them() -> None:
    axes, alt = draw_tokens(ATTENTION, PREDICTION, layer=0, head=1)
    assert len(axes.collections) == 6
    names = [text.get_text() for text in axes.texts]
    assert "weight the token gets from layer 0, head 1" in names
    assert "hidden: change of cosine (dashed: without layer 0, head 1)" in names
    assert "Cosine 0.500; without layer 0, head 1 0.300 (-0.200)." in alt
    assert "Most weight of this head goes to “[SEP]” (0.500)" in alt
    assert "“<b>” (-0.300) becomes [MASK] and when “$b$” (+0.400) is hidden" in alt
    assert alt.endswith("it is steepest at “[SEP]” (0.900).")
    table = tokens_table(ATTENTION, PREDICTION, 0, 1)
    assert table.header[2:] == ["this head", "all heads", "rollout", "[MASK]", "hidden", "gradient"]
    assert table.rows[1][:3] == ["1", "<b>", "0.250"]
    assert table.rows[1][5:] == ["-0.300", "-0.100", "0.200"]


def test_bars_end_where_the_numbers_say() -> None:
    axes, _ = draw_tokens(ATTENTION, PREDICTION, layer=0, head=1)
    masked, hidden = axes.collections[3:5]

    def heights(bars):
        corners = [path.vertices[:, 1] for path in bars.get_paths()]
        return np.array([each[1] - each[0] for each in corners])

    scale = heights(hidden)[2] / 0.4
    assert scale > 0
    np.testing.assert_allclose(heights(masked) / scale, PREDICTION.masked, atol=1e-12)
    np.testing.assert_allclose(heights(hidden) / scale, PREDICTION.hidden, atol=1e-12)
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    zero = hidden.get_paths()[0].vertices[0, 1]
    assert (dashed[1].get_ydata()[0] - zero) / scale == pytest.approx(-0.2)


def test_hidden_tokens_are_left_out_of_the_bars() -> None:
    inner = ATTENTION.without_special()
    table = tokens_table(inner, PREDICTION, 0, 1)
    assert [row[:2] for row in table.rows] == [["1", "<b>"], ["2", "$b$"]]
    assert [row[5] for row in table.rows] == ["-0.300", "+0.020"]


def crowded(figure: Figure) -> list[str]:
    """Texts that lie on another one, and whatever is cut off at the picture's edge."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    whole = figure.bbox.expanded(1.005, 1.005)
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    boxes = [(text.get_text(), text.get_window_extent(canvas.renderer)) for text in texts]
    parts = [*boxes, *(("axes", axes.get_window_extent()) for axes in figure.axes)]
    cut = [
        name
        for name, box in parts
        if not (
            whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0 and box.y1 <= whole.y1
        )
    ]
    on_another = [
        f"{a} on {b}"
        for (a, one), (b, other) in combinations(boxes, 2)
        if one.padded(-1).overlaps(other.padded(-1))
    ]
    return cut + on_another


@pytest.mark.parametrize("shape", [(2, 4), (6, 12), (12, 12), (1, 1)], ids=str)
def test_nothing_lies_on_another_or_is_cut_off(shape: tuple[int, int]) -> None:
    """Maps, their colour bars and every word have room, of small models and of large ones."""
    values = np.random.default_rng(0).random(shape)
    numbers = [
        HeadNumbers("entropy (nats)", values, (0.0, 2.3)),
        HeadNumbers("change of cosine", values - 0.5, (-0.5, 0.5), 3),
    ]
    assert crowded(head_maps(numbers)) == [] == crowded(head_maps(numbers[:1]))
    mosaic_of = np.random.default_rng(0).dirichlet(np.ones(9), (*shape, 9))
    assert crowded(attention_mosaic(mosaic_of)) == []
