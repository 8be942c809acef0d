"""A notebook in JupyterLab, driven as a person drives it: by keyboard and mouse."""

from __future__ import annotations

import json
import re
from pathlib import Path

from needed_cells import explorers_only
from playwright.sync_api import expect

from minbert.course.notebooks import read

NOTEBOOK = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook"
ANSWER_MS = 20_000
"""How long to wait for a page to change: long, since other programs may use the processor."""
expect.set_options(timeout=ANSWER_MS)
"""A caption, a note and a table come in messages of their own: tests `expect`, never read once."""

BUSY = f"""[...document.querySelectorAll('{NOTEBOOK} .jp-InputPrompt')]
    .some(node => node.textContent.includes('*'))"""
WATCH = """(panel) => {
  const caption = () => panel.querySelector('.minbert-caption')?.textContent;
  const before = caption();
  let pressed = 0;
  panel.closest('.minbert-explorer').addEventListener(
    'keydown', () => { pressed = performance.now(); }, { once: true, capture: true });
  window.answered = new Promise((done, fail) => {
    setTimeout(() => fail(new Error(`no other caption than: ${before}`)), 20000);
    new MutationObserver((_, observer) => {
      if (caption() === before || !caption()) return;
      observer.disconnect();
      done(performance.now() - pressed);
    }).observe(panel, { childList: true, subtree: true });
  });
}"""
"""Sets `window.answered`: milliseconds from the next key to the next caption."""
STOP_KERNEL = """async (path) => {
  const token = document.cookie.match(/_xsrf=([^;]+)/)[1];
  for (const session of await (await fetch('/api/sessions')).json())
    if (session.path === path)
      await fetch(`/api/sessions/${session.id}`,
        { method: 'DELETE', headers: { 'X-XSRFToken': token } });
}"""
"""Ends the kernel of the notebook at a path, as JupyterLab's own list of running kernels does."""
NAME_OF_FOCUSED = """() => {
  const node = document.activeElement;
  const by = (node.getAttribute('aria-labelledby') || '').split(' ')
    .map(id => document.getElementById(id)?.textContent || '').join(' ').trim();
  const labels = [...(node.labels || [])].map(label => label.textContent.trim()).join(' ');
  return node.getAttribute('aria-label') || by || labels || node.getAttribute('title')
    || node.textContent.trim();
}"""


class NotebookPage:
    """One notebook, open in a page of its own.

    Args:
        page: of playwright; errors in its console are collected in `page.said`.
        lab_url: of the running JupyterLab.
        path: of the notebook in the repository; the lab serves copies.
        folder: of the copy: `notebooks`, `shown`, or `explorers`, which has the explorers and what
            they need. A notebook runs in one page only: a second one would find the kernel of the
            first, ask it for the widgets of that page, and complain of those that are gone.
    """

    def __init__(self, page, lab_url: str, path: Path, folder: str) -> None:
        self.page, self.path = page, path
        self.place = f"{folder}/{path.name}"
        page.goto(f"{lab_url}/lab/tree/{self.place}?reset")
        page.wait_for_selector(f"{NOTEBOOK} .jp-Cell", timeout=60_000)
        found = explorers_only(read(path)) if folder == "explorers" else read(path)
        count = len(found.cells)
        page.wait_for_function(
            f"document.querySelectorAll('{NOTEBOOK} .jp-Cell').length >= {count}", timeout=60_000
        )
        # Markdown and formulas are drawn one after the other; wait until nothing changes any more.
        page.wait_for_function(
            """() => { const now = document.querySelector('.jp-Notebook').innerHTML.length;
            const same = window.before === now; window.before = now; return same; }""",
            polling=800,
            timeout=60_000,
        )

    def run_all(self, timeout_s: int = 200) -> None:
        """Run all cells, and wait until the last one is done."""
        self.start_all()
        self.page.wait_for_function(f"() => !{BUSY}", timeout=1000 * timeout_s)

    def start_all(self) -> None:
        """Run all cells, and wait only until the first one has begun."""
        self.page.click("text=Run >> nth=0")
        self.page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
        self.page.wait_for_function(f"() => {BUSY}", timeout=60_000)

    def close(self) -> None:
        """End the kernel, then close the page: a kernel with torch holds half a gigabyte."""
        self.page.evaluate(STOP_KERNEL, self.place)
        self.page.context.close()

    def is_busy(self) -> bool:
        """Whether a cell is running or waiting."""
        return self.page.evaluate(f"() => {BUSY}")

    def errors(self) -> list[str]:
        """What cells wrote to stderr or raised, and what the browser's console complains of."""
        written = self.page.evaluate(
            f"""() => ['stderr', 'error'].flatMap(kind => [...document.querySelectorAll(
            `{NOTEBOOK} [data-mime-type="application/vnd.jupyter.${{kind}}"]`)])
            .map(node => node.textContent.slice(0, 200))"""
        )
        return [*written, *self.page.said]

    def theme(self, name: str) -> None:
        """`Light` or `Dark`, by the menu."""
        self.page.click(".lm-MenuBar-itemLabel:text-is('Settings')")
        self.page.hover(".lm-Menu-itemLabel:text-is('Theme')")
        self.page.click(f".lm-Menu-itemLabel:text-is('JupyterLab {name}')")
        light = json.dumps(str(name == "Light").lower())
        self.page.wait_for_selector(
            f"body[data-jp-theme-light={light}]", state="attached", timeout=ANSWER_MS
        )
        self.page.wait_for_timeout(500)

    def explorer(self, title: str, wait_ms: int = ANSWER_MS) -> ExplorerOnPage:
        """The explorer with this title, as soon as it is live."""
        return ExplorerOnPage(self, title, wait_ms)


