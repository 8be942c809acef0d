"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbformat import NotebookNode


def write_text(path: Path, text: str) -> None:
    """Write a file beside its place and move it there: Ctrl-C never leaves half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_notebook(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook in the same way, byte for byte as `nbformat.write` does."""
    text = nbformat.writes(notebook)
    write_text(path, text if text.endswith("\n") else text + "\n")
