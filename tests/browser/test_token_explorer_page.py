"""The token explorer in JupyterLab, on the real notebook."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def notebook(open_notebook):
    opened = open_notebook("01_")
    opened.run_all()
    return opened


@pytest.mark.timeout(300)
def test_typing_shows_pieces(notebook, screenshots) -> None:
    explorer = notebook.explorer("Token explorer")
    before = explorer.caption("Pieces")
    explorer.type("Sentence", "How old is your guinea pig?")
    after = explorer.wait_for_change("Pieces", before)
    assert "guinea" in after
    expect(explorer.root.locator("img")).to_have_attribute("alt", after)
    explorer.type("Second sentence", "<script>document.title = 'taken'</script> \u202eabc")
    assert "segment 1" in explorer.wait_for_change("Pieces", after)
    assert notebook.page.title() != "taken"
    explorer.panel("Pieces").locator("summary").press("Enter")
    explorer.panel("Pieces").locator("td", has_text="guinea").first.wait_for()
    explorer.type("Second sentence", "Two years.")
    explorer.panel("Pieces").locator("td", has_text="Two").first.wait_for()  # still unfolded
    assert not notebook.errors()


def test_it_is_reached_by_tab(notebook) -> None:
    assert notebook.explorer("Token explorer").tab_order(2) == ["Sentence", "Second sentence"]


def test_it_is_looked_at(notebook, screenshots) -> None:
    notebook.explorer("Token explorer").screenshots(screenshots, "tokens")
