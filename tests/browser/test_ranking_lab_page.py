"""The ranking lab in JupyterLab, on the real notebook, by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def notebook(run_notebook):
    return run_notebook("07")


@pytest.fixture(scope="module")
def lab(notebook):
    return notebook.explorer("Ranking lab")


@pytest.mark.timeout(400)
def test_a_false_negative_is_found_and_masked(notebook, lab) -> None:
    before = lab.caption("Matrix")
    assert "No two of these pairs are known to say the same." in before
    lab.press("Batch", "ArrowRight")
    lab.wait_for("Matrix", "Pairs 17 to 32 of 192; in the batch they are numbers 1 to 16.")
    lab.wait_for("Matrix", "1 couple of pairs says the same (2 and 16): 2 cells, which take")
    picture = lab.panel("Matrix").locator("img").first
    expect(picture).to_have_attribute("alt", lab.caption("Matrix"))

    lab.choose("Show", "gradient per cell")
    lab.wait_for("Matrix", "Gradient per cell of a batch of 16 pairs")
    lab.press("Row", "ArrowRight")
    lab.wait_for("One row", "a2, “")
    lab.panel("One row").locator("summary").press("Enter")
    row = lab.panel("One row").locator("tr", has_text="b16")
    expect(row).to_contain_text(re.compile(r"\+0\.\d+"))
    expect(row).to_contain_text("says the same")

    lab.press("Mask false negatives", "Space")
    lab.wait_for("Matrix", "2 cells, which are masked, so their gradient is zero.")
    lab.wait_for("One row", "says the same, masked")
    lab.wait_for("Loss", "fewer candidates where cells are masked")
    row = lab.panel("One row").locator("tr", has_text="b16")  # still unfolded
    expect(row).to_be_visible()
    expect(row).not_to_contain_text("+0.")
    assert not notebook.errors()


def test_every_slider_answers_to_arrow_keys(notebook, lab) -> None:
    before = lab.caption("Loss")
    lab.press("Scale", "ArrowRight")
    lab.wait_for("Loss", "scale 50 (temperature 0.02)")
    lab.press("Scale", *["ArrowLeft"] * 2)
    lab.wait_for("Loss", "scale 10 (temperature 0.1)")
    assert lab.wait_for_change("Loss", before) != before
    lab.press("Symmetric loss", "Space")
    lab.wait_for("Loss", "mean of both directions")
    lab.wait_for("One row", "other direction")
    lab.press("Batch size", "End")
    lab.wait_for("Matrix", "Pairs 65 to 128 of 192; in the batch they are numbers 1 to 64.")
    lab.press("Row", *["PageUp"] * 3)
    lab.wait_for("One row", "a17, “")
    lab.press("Batch size", "Home")
    lab.wait_for("Matrix", "of a batch of 2 pairs")
    lab.panel("Matrix").locator("summary").press("Enter")
    cells = lab.panel("Matrix").locator("td")
    expect(cells).to_have_count(6)
    expect(cells.first).to_have_text("a1")
    assert not notebook.errors()


def test_tab_reaches_the_controls_in_order(notebook, lab) -> None:
    names = list(dict.fromkeys(lab.tab_order(13)))
    assert names[:8] == [
        "Batch size", "Batch", "Scale", "Symmetric loss", "Mask false negatives", "Show", "Row",
        names[7],
    ]  # fmt: skip


def test_it_is_looked_at(notebook, lab, screenshots) -> None:
    for label in ("Symmetric loss", "Mask false negatives"):
        if lab.control(label).is_checked():
            lab.press(label, "Space")
    lab.press("Batch size", *["ArrowRight"] * 14)
    lab.wait_for("Matrix", "of a batch of 16 pairs")
    lab.press("Batch", "Home", "ArrowRight")
    lab.wait_for("Matrix", "(2 and 16): 2 cells, which take")
    lab.screenshots(screenshots, "ranking")
    assert not notebook.errors()
