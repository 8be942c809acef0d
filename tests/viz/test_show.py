"""A picture is shown as PNG with its alt sentence, and not without one."""

from __future__ import annotations

import importlib

import matplotlib.pyplot as plt
import pytest

from minbert.viz import show

module = importlib.import_module("minbert.viz.show")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict, dict]]:
    """What the notebook would have displayed: (data, metadata)."""
    displayed: list[tuple[dict, dict]] = []

    def display(data: dict, metadata: dict | None = None, raw: bool = False) -> None:
        assert raw
        displayed.append((data, metadata or {}))

    monkeypatch.setattr(module, "display", display)
    return displayed


def test_a_picture_has_its_alt_sentence_and_a_caption(shown: list) -> None:
    figure, axes = plt.subplots()
    show(axes, "A line from 1 to 2, where 1 < 2.")
    (picture, metadata), (caption, _) = shown
    assert picture["image/png"].startswith(b"\x89PNG")
    assert picture["text/plain"] == "Picture: A line from 1 to 2, where 1 < 2."
    assert metadata["image/png"]["alt"] == "A line from 1 to 2, where 1 < 2."
    assert "1 &lt; 2" in caption["text/html"] and "1 < 2" not in caption["text/html"]
    assert not plt.fignum_exists(figure.number)


def test_a_whole_figure_can_be_shown(shown: list) -> None:
    figure, _ = plt.subplots(1, 2)
    show(figure, "Two empty frames.")
    assert len(shown) == 2 and not plt.get_fignums()


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_without_alt_sentence_nothing_is_shown(shown: list, alt: str) -> None:
    _, axes = plt.subplots()
    with pytest.raises(ValueError, match="alt sentence"):
        show(axes, alt)
    assert not shown
