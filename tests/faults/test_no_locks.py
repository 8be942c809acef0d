"""A file system without locks (some network folders): each of the three who lock says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from minbert.course.journal import Journal
from minbert.experiments.cache import StageCache
from minbert.folders.replaced import Kind, claimed


@pytest.fixture(autouse=True)
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(self: FileLock, *arguments: object, **options: object) -> None:
        raise NotImplementedError("what filelock says there")

    monkeypatch.setattr(FileLock, "acquire", refuses)


def test_a_folder_to_write(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="the file system has no locks.*choose another folder"),
        claimed(tmp_path / "out", Kind("reproduce", ())),
    ):
        raise AssertionError("it went on")
    assert list(tmp_path.iterdir()) == []


def test_a_cache(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="the file system has no locks.*set MINBERT_CACHE"):
        StageCache(tmp_path).stage("mlm", {}, lambda folder: None)


def test_a_journal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal("lab", tmp_path / "journal.jsonl")
    journal.write("question", outcome="yes")
    assert journal.read() == {"question": {"outcome": "yes"}}
    assert "has no locks" in caplog.text and "as long as this kernel" in caplog.text
