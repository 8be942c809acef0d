"""Notebooks as files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from minbert.folders.added import write_whole


def notebook_text(notebook: NotebookNode) -> str:
    """A notebook as text, byte for byte as `nbformat.write` writes it."""
    text = nbformat.writes(notebook)
    return text if text.endswith("\n") else text + "\n"


def write_notebook(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook beside its place and move it there: Ctrl-C never leaves half of it.

    Raises:
        OSError: the disk is full or does not allow it, said in one sentence.
    """
    write_whole(path, notebook_text(notebook))
