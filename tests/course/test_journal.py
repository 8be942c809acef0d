"""Guesses and outcomes are kept from notebook to notebook, whoever writes at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from minbert.course.journal import Journal


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path))
    return tmp_path


def test_it_lies_in_the_cache_and_begins_empty(cache: Path) -> None:
    journal = Journal("lab")
    assert journal.read() == {}
    assert cache in journal.path.parents and journal.path.name == "journal-lab.jsonl"
    assert not journal.path.exists()  # reading makes no file


def test_entries_add_up_and_outlive_the_notebook() -> None:
    Journal("lab").write("02/scale", asked="Why?", guess="a")
    Journal("lab").write("02/scale", outcome="b")
    Journal("lab").write("03/third", outcome="1/3")
    Journal("lab").write("02/scale", guess="c")
    assert Journal("lab").read() == {
        "02/scale": {"asked": "Why?", "guess": "c", "outcome": "b"},
        "03/third": {"outcome": "1/3"},
    }


def test_tiers_are_kept_apart() -> None:
    Journal("lab").write("key", outcome="synthetic")
    Journal("real").write("key", outcome="measured")
    assert Journal("lab").read()["key"]["outcome"] == "synthetic"
    assert Journal("real").read()["key"]["outcome"] == "measured"


def test_a_path_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "mine.jsonl"
    Journal("lab", path).write("key", guess="a")
    assert path.exists() and Journal("lab").read() == {}


def test_nobody_loses_an_entry_to_another_writer() -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: Journal("lab").write(f"q{number}", guess=number), range(24)))
    assert Journal("lab").read() == {f"q{number}": {"guess": number} for number in range(24)}