class ExplorerOnPage:
    """One explorer on a page."""

    def __init__(self, notebook: NotebookPage, title: str, wait_ms: int = ANSWER_MS) -> None:
        self.notebook, self.page, self.title = notebook, notebook.page, title
        self.root = self.page.locator(".minbert-explorer", has_text=f"{title}.").first
        self.root.wait_for(timeout=wait_ms)
        self.root.scroll_into_view_if_needed()

    def control(self, label: str):
        """What takes the focus in the control with this label: a field, a handle, a list, a box."""
        row = self.root.locator(".widget-inline-hbox, .widget-checkbox, .jupyter-widgets").filter(
            has=self.page.locator("label, .widget-label-basic span", has_text=exactly(label))
        )
        inside = row.locator(
            "input:not([type=hidden]), select, textarea, .noUi-handle, [role=slider]"
        )
        return inside.first

    def press(self, label: str, *keys: str) -> None:
        """Put the focus on a control, and press keys there."""
        self.control(label).focus()
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, label: str, text: str) -> None:
        """Replace what is in a field, by keyboard, and press Enter."""
        self.control(label).focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")

    def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        self.control(label).select_option(label=option)

    def panel(self, name: str):
        """One of the explorer's panels."""
        return self.root.locator(".minbert-panel", has_text=name).first

    def caption(self, name: str) -> str:
        """The sentence below a panel's picture."""
        return self.panel(name).locator(".minbert-caption").first.inner_text()

    def wait_for(self, name: str, text: str) -> None:
        """Wait until a panel says this, in its caption, its note or its table."""
        self.panel(name).filter(has_text=text).wait_for(timeout=ANSWER_MS)

    def wait_for_change(self, name: str, before: str) -> str:
        """Wait until a panel's caption is another one than before; returns it."""
        for _ in range(ANSWER_MS // 100):
            now = self.caption(name)
            if now != before:
                return now
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{self.title}, {name}: nothing changed: {before}")

    def milliseconds(self, label: str, key: str, name: str) -> float:
        """From a key pressed on a control until the page shows another caption in a panel."""
        self.control(label).focus()
        self.page.evaluate(WATCH, self.panel(name).element_handle())
        self.page.keyboard.press(key)
        return self.page.evaluate("() => window.answered")

    def tab_order(self, count: int) -> list[str]:
        """Names of what Tab reaches, beginning at the first control; a slider is two stops."""
        nameless = ".noUi-handle:not([aria-label])"
        self.root.locator(nameless).first.wait_for(state="detached", timeout=ANSWER_MS)
        self.root.locator("input, select, .noUi-handle, button").first.focus()
        names = []
        for _ in range(count):
            names.append(self.page.evaluate(NAME_OF_FOCUSED))
            self.page.keyboard.press("Tab")
        return names

    def screenshots(self, folder: Path, name: str) -> None:
        """A light and a dark picture of the explorer, for a person to look at."""
        size = self.page.viewport_size
        height = round(self.root.bounding_box()["height"]) + 300
        for theme in ("Dark", "Light"):
            self.notebook.theme(theme)
            self.page.set_viewport_size({**size, "height": max(height, size["height"])})
            self.root.scroll_into_view_if_needed()
            self.page.wait_for_timeout(300)
            self.root.screenshot(path=folder / f"explorer-{name}-{theme.lower()}.png")
            self.page.set_viewport_size(size)


def exactly(label: str) -> re.Pattern:
    """A pattern for this text and nothing else."""
    return re.compile(rf"^\s*{re.escape(label)}\s*$")
