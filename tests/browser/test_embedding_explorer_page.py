"""The embedding explorer in JupyterLab: points chosen by mouse and keys, that move, and export."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from notebook_page import ANSWER_MS
from playwright.sync_api import expect


class MapOnPage:
    """The canvas, and what stands below it."""

    def __init__(self, explorer) -> None:
        self.explorer, self.page = explorer, explorer.page
        self.canvas = explorer.root.locator(".minbert-points > canvas")
        self.said = explorer.root.locator(".minbert-points-said")
        self.tip = explorer.root.locator(".minbert-points-tip")
        self.rest()

    def data(self, name: str) -> str:
        return self.canvas.get_attribute(f"data-{name}")

    @property
    def selected(self) -> int:
        return int(self.data("selected"))

    def rest(self) -> None:
        """Wait until nothing travels."""
        self.explorer.root.locator('canvas[data-travelling="false"]').wait_for(timeout=ANSWER_MS)

    def place(self) -> tuple[float, float]:
        """Of the chosen point, in pixels of the canvas."""
        return float(self.data("x")), float(self.data("y"))

    def position(self) -> dict[str, float]:
        return dict(zip("xy", self.place(), strict=True))

    def press(self, *keys: str) -> int:
        """Press keys on the map; returns the point that is chosen then, once Python knows."""
        self.canvas.focus()
        for key in keys:
            self.page.keyboard.press(key)
        return self.answered()

    def answered(self) -> int:
        self.said.filter(has_text=f"Point {self.selected},").wait_for(timeout=ANSWER_MS)
        self.explorer.wait_for("Nearest to", f"point {self.selected}, ")
        return self.selected


@pytest.fixture(scope="module")
def notebook(run_notebook):
    return run_notebook("11")


@pytest.fixture
def explorer(notebook):
    return notebook.explorer("Embedding explorer")


@pytest.mark.timeout(400)
def test_arrow_keys_go_from_point_to_point(notebook, explorer) -> None:
    on_map = MapOnPage(explorer)
    expect(on_map.canvas).to_have_attribute("aria-label", re.compile("sentences"))
    first_x, first_y = on_map.place()
    other = on_map.press("ArrowRight")
    assert other != 0
    x, y = on_map.place()
    assert x > first_x and abs(y - first_y) <= x - first_x
    expect(explorer.control("Point")).to_have_attribute("aria-valuenow", re.compile(f"^{other}"))
    assert on_map.press("Home") == 0
    last = on_map.press("End")
    assert last > 1000
    on_map.press("ArrowUp", "ArrowUp", "ArrowLeft", "ArrowDown")
    assert on_map.selected != last
    assert not notebook.errors()


def test_a_click_chooses_the_point_below_it(explorer) -> None:
    on_map = MapOnPage(explorer)
    on_map.press("Home")
    target = on_map.press("ArrowUp", "ArrowUp")
    place = on_map.position()
    on_map.press("Home")
    on_map.canvas.hover(position=place)
    on_map.tip.wait_for(timeout=ANSWER_MS)
    hovered = on_map.tip.inner_text()
    on_map.canvas.click(position=place)
    assert on_map.answered() == target
    expect(on_map.said).to_contain_text(re.compile(re.escape(hovered) + r"\s*$"))
    on_map.page.mouse.move(5, 5)
    on_map.tip.wait_for(state="hidden", timeout=ANSWER_MS)


def test_the_slider_moves_the_ring(explorer) -> None:
    on_map = MapOnPage(explorer)
    before = on_map.press("Home")
    explorer.press("Point", "ArrowRight", "ArrowRight")
    explorer.wait_for("Nearest to", f"point {before + 2}, ")
    expect(on_map.canvas).to_have_attribute("data-selected", str(before + 2))
    explorer.press("Neighbours", "ArrowRight")
    explorer.wait_for("Map", "its 6 nearest in the full space")


def test_a_search_is_counted_and_walked_through(explorer) -> None:
    on_map = MapOnPage(explorer)
    explorer.type("Search", "MUSIC")
    explorer.wait_for("Map", "sentences contain “MUSIC”")
    for key in ("PageDown", "PageDown", "PageUp"):
        on_map.press(key)
        expect(on_map.said).to_contain_text("music", ignore_case=True)
    explorer.type("Search", "<img src=x onerror=alert(1)> \u202eabc")
    explorer.wait_for("Map", "0 of ")
    explorer.type("Search", "music")
    explorer.wait_for("Map", "contain “music”")


def test_points_travel_when_the_stage_changes(notebook, explorer) -> None:
    on_map = MapOnPage(explorer)
    on_map.press("End")
    start = on_map.place()
    caption = explorer.caption("Map")
    on_map.page.evaluate(
        """() => {
        const canvas = document.querySelector('.minbert-points > canvas');
        window.travelled = new Set();
        new MutationObserver(() => window.travelled.add(canvas.dataset.x))
          .observe(canvas, { attributes: true, attributeFilter: ['data-x'] }); }"""
    )
    explorer.choose("Stage", "mnrl")
    assert "of the variance of mnrl" in explorer.wait_for_change("Map", caption)
    on_map.rest()
    end = on_map.place()
    assert end != start
    passed = [float(x) for x in on_map.page.evaluate("[...window.travelled]")]
    low, high = sorted((start[0], end[0]))
    assert any(low + 0.5 < x < high - 0.5 for x in passed), "they jumped"
    explorer.choose("PCA directions", "each stage its own")
    explorer.wait_for("Map", "turned and mirrored")
    explorer.choose("PCA directions", "all stages together")
    explorer.wait_for("Map", "all stages together")
    assert not notebook.errors()


def test_without_wish_for_motion_they_jump(explorer) -> None:
    on_map = MapOnPage(explorer)
    explorer.page.emulate_media(reduced_motion="reduce")
    on_map.page.evaluate("window.travelled.clear()")
    explorer.choose("Stage", "original")
    explorer.wait_for("Map", "of the variance of original")
    on_map.rest()
    assert len(on_map.page.evaluate("[...window.travelled]")) <= 1
    explorer.page.emulate_media(reduced_motion="no-preference")


def test_zoom_by_key_and_button(explorer) -> None:
    on_map = MapOnPage(explorer)
    box = on_map.canvas.bounding_box()
    on_map.press("+")
    x, y = on_map.place()
    assert (x, y) == pytest.approx((box["width"] / 2, box["height"] / 2), abs=1.5)
    zoomed = on_map.data("x")
    explorer.root.get_by_role("button", name="Show all").click()
    expect(on_map.canvas).not_to_have_attribute("data-x", zoomed)


def test_colours_have_a_legend(explorer) -> None:
    legend = explorer.root.locator(".minbert-points-legend > span")
    expect(legend.first).to_contain_text("quora (")
    explorer.choose("Colour by", "sentiment")
    explorer.wait_for("Map", "coloured by sentiment")
    names = ["none", "0", "1", "2", "3", "4"]
    expect(legend).to_have_text([re.compile(rf"^\s*{name} \(") for name in names])
    explorer.choose("Colour by", "task")
    explorer.wait_for("Map", "coloured by task")


def test_umap_says_what_is_missing(explorer) -> None:
    options = explorer.control("Map by").locator("option").all_inner_texts()
    if options[2] == "UMAP":
        pytest.skip("umap-learn is installed here")
    explorer.choose("Map by", options[2])
    explorer.wait_for("Map", "pip install umap-learn")
    explorer.root.locator(".minbert-points-said", has_text="No map.").wait_for(timeout=ANSWER_MS)
    explorer.choose("Map by", "PCA")
    explorer.root.locator(".minbert-points-said", has_text="Point").wait_for(timeout=ANSWER_MS)


def test_export_says_where_the_files_are(explorer) -> None:
    explorer.root.get_by_role("button", name="Export").press("Enter")
    explorer.wait_for("Export", "Written: vectors.tsv (")
    folder = Path(explorer.notebook.place).parent
    expect(explorer.panel("Export")).to_contain_text(f"{folder}/projector")
    explorer.type("Folder", "11_explore_embeddings.ipynb/inside")
    explorer.root.get_by_role("button", name="Export").press("Enter")
    explorer.wait_for("Export", "Nothing was written into")


def test_it_is_reached_by_tab(notebook, explorer) -> None:
    names = explorer.tab_order(15)
    assert names[:5] == ["Map by", "Stage", "PCA directions", "Colour by", "Search"]
    assert names[5:10] == ["Point", "Point", "Neighbours", "Neighbours", "Folder"]
    assert names[10] == "Export" and names[11].startswith("Map of ")
    assert names[12:15] == ["Zoom in", "Zoom out", "Show all"]
    assert not notebook.errors()


def test_it_is_looked_at(notebook, explorer, screenshots) -> None:
    explorer.choose("Stage", "mnrl")
    explorer.type("Folder", "projector")
    explorer.press("Point", "Home", *["ArrowRight"] * 3)
    explorer.screenshots(screenshots, "embeddings")
    assert not notebook.errors()
