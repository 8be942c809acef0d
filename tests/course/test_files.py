"""Files are there whole or as they were."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from minbert.course.files import write_notebook, write_whole
from minbert.course.notebooks import notebook_paths, read


def test_ctrl_c_in_the_middle_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_c(*arguments: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "page.html"
    write_whole(path, "the old page")
    monkeypatch.setattr(os, "replace", ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "the new page")
    assert path.read_text() == "the old page"
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]


def test_a_notebook_is_written_as_nbformat_does(tmp_path: Path) -> None:
    [path] = notebook_paths(["00"])
    write_notebook(tmp_path / "ours.ipynb", read(path))
    nbformat.write(read(path), tmp_path / "theirs.ipynb")
    assert (tmp_path / "ours.ipynb").read_bytes() == (tmp_path / "theirs.ipynb").read_bytes()
