"""The build track on the command line: exit codes, and one sentence for what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from refused import refused

from minbert.__main__ import main
from minbert.commands import parser
from minbert.course.build_track.certificate import certificate
from minbert.course.build_track.pieces import PIECES, table
from minbert.course.build_track.skeleton import skeleton

Written = Callable[..., Path]
PAGE = Path(__file__).parents[3] / "docs" / "build_track.md"


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    return refused(capsys, "course", *arguments)


def test_the_parser_knows_the_pieces() -> None:
    assert tuple(piece.number for piece in PIECES) == parser.PIECES


def test_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["course", "build", "--to", str(tmp_path / "new")]) == 0
    path = tmp_path / "new" / "my_minbert.py"
    assert str(path) in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == skeleton()
    assert "is there already" in fails(capsys, "build", "--to", tmp_path / "new")
    (tmp_path / "file").write_text("x")
    fails(capsys, "build", "--to", tmp_path / "file")
    assert "required: --to" in fails(capsys, "build")


def test_check(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """Pieces that are asked for, in order, whatever the others are like."""
    path = written((" / dim**0.5", ""))
    assert main(["course", "check", str(path), "--piece", "8", "1", "8"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "piece 1, attention. Not yet: the scores are not divided by the root of dim",
        "piece 8, ranking. Right: each sentence finds its partner among all others.",
        "1 of 2 right",
    ]
    assert main(["course", "check", str(written())]) == 0
    assert capsys.readouterr().out.endswith("10 of 10 right\n")


def test_wrong_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere.py"
    assert "is no file" in fails(capsys, "check", nowhere)
    assert "is no file" in fails(capsys, "finale", nowhere)
    assert "invalid choice: 11" in fails(capsys, "check", nowhere, "--piece", "11")
    assert "invalid int value" in fails(capsys, "check", nowhere, "--piece", "x")
    assert "seconds above 0" in fails(capsys, "check", nowhere, "--seconds", "0")
    assert "required: file" in fails(capsys, "check")


FOUND = {"tiny": 1e-7, "minilm": 2e-6, "accuracy": 0.7, "before": 0.3, "library": 0.66,
         "low": 0.57, "high": 0.75, "pairs": 332}  # fmt: skip
ALL = [piece.number for piece in PIECES]


def test_the_certificate_says_whose_everything_is() -> None:
    text, complete = certificate("my_minbert.py", ALL, FOUND)
    assert complete and "lent by the library: none" in text and text.endswith("is yours.\n")
    text, complete = certificate("my_minbert.py", ALL[1:], FOUND)
    assert not complete and "lent by the library: 1 attention" in text
    for wrong in ({"accuracy": 0.8}, {"tiny": 1e-3}, {"minilm": float("inf")}):
        assert not certificate("my_minbert.py", ALL, {**FOUND, **wrong})[1]
    text, complete = certificate("my_minbert.py", [], {"tiny": 1e-7, "error": "line 3 is odd"})
    assert not complete and "stopped before the end: line 3 is odd" in text
    without = {name: value for name, value in FOUND.items() if name != "minilm"}
    text, complete = certificate("my_minbert.py", ALL, without)
    assert complete and "minilm: not compared, its weights are not installed" in text


def test_the_page_has_the_table_of_pieces() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.split("<!-- pieces -->\n")[1].split("<!-- /pieces -->")[0] == table()
    for command in ("course build", "course check", "course finale"):
        assert f"minbert {command}" in page
