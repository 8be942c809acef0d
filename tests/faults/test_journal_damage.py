"""The learner's journal: whatever happens to its file, nothing is lost and the notebook goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from minbert.course.journal import Journal

ENTRIES = {f"0{number}/q": {"asked": f"Why {number}?", "guess": "a"} for number in range(4)}
LINES = [json.dumps({"question": question, **entry}) for question, entry in ENTRIES.items()]


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path))
    monkeypatch.setattr(Journal, "unwritten", {})
    monkeypatch.setattr(Journal, "said", set())


def stored(content: bytes) -> Journal:
    journal = Journal("lab")
    journal.path.parent.mkdir(parents=True, exist_ok=True)
    journal.path.write_bytes(content)
    return journal


DAMAGE = {
    "cut off": b'{"question": "01/q", "gue',
    "one bracket": b"{",
    "a text": b'"01/q"',
    "a number": b"42",
    "null": b"null",
    "a list": b'["01/q", "a"]',
    "no question": b'{"guess": "a"}',
    "question a number": b'{"question": 1, "guess": "a"}',
    "question null": b'{"question": null}',
    "not UTF-8": b'{"question": "\xff\xfe"}',
    "zeros": b"\0" * 100,
    "two entries in one": (LINES[0] + LINES[1]).encode(),
    "a merge mark": b"<<<<<<< HEAD",
    "deep": b"[" * 100_000,
    "a long number": b'{"question": ' + b"9" * 5000 + b"}",
    "words": "Möglicherweise\u2028".encode(),
}


@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("damage", DAMAGE)
def test_lines_in_are_entries_out_and_lines_named(
    damage: str, at: int, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [line.encode() for line in LINES]
    lines.insert(at, DAMAGE[damage])
    content = b"\n".join(lines) + b"\n"
    journal = stored(content)
    assert journal.read() == ENTRIES
    journal.write("new", guess="b")
    assert journal.read() == {**ENTRIES, "new": {"guess": "b"}}
    [sentence] = caplog.messages
    assert f"journal-lab.jsonl: line {at + 1} cannot be read" in sentence and "stays" in sentence
    assert journal.path.read_bytes().startswith(content)


@pytest.mark.parametrize("length", range(1, len(LINES[0]) + 2))
def test_a_file_cut_anywhere_loses_at_most_the_line_that_was_cut(length: int) -> None:
    content = "\n".join([LINES[1], LINES[0]]).encode() + b"\n"
    whole = len(LINES[1]) + 1
    journal = stored(content[: whole + length])
    kept = {"01/q": ENTRIES["01/q"]}
    if length >= len(LINES[0]):
        kept["00/q"] = ENTRIES["00/q"]
    assert journal.read() == kept
    journal.write("new", guess="b")
    assert journal.read() == {**kept, "new": {"guess": "b"}}


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system"),
              OSError(28, "No space left on device"), OSError(122, "Disk quota exceeded"),
              TimeoutError("the lock")], ids=str,
)  # fmt: skip
@pytest.mark.parametrize("part", ["mkdir", "open", "lock"])
def test_where_nothing_can_be_written_the_notebook_goes_on(
    part: str, error: OSError, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no(*arguments: object, **options: object) -> None:
        raise error

    place = {
        "mkdir": "pathlib.Path.mkdir",
        "open": "pathlib.Path.open",
        "lock": "minbert.course.journal.FileLock",
    }[part]
    with monkeypatch.context() as patch:
        patch.setattr(place, no)
        for number in range(3):
            Journal("lab").write(f"q{number}", asked="Why?", guess="a")
        Journal("lab").write("q0", outcome="b")
        assert Journal("lab").read()["q0"] == {"asked": "Why?", "guess": "a", "outcome": "b"}
    sentences = [text for text in caplog.messages if "cannot be kept in" in text]
    assert len(sentences) == 1 and "journal-lab.jsonl" in sentences[0]
    assert (error.strerror or "the lock") in sentences[0] and "this kernel" in sentences[0]
    assert not Journal("lab").path.exists()
    Journal("lab").write("later", guess="c")  # the disk is free again: nothing is missing
    monkeypatch.setattr(Journal, "unwritten", {})
    assert list(Journal("lab").read()) == ["q0", "q1", "q2", "later"]


def test_a_journal_that_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal("lab")
    journal.path.mkdir(parents=True)
    journal.write("q", guess="a")
    assert journal.read() == {"q": {"guess": "a"}}
    assert "cannot be read (Is a directory)" in caplog.text


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (json.dumps(ENTRIES), ENTRIES), (json.dumps(ENTRIES, indent=1), ENTRIES), ("", {}),
        ("{}", {}), ('{"a": {"guess"', None), ("[1]", None), ('{"a": 3}', None), ("\0\0", None),
    ],
)  # fmt: skip
def test_a_journal_of_an_earlier_version(
    content: str, kept: dict | None, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal("lab")
    journal.path.parent.mkdir(parents=True)
    before = journal.path.with_suffix(".json")
    before.write_text(content)
    journal.write("new", guess="b")
    assert journal.read() == {**(kept or {}), "new": {"guess": "b"}}
    assert before.read_text() == content
    assert ("of an earlier version, cannot be read" in caplog.text) == (kept is None)


def test_what_is_known_is_not_written_again() -> None:
    journal = Journal("lab")
    for _ in range(5):
        journal.write("q", asked="Why?", guess="a")
        journal.write("q", outcome=0.5)
    assert len(journal.path.read_text().splitlines()) == 2


def test_kernels_at_once_lose_nothing() -> None:
    program = (
        "from minbert.course.journal import Journal\n"
        "print('begun', flush=True)\n"
        "for number in range(60):\n"
        "    Journal('lab').write(f'there/{number}', guess=number)\n"
    )
    other = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"begun\n"
    for number in range(60):
        Journal("lab").write(f"here/{number}", guess=number)
    other.communicate(timeout=100)
    assert Journal("lab").read() == {
        f"{name}/{number}": {"guess": number} for name in ("here", "there") for number in range(60)
    }
