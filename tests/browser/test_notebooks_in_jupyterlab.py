"""The notebooks as a learner sees them: JupyterLab in a real browser, without a network."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from notebook_page import NOTEBOOK, NotebookPage

from minbert.course.notebooks import notebook_paths, read, tags

PATHS = notebook_paths()

LOOK = """
() => {
  const notebook = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook');
  const wide = notebook.clientWidth;
  const name = node => node.tagName + ' ' + (node.textContent || '').slice(0, 60);
  const pictures = [...notebook.querySelectorAll('img')];
  return {
    cells: notebook.querySelectorAll('.jp-Cell').length,
    pictures: pictures.length,
    broken: pictures.filter(p => !p.naturalWidth).map(p => p.alt || p.src.slice(0, 80)),
    overflowing: [...notebook.querySelectorAll('img, .jp-RenderedHTMLCommon > table')]
      .filter(node => node.getBoundingClientRect().width > wide).map(name),
    errors: ['stderr', 'error'].flatMap(kind => [...notebook.querySelectorAll(
      `[data-mime-type="application/vnd.jupyter.${kind}"]`)]).map(name),
    raw: [...notebook.querySelectorAll('.jp-RenderedMarkdown')].map(node => node.textContent)
      .filter(text => /<\\/?(details|summary|table|b|p|small|img)\\b|\\$\\$/.test(text))
      .map(text => text.slice(0, 80)),
    mathErrors: [...notebook.querySelectorAll('mjx-merror, .MathJax_Error')].map(name),
    formulas: notebook.querySelectorAll('mjx-container, .MathJax').length,
    folded: notebook.querySelectorAll('.jp-CodeCell .jp-Placeholder').length,
    details: notebook.querySelectorAll('details').length,
  };
}
"""


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=() if number % 4 == 0 else pytest.mark.slow)
        for number, path in enumerate(PATHS)
    ],
)
def test_it_looks_right(path: Path, open_page, screenshots: Path) -> None:
    """Every fourth notebook; in `make test-all` each."""
    with closing(open_page(path.stem, "shown")) as opened:
        look_at(opened, path, screenshots)


def look_at(opened: NotebookPage, path: Path, screenshots: Path) -> None:
    page = opened.page
    found = page.evaluate(LOOK)
    cells = read(path).cells
    assert found["cells"] == len(cells)
    assert found["pictures"] >= 1
    for what in ("broken", "overflowing", "errors", "raw", "mathErrors"):
        assert not found[what], f"{what}: {found[what]}"
    assert found["folded"] == sum("solution" in tags(cell) for cell in cells)
    assert found["details"] >= 15  # hints of two exercises, choices of three questions
    assert not page.said
    height = page.evaluate(
        f"document.querySelector('{NOTEBOOK} .jp-WindowedPanel-viewport').scrollHeight"
    )
    page.set_viewport_size({"width": 1280, "height": min(int(height) + 200, 30_000)})
    page.screenshot(path=screenshots / f"{path.stem}.png")


@pytest.mark.timeout(300)
def test_the_first_notebook_runs_and_keeps_a_prediction(open_page, screenshots: Path) -> None:
    path = PATHS[0]
    with closing(open_page(path.stem, "notebooks")) as opened:
        page = opened.page
        opened.run_all()
        page.wait_for_selector(f"{NOTEBOOK} .widget-button, {NOTEBOOK} .jupyter-button")
        found = page.evaluate(LOOK)
        assert not found["errors"]
        button = page.locator(f"{NOTEBOOK} .jupyter-button").first
        choice = button.inner_text()
        button.focus()
        page.keyboard.press("Space")  # by keyboard, as everything
        page.wait_for_selector(f"text=Recorded: {re.sub(chr(10), ' ', choice)}", timeout=30_000)
        page.screenshot(path=screenshots / f"{path.stem}-run.png")
