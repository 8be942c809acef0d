"""Raw HTML in a notebook or an output runs nothing and fetches nothing in the written page."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from local_server import LocalServer
from nbformat import v4

from minbert.course.pages import Neighbours, page as written

ATTEMPTS = {
    "script": "<script>document.title = 'ran'</script>",
    "script-from-elsewhere": "<script src='ADDRESS/script.js'></script>",
    "handler": "<img src='data:image/png;base64,x' onerror=\"document.title = 'ran'\">",
    "handler-of-details": "<details open ontoggle=\"document.title = 'ran'\">x</details>",
    "svg": "<svg onload=\"document.title = 'ran'\"><circle r='2'/></svg>",
    "frame": "<iframe srcdoc=\"<script>parent.document.title = 'ran'</script>\"></iframe>",
    "frame-from-elsewhere": "<iframe src='ADDRESS/frame.html'></iframe>",
    "object": "<object data='ADDRESS/object.html'></object>",
    "picture-from-elsewhere": "<img src='ADDRESS/picture.png' alt='five words are needed here'>",
    "style-from-elsewhere": "<style>@import url('ADDRESS/style.css');</style>",
    "base": "<base href='ADDRESS/'><img src='picture.png'>",
}


class Recording(LocalServer):
    """Gives a script, and keeps what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__()

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        request.send_response(200)
        request.end_headers()
        request.wfile.write(b"document.title = 'ran'")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and what was asked of it."""
    running = Recording()
    yield running.url, running.asked
    running.close()


def opened(browser, text: str, folder: Path) -> str:
    """The title of a page a moment after it was opened from a file."""
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    tab = browser.new_page()
    try:
        tab.goto(path.as_uri(), wait_until="load")
        tab.wait_for_timeout(150)
        return tab.title()
    finally:
        tab.close()


@pytest.mark.parametrize("place", ["markdown", "output"])
@pytest.mark.parametrize("name", ATTEMPTS)
def test_nothing_runs(browser, server, name: str, place: str, tmp_path: Path) -> None:
    address, asked = server
    raw = ATTEMPTS[name].replace("ADDRESS", address)
    cell = v4.new_markdown_cell(raw)
    if place == "output":
        cell = v4.new_code_cell("show()")
        cell.outputs = [v4.new_output("display_data", {"text/html": raw})]
    text = written(v4.new_notebook(cells=[cell]), "quiet", Neighbours(None, None), tmp_path)
    asked.clear()
    assert opened(browser, text, tmp_path) == "quiet"
    assert asked == []


@pytest.mark.parametrize("name", ["handler", "picture-from-elsewhere"])
def test_without_the_policy_it_would(browser, server, name: str, tmp_path: Path) -> None:
    address, asked = server
    cell = v4.new_markdown_cell(ATTEMPTS[name].replace("ADDRESS", address))
    text = written(v4.new_notebook(cells=[cell]), "quiet", Neighbours(None, None), tmp_path)
    soup = BeautifulSoup(text, "html.parser")
    [policy] = soup.find_all("meta", attrs={"http-equiv": "Content-Security-Policy"})
    policy.decompose()
    asked.clear()
    title = opened(browser, str(soup), tmp_path)
    assert title == "ran" or asked
