"""JupyterLab on a copy of the course, and a headless Chromium that reaches only this machine."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import nbformat
import pytest
from machine_matrix import MOST_DIFFERENT, environment as environment_of
from needed_cells import explorers_only
from notebook_page import NotebookPage

from minbert.course.notebooks import notebook_paths, read

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--no-first-run",
    # Names of other machines lead nowhere: the page has the loopback only.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program; without one these tests skip, and say so."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium here: the notebooks are not looked at in a browser")


@pytest.fixture(scope="session")
def lab_url(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> Iterator[str]:
    """Address of a JupyterLab that serves a copy of notebooks/ and figures/; in explorers/ are the
    notebooks' explorers, with the cells that they need.

    Its kernels run as in the cell of the machine matrix whose weights are changed, and share its
    cache with strict nbval: what one has trained the other need not.
    """
    cell = MOST_DIFFERENT[1]
    folder = tmp_path_factory.mktemp("jupyter")
    course = folder / "course"
    for name in ("notebooks", "figures"):
        shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("results"))
    shutil.copytree(course / "notebooks", course / "shown")
    (course / "explorers").mkdir()
    for path in notebook_paths():
        nbformat.write(explorers_only(read(path)), course / "explorers" / path.name)
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    # All cells are attached, also those that are scrolled out of sight.
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}))
    announcements = folder / "settings" / "@jupyterlab" / "apputils-extension"
    announcements.mkdir(parents=True)
    (announcements / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **environment_of(cell, shared_folder / f"cache-{cell}"),
        "HOME": str(folder),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [
                sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
                "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
                "--IdentityProvider.token=", "--ServerApp.password=",
                f"--ServerApp.root_dir={course}", "--LabApp.news_url=",
            ],
            stdout=log, stderr=subprocess.STDOUT, env=environment,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/api/status", server, folder / "server.log")
            yield url
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(120):
        if server.poll() is not None:
            break
        try:
            with urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser(chromium: str):
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


def abroad(url: str) -> bool:
    """Whether an address leads to another machine; what a page has in itself does not."""
    place = urlsplit(url)
    return place.scheme in ("http", "https", "ws", "wss") and place.hostname != "127.0.0.1"


def fresh_page(browser):
    """A page of its own, 1280 wide; errors in its console, and addresses of other machines that it
    asked for, are in `page.said`."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.said = []
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.said.append(line.text))
    page.on("request", lambda request: abroad(request.url) and page.said.append(request.url))
    return page


@pytest.fixture(scope="session")
def open_page(browser, lab_url: str):
    """`open_page(name, folder)`: a notebook by the beginning of its name; its user closes it."""

    def open_one(name: str, folder: str) -> NotebookPage:
        (path,) = notebook_paths([name])
        return NotebookPage(fresh_page(browser), lab_url, path, folder)

    return open_one


@pytest.fixture(scope="module")
def open_notebook(open_page):
    """Opens a notebook's explorers by the beginning of its name, in a page that a test module
    shares."""
    with ExitStack() as pages:
        yield lambda name: pages.enter_context(closing(open_page(name, "explorers")))


@pytest.fixture(scope="session")
def run_notebook(open_page):
    """Opens a notebook's explorers and runs them, once for all test modules that look at them."""
    known: dict[str, NotebookPage] = {}
    with ExitStack() as pages:

        def run_one(name: str) -> NotebookPage:
            if name not in known:
                known[name] = pages.enter_context(closing(open_page(name, "explorers")))
                known[name].run_all(timeout_s=330)
            return known[name]

        yield run_one


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures of the pages are left for a person to look at: build/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
