"""The cosine lab in JupyterLab, on the real notebook, by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

SPACES, LAYERS = "Cosines", "Layer by layer"


@pytest.fixture(scope="module")
def notebook(run_notebook):
    return run_notebook("07")


@pytest.fixture
def lab(notebook):
    return notebook.explorer("Cosine lab")


def anisotropies(caption: str) -> list[float]:
    return [float(value) for value in re.findall(r"anisotropy (-?[\d.]+\d)", caption)]


@pytest.mark.timeout(400)
def test_training_took_the_anisotropy(lab) -> None:
    before, after = anisotropies(lab.caption(SPACES))
    assert before > 0.4 > after
    expect(lab.panel(SPACES)).to_contain_text("300 of 900 pairs")
    expect(lab.panel(SPACES).locator("img")).to_have_attribute("alt", lab.caption(SPACES))


def test_arrow_keys_walk_through_the_layers(lab) -> None:
    last, way = lab.caption(SPACES), lab.caption(LAYERS)
    lab.press("Layer", "ArrowLeft")
    assert "layer 1" in lab.wait_for_change(SPACES, last)
    lab.press("Layer", "ArrowLeft")
    lab.wait_for(SPACES, "before, mean, layer 0")
    lab.wait_for(LAYERS, way)
    lab.press("Layer", "ArrowRight", "ArrowRight")
    lab.wait_for(SPACES, "before, mean, layer 2")
    assert lab.caption(SPACES) == last


def test_the_mean_is_subtracted_by_space(lab) -> None:
    before = lab.caption(SPACES)
    lab.press("Subtract the mean vector", "Space")
    centred = lab.wait_for_change(SPACES, before)
    assert "is subtracted from each" in centred
    assert max(map(abs, anisotropies(centred))) < 0.05
    lab.wait_for(LAYERS, "is subtracted from each")
    lab.press("Subtract the mean vector", "Space")
    assert lab.wait_for_change(SPACES, centred) == before


def test_pooling_and_stages_are_chosen(lab) -> None:
    lab.choose("Pooling", "pooler")
    lab.wait_for(SPACES, "The pooler reads the last layer only")
    lab.wait_for(LAYERS, "at the pooler")
    both = lab.caption(SPACES)
    lab.choose("Compare with", "nothing")
    before = lab.wait_for_change(SPACES, both)
    assert "before, pooler" in before and "after" not in before
    lab.choose("Stage", "after")
    after = lab.wait_for_change(SPACES, before)
    assert "after, pooler" in after and "before" not in after
    lab.choose("Compare with", "before")
    assert "before, pooler" in lab.wait_for_change(SPACES, after)
    lab.choose("Stage", "before")
    assert lab.wait_for_change(SPACES, lab.caption(SPACES)) == before
    lab.choose("Compare with", "after")
    assert lab.wait_for_change(SPACES, before) == both


def test_what_cannot_be_shown_is_said(lab) -> None:
    lab.choose("Pooling", "cls")
    lab.press("Layer", "Home")
    lab.wait_for(SPACES, "before, cls, layer 0")
    lab.panel(SPACES).locator("summary").press("Enter")
    cells = lab.panel(SPACES).locator("tr", has_text="anisotropy").locator("td")
    expect(cells).to_have_text(["anisotropy", "1.000", "1.000"])
    lab.press("Subtract the mean vector", "Space")
    lab.wait_for(SPACES, "[CLS] before the first layer, for one, is the same for all")
    expect(lab.panel(SPACES).locator("img")).to_have_count(0)
    lab.press("Subtract the mean vector", "Space")
    lab.press("Layer", "End")
    lab.choose("Pooling", "mean")
    lab.wait_for(SPACES, "before, mean, layer 2")


def test_it_is_reached_by_tab(lab) -> None:
    names = lab.tab_order(6)
    assert names[:5] == ["Stage", "Compare with", "Pooling", "Subtract the mean vector", "Layer"]


def test_nothing_complained_and_it_is_looked_at(notebook, lab, screenshots) -> None:
    assert not notebook.errors()
    lab.screenshots(screenshots, "cosines")
