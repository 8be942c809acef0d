"""Where the package runs, and what it advises there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minbert import clone

ROOT = Path(__file__).parents[1]


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed copy, with nothing in it yet."""
    package = tmp_path / "site-packages" / "minbert"
    package.mkdir(parents=True)
    monkeypatch.setattr(clone, "PACKAGE", package)
    monkeypatch.setattr(clone, "MATERIAL", package / "assets" / "course")
    return package


def test_in_a_clone() -> None:
    assert clone.clone() == ROOT == clone.material()
    assert clone.how_to_install("notebooks") == "`pip install -e .[notebooks]`"


def test_in_an_installed_copy(copied: Path) -> None:
    (copied.parent / "notebooks").mkdir()  # of another package
    assert clone.clone() is None
    assert clone.how_to_install("notebooks") == "`pip install minbert[notebooks]`"
    with pytest.raises(FileNotFoundError, match="which a complete wheel has: install minbert"):
        clone.material()
    (copied / "assets" / "course" / "notebooks").mkdir(parents=True)
    assert clone.material() == copied / "assets" / "course"


def test_no_sentence_of_the_library_asks_for_a_clone() -> None:
    asked = re.compile(r"pip install -e|make course|make lab")
    found = {
        path.relative_to(ROOT / "minbert").as_posix()
        for path in (ROOT / "minbert").rglob("*.py")
        if asked.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"course/kernel.py"}, "ask minbert.clone.how_to_install"
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert "pip install -e" not in path.read_text(encoding="utf-8"), path.name
