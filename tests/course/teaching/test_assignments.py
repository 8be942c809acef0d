"""`minbert course export`: assignments in their places, and nothing of the teacher's lost."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from minbert.__main__ import main
from minbert.course.notebooks import notebook_paths
from minbert.folders.marker import MARKER


def written(folder: Path) -> set[str]:
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in files if not Path(name).name.startswith(".minbert")}


def test_a_course_folder_for_nbgrader(tmp_path: Path) -> None:
    out = tmp_path / "course"
    assert main(["course", "export", "--to", str(out), "--for", "nbgrader"]) == 0
    expected = {f"source/{path.stem}/{path.name}" for path in notebook_paths()}
    track = {"source/my_minbert/my_minbert.ipynb", "source/my_minbert/my_minbert.py"}
    assert written(out) == expected | track | {"nbgrader_config.py"}
    assert set(json.loads((out / MARKER).read_text())["files"]) <= written(out)
    texts = [path.read_text(encoding="utf-8") for path in out.rglob("*.ipynb")]
    assert any('"attachments"' in text for text in texts), "pictures go along"
    assert not any("](../figures" in text for text in texts)


def test_what_a_teacher_changed_stays_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    command = ["course", "export", "01", "--to", str(tmp_path / "out"), "--for", "otter"]
    assert main(command) == 0
    path = tmp_path / "out" / "01_words_and_data" / "01_words_and_data.ipynb"
    first = path.read_text(encoding="utf-8")
    path.write_text("mine")
    with caplog.at_level(logging.WARNING):
        assert main(command) == 0
    assert path.read_text() == "mine" and "01_words_and_data.ipynb" in caplog.text
    path.unlink()
    assert main(command) == 0 and path.read_text(encoding="utf-8") == first


def test_wrong_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--to", str(tmp_path / "out"), "--for", "nbgrader"]
    assert main(["course", "export", "77", *out]) == 2
    assert "no notebook begins with '77'" in capsys.readouterr().err
    notebooks = ["--to", str(notebook_paths()[0].parent), "--for", "otter"]
    assert main(["course", "export", *notebooks]) == 2
    assert "is the folder of the notebooks" in capsys.readouterr().err
    assert main(["course", "student", "--to", str(tmp_path / "other")]) == 0
    assert main(["course", "export", "--to", str(tmp_path / "other"), "--for", "otter"]) == 2
    assert "holds what `minbert course student` wrote" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["course", "export", "--to", str(tmp_path / "out"), "--for", "paper"])
