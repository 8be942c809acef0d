"""Pieces as boxes: every number that the encoder gets is in the picture and in the sentence."""

from __future__ import annotations

import matplotlib
import matplotlib.pyplot as plt
import pytest

from minbert.viz.plots.pieces import PER_ROW, piece_boxes

matplotlib.use("agg")

TOKENS = ["[CLS]", "a", "cavy", "[SEP]", "e", "##s", "[SEP]", "[PAD]"]
IDS = [2, 7, 93, 3, 11, 58, 3, 0]
SEGMENTS = [0, 0, 0, 0, 1, 1, 1, 0]
MASK = [1, 1, 1, 1, 1, 1, 1, 0]


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def written(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_every_piece_has_a_box_and_its_three_numbers() -> None:
    axes, alt = piece_boxes(TOKENS, IDS, SEGMENTS, MASK, title="A pair")
    assert len(axes.patches) == len(TOKENS)
    texts = written(axes)
    assert texts[: 4 * len(TOKENS) : 4] == TOKENS
    assert texts[1 : 4 * len(TOKENS) : 4] == [str(number) for number in IDS]
    assert texts[2 : 4 * len(TOKENS) : 4] == [str(segment) for segment in SEGMENTS]
    assert texts[3 : 4 * len(TOKENS) : 4] == [str(position) for position in range(len(TOKENS))]
    assert {"id", "segment", "position"} <= set(texts)
    assert alt == (
        "A pair: 8 boxes with their ids: [CLS] 2 a 7 cavy 93 [SEP] 3 e 11 ##s 58 [SEP] 3; the "
        "second sentence (segment 1) has positions 4 to 6; the mask hides 1 of them."
    )


def test_kinds_are_told_apart_without_colour() -> None:
    axes, _ = piece_boxes(TOKENS, IDS, SEGMENTS, MASK)
    styles = [patch.get_linestyle() for patch in axes.patches]
    assert styles == ["-"] * 4 + ["--"] * 3 + [":"]


def test_long_texts_go_on_below() -> None:
    many = ["x"] * (PER_ROW + 1)
    axes, alt = piece_boxes(many, range(len(many)))
    assert axes.patches[0].get_y() > axes.patches[-1].get_y()
    assert axes.patches[0].get_x() == axes.patches[-1].get_x()
    assert "second sentence" not in alt and "hides" not in alt


def test_given_axes_are_used() -> None:
    given = plt.figure().add_subplot()
    axes, _ = piece_boxes(TOKENS, IDS, axes=given)
    assert axes is given


@pytest.mark.parametrize(("tokens", "ids"), [([], []), (["a"], [1, 2])])
def test_lengths_must_fit(tokens: list[str], ids: list[int]) -> None:
    with pytest.raises(ValueError, match="as many tokens as ids"):
        piece_boxes(tokens, ids)
