"""The reader: the formats as they are, and every kind of damage named with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from minbert.data import load_data
from minbert.data.cs224n import load_cs224n, read_file


@pytest.fixture
def folder(toy_data_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(toy_data_folder, tmp_path / "data"))


def edit(path: Path, line: int, new: str | None) -> None:
    """Replace a line (counted from 1), or remove it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[line - 1 : line] = [] if new is None else [new]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_all_formats_are_read(folder: Path) -> None:
    data = load_cs224n(folder)
    for task in (data.sst, data.quora, data.sts, data.cfimdb):
        assert [len(task.train), len(task.dev), len(task.test)] == [40, 40, 40]
        assert all(example.label is not None for example in task.train + task.dev)
        assert all(example.label is None for example in task.test)
    assert not data.damage
    assert data.sst.train[0].id == "ssttrain00000000000000000"
    # The files put a blank before each sentence; it carries nothing.
    assert not data.sst.train[0].sentence.startswith(" ")
    assert {example.label for example in data.quora.train} == {0.0, 1.0}
    assert {example.label for example in data.sts.train} == {1.0, 4.5}


def test_files_that_are_not_the_published_ones_are_said(folder: Path) -> None:
    note = load_cs224n(folder).note
    assert "quora-train.csv holds 40 pairs, not the official 141,505" in note
    assert "not the published content" in note


@pytest.mark.parametrize(
    ("name", "row", "reason"),
    [
        ("quora-dev.csv", "7\tx\ta b\tc d\t", "empty is_duplicate"),
        ("quora-dev.csv", "7\tx\ta b\t\t", "empty sentence2, is_duplicate"),
        (
            "quora-dev.csv",
            "7\tx\ta b\tc d\t2.0",
            "expected a whole number from 0 to 1, got '2.0'",
        ),
        (
            "quora-dev.csv",
            "7\tx\ta b\tc d\t0.5",
            "expected a whole number from 0 to 1, got '0.5'",
        ),
        (
            "sts-dev.csv",
            "7\tx\ta b\tc d\tnan",
            "expected a number from 0 to 5, got 'nan'",
        ),
        (
            "sts-dev.csv",
            "7\tx\ta b\tc d\tmuch",
            "expected a number from 0 to 5, got 'much'",
        ),
        (
            "sts-dev.csv",
            "7\tx\ta b\tc d\t5.2",
            "expected a number from 0 to 5, got '5.2'",
        ),
        ("sts-dev.csv", "7\tx\ta b", "fewer fields than the header has columns"),
        ("sts-dev.csv", "7\tx\ta b\tc d\t1.0\t1.0", "more fields than the header has columns"),
        ("ids-sst-dev.csv", "7\t \ta b\t1", "empty id"),
        ("ids-sst-dev.csv", "7\tx\t \t1", "empty sentence"),
        ("ids-sst-dev.csv", "7\tsstdev00000000000000001\ta b\t1", "occurs a second time"),
    ],
)
def test_a_damaged_row_is_left_out_and_named(
    folder: Path, name: str, row: str, reason: str
) -> None:
    edit(folder / name, 9, row)
    if "second time" in reason:  # use the id of the row above
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        identity = lines[7].split("\t")[1]
        edit(folder / name, 9, f"7\t{identity}\ta b\t1")
    data = load_cs224n(folder)
    [damage] = data.damage
    assert (damage.file, damage.line, damage.row) == (name, 9, "7")
    assert reason in str(damage)
    assert str(damage).startswith(f"{name}:9 (row 7): ")


def test_quotes_may_hold_tabs_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "ids-sst-dev.csv"
    path.write_text(
        '\tid\tsentence\tsentiment\n0\ta\t"two ""quoted""\nlines\tand a tab"\t3\n1\tb\tplain\t0\n',
        encoding="utf-8",
    )
    examples, damage = read_file(path, "sst")
    assert [example.sentence for example in examples] == [
        'two "quoted"\nlines\tand a tab',
        "plain",
    ]
    assert not damage


def test_a_file_with_more_damage_than_chance_is_an_error(folder: Path) -> None:
    path = folder / "sts-train.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\t1.0\n", "\t\n"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"of 40 rows are damaged, the first is sts-train.csv:"):
        load_cs224n(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id,sentence,sentiment\n1,a,2\n", "the header has no column id, sentence"),
        (b"", "the header has no column"),
        (b"\tid\tsentence\tsentiment\n", "holds no usable row"),
        (
            b"\tid\tsentence\tsentiment\n0\ta\tcaf\xe9\t1\n",
            ":2: expected UTF-8 text, got the byte 0xe9",
        ),
    ],
)
def test_a_bad_file_is_an_error(folder: Path, content: bytes, message: str) -> None:
    (folder / "ids-sst-train.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_cs224n(folder)


def test_missing_files(folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "quora-test-student.csv").unlink()
    for path in folder.glob("ids-cfimdb-*"):
        path.unlink()
    data = load_cs224n(folder)
    assert data.quora.test == () and data.find("cfimdb") is None
    assert "quora-test-student.csv is not there" in caplog.text
    (folder / "sts-dev.csv").unlink()
    with pytest.raises(FileNotFoundError, match="sts-dev.csv is missing"):
        load_cs224n(folder)
    with pytest.raises(FileNotFoundError, match="is no folder"):
        load_cs224n(tmp_path / "nowhere")


@pytest.mark.parametrize("spec", ["cs224n", "cs224n:", "imdb:here", "classroom:x", ""])
def test_data_specification(spec: str) -> None:
    with pytest.raises(ValueError, match="data must be given as cs224n:FOLDER or classroom"):
        load_data(spec)


def test_the_digest_speaks_of_content(folder: Path) -> None:
    before = load_cs224n(folder).digest
    assert load_cs224n(folder).digest == before
    path = folder / "sts-dev.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("\t4.5\n", "\t4.6\n", 1))
    assert load_cs224n(folder).digest != before
