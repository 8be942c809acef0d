"""`minbert course`: pages that need nothing from elsewhere, and a working tree that stays clean."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from minbert.__main__ import main
from minbert.course.notebooks import notebook_paths, read, tags

ROOT = Path(__file__).parents[2]


def tree() -> str:
    run = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return run.stdout


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("course")
    before = tree()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINBERT_CACHE", str(out / "cache"))
        assert main(["course", "run", "00", "02", "--out", str(out / "pages")]) == 0
    assert tree() == before
    return out / "pages"


def test_there_is_an_index_with_times_and_results(course: Path) -> None:
    index = BeautifulSoup((course / "index.html").read_text(encoding="utf-8"), "html.parser")
    links = [link["href"] for link in index.select("td a")]
    assert links == ["00_start_here.html", "02_attention.html"]
    assert all((course / link).exists() for link in links)
    assert "Tier: lab" in index.text and "ours, lab (synthetic)" in index.text
    assert re.search(r"All \d\d findings of the text were found here\.", index.text)
    times = json.loads((course / "times.json").read_text())
    assert list(times) == ["00_start_here", "02_attention"] and min(times.values()) > 0


def test_pages_need_nothing_from_elsewhere(course: Path) -> None:
    for path in course.glob("*.html"):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        assert not soup.find_all("script")
        for tag in soup.find_all(src=True):
            assert not tag["src"].startswith(("http", "//")), tag["src"]
            local = tag["src"].split("#")[0]
            assert local.startswith("data:") or (path.parent / local).exists(), tag["src"]
        for link in soup.find_all("link"):
            raise AssertionError(link)
        assert not re.search(r"@import|url\(['\"]?https?:", soup.decode())


def test_pages_show_formulas_folded_solutions_and_alt_sentences(course: Path) -> None:
    soup = BeautifulSoup((course / "02_attention.html").read_text(encoding="utf-8"), "html.parser")
    assert soup.find_all("math") and "$$" not in soup.text
    summaries = [part.text for part in soup.find_all("summary")]
    path = next(path for path in notebook_paths(["02"]))
    solutions = sum("solution" in tags(cell) for cell in read(path).cells)
    assert summaries.count("Solution") == solutions
    pictures = soup.find_all("img")
    assert pictures and all(len(picture.get("alt", "").split()) >= 5 for picture in pictures)


def test_the_student_edition_has_no_solutions(tmp_path: Path) -> None:
    assert main(["course", "student", "--to", str(tmp_path)]) == 0
    for path in notebook_paths():
        cells = read(tmp_path / path.name).cells
        assert not any("solution" in tags(cell) for cell in cells)
        assert sum("exercise" in tags(cell) for cell in cells) >= 2
        assert not any(cell.get("outputs") for cell in cells)


def test_a_tier_without_its_data_is_said_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MINBERT_DATA", raising=False)
    assert main(["course", "run", "00", "--tier", "real"]) == 2
    assert "needs the CS224N files" in capsys.readouterr().err
