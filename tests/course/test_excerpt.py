"""Excerpts begin and end where they should, and say when the source has changed."""

from __future__ import annotations

import pytest

from minbert.course.excerpt import excerpt
from minbert.training.loop import train


def sample() -> int:
    first = 1
    if first:
        second = 2
    return first + second


def test_lines_without_their_indentation() -> None:
    assert excerpt(sample, "if first", "second = 2") == "if first:\n    second = 2"
    assert excerpt(sample, "return", "return") == "return first + second"


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="no line of sample contains 'third'"):
        excerpt(sample, "third", "return")
    with pytest.raises(ValueError, match="after 'return' contains 'if first'"):
        excerpt(sample, "return", "if first")


def test_the_pieces_of_the_loop_that_04_shows_are_there() -> None:
    assert "update.step()" in excerpt(train, "loss.backward()", "zero_grad")
