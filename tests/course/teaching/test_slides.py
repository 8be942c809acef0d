"""The slides: one page, nothing from elsewhere, each picture in words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from minbert.__main__ import main
from minbert.course.teaching.slides import PAGE, course_slides, slides_page

FIGURES = Path(__file__).parents[3] / "figures"


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = BeautifulSoup(course_slides(), "html.parser")
    manifest = json.loads((FIGURES / "manifest.json").read_text(encoding="utf-8"))
    pictures = page.find_all("img")
    assert len(pictures) >= 8 and len(page.find_all("section")) >= 12
    for picture in pictures:
        assert picture["src"].startswith("data:image/")
        assert picture["alt"] in {one["alt"] for one in manifest.values()}
    assert not page.find_all(["link", "iframe"]) and page.html["lang"] == "en"
    assert all(not script.get("src") for script in page.find_all("script"))
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy and "script-src 'sha256-" in policy
    assert "$" not in re.sub(r"<script.*|<style.*?</style>", "", str(page.body), flags=re.DOTALL)


def test_an_unknown_picture_is_named() -> None:
    with pytest.raises(ValueError, match="the slides show other.png, expected one of"):
        slides_page("# Slides\n\n![](other.png)", FIGURES)


def test_a_page_that_was_changed_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["course", "slides", "--to", str(tmp_path / "out")]
    assert main(command) == 0 and main(command) == 0
    path = tmp_path / "out" / PAGE
    path.write_text("mine")
    assert main(command) == 2
    assert "move it away" in capsys.readouterr().err and path.read_text() == "mine"
