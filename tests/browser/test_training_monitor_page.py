"""The training monitor in JupyterLab: live while a notebook trains, operable afterwards."""

from __future__ import annotations

import pytest
from notebook_page import BUSY


@pytest.fixture(scope="module")
def notebook(open_notebook):
    opened = open_notebook("09")
    opened.start_all()
    return opened


@pytest.mark.timeout(400)
def test_curves_grow_while_the_notebook_trains(notebook) -> None:
    monitor = notebook.explorer("Training monitor", wait_ms=200_000)
    monitor.wait_for("Curves", "last layer: step ")
    caption = monitor.caption("Curves")
    assert "Loss of last layer" in caption
    for _ in range(3):  # a rounded loss may come back to where it was: changes count, not texts
        caption = monitor.wait_for_change("Curves", caption)
    assert notebook.is_busy(), "the captions changed, but not while it trained"


@pytest.mark.timeout(600)
def test_it_shows_both_trainings_and_obeys_its_controls(notebook) -> None:
    notebook.page.wait_for_function(f"() => !{BUSY}", timeout=500_000)
    monitor = notebook.explorer("Training monitor")
    caption = monitor.caption("Curves")
    assert "Loss of last layer," in caption and "Loss of everything," in caption
    assert "accuracy on dev from" in caption
    monitor.press("Smooth over points", *["ArrowRight"] * 6)
    smooth = monitor.wait_for_change("Curves", caption)
    picture = monitor.panel("Curves").locator("img")
    before = picture.get_attribute("src")
    monitor.press("Learning rate", "Space")
    notebook.page.wait_for_function(
        "([image, before]) => image.isConnected === false || image.src !== before",
        arg=[picture.element_handle(), before],
        timeout=20_000,
    )
    assert "accuracy on dev" in smooth
    monitor.panel("Curves").locator("summary").press("Enter")
    monitor.panel("Curves").locator("td", has_text="accuracy on dev").first.wait_for()
    assert not notebook.errors()


def test_it_is_reached_by_tab(notebook) -> None:
    names = notebook.explorer("Training monitor").tab_order(4)
    assert names == ["Smooth over points"] * 2 + ["Logarithmic loss", "Learning rate"]


def test_it_is_looked_at(notebook, screenshots) -> None:
    notebook.explorer("Training monitor").screenshots(screenshots, "monitor")
