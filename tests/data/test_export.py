"""Data as files in the course's formats, and as something to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from minbert.__main__ import main
from minbert.data import load_data
from minbert.data.sample import sample_markdown

ROOT = Path(__file__).parents[2]


def test_what_is_exported_is_read_back(tmp_path: Path) -> None:
    assert main(["data", "export", "--to", str(tmp_path / "course")]) == 0
    there, here = load_data(f"cs224n:{tmp_path / 'course'}"), load_data("classroom")
    for task in ("sst", "quora", "sts"):
        for split in ("train", "dev"):
            assert getattr(getattr(there, task), split) == getattr(getattr(here, task), split)
    assert there.damage == ()
    assert there.tier == "synthetic" and there.note == here.note, "files keep what they are"


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "sts-dev.csv").write_text("mine", encoding="utf-8")
    assert main(["data", "export", "--to", str(tmp_path)]) == 2
    assert "holds sts-dev.csv, and no .minbert.json" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["sts-dev.csv"]


def test_a_sample_shows_every_part() -> None:
    text = sample_markdown(load_data("classroom"), 30)
    assert text.count("\n- ") == 4 * 30
    assert "classroom corpus (synthetic)" in text.splitlines()[0]


def test_the_page_about_the_corpus_shows_the_corpus(capsys: pytest.CaptureFixture) -> None:
    page = (ROOT / "docs" / "classroom.md").read_text(encoding="utf-8")
    assert sample_markdown(load_data("classroom:0"), 30) in page
    assert main(["data", "ladder", "--data", "classroom:0"]) == 0
    table = capsys.readouterr().out
    assert "TF-IDF" in page and table.split("\n\n")[1].strip() in page


def test_a_wrong_count_is_refused(capsys: pytest.CaptureFixture) -> None:
    assert main(["data", "sample", "--count", "0"]) == 2
    assert "--count must be at least 1" in capsys.readouterr().err
