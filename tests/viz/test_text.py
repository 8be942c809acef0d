"""Typed text, made fit to be shown."""

from __future__ import annotations

import warnings

import pytest
from matplotlib.figure import Figure

from minbert.viz.text import drawable, plain, shorten


def test_what_is_too_long_is_cut_visibly() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"


def test_one_line_of_visible_characters() -> None:
    assert plain(" two\n\tlines ") == "two lines"
    assert plain("a\u202eb\x00c") == "a\ufffdb\ufffdc"
    assert plain("\U0001f468\u200d\U0001f469") == "\U0001f468\u200d\U0001f469"
    assert plain("x" * 100, limit=10) == "x" * 9 + "…"
    assert plain("שלום") == "שלום"


def test_what_the_font_cannot_draw_becomes_its_code() -> None:
    assert drawable("na\u00efve") == "na\u00efve"
    assert drawable("\u4e2d") == "U+4E2D"
    assert drawable("a\u200db") == "ab"
    assert drawable("$x$") == r"\$x\$"


@pytest.mark.parametrize("text", ["$x^2$ $", "\u4e2d\u6587 \U0001f439", "\u202e\x07", "{a} \\b %"])
def test_anything_can_be_drawn_without_a_warning(text: str) -> None:
    figure = Figure()
    figure.suptitle(drawable(text))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.draw_without_rendering()
