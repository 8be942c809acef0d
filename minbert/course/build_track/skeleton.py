"""The file that a learner begins with: the key without its answers."""

from __future__ import annotations

import ast
from pathlib import Path

from minbert.course.build_track.blocks import cut

NAME = "my_minbert.py"
KEY = Path(__file__).with_name("key.py")
"""The answer file, read as text."""


def skeleton() -> str:
    """The key's text; in place of each body stands an error that names the piece."""
    text = KEY.read_text(encoding="utf-8")
    lines = text.splitlines()
    for block in reversed(cut(text)):
        if not block.number:
            continue
        says = f'raise NotImplementedError("piece {block.number}, {block.title}: not written yet")'
        for function in reversed(functions(block.in_place)):
            first = body_begins(function)
            lines[first - 1 : function.end_lineno] = [" " * (function.col_offset + 4) + says]
    return "\n".join(lines) + "\n"


def functions(text: str) -> list[ast.FunctionDef]:
    """Functions of a text and methods of its classes, in order; none that stands inside another."""
    tree = ast.parse(text)
    owners = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    found = [node for owner in owners for node in owner.body if isinstance(node, ast.FunctionDef)]
    return sorted(found, key=lambda node: node.lineno)


def body_begins(function: ast.FunctionDef) -> int:
    """The first line after signature and docstring; comments there belong to the body."""
    first = function.body[0]
    if ast.get_docstring(function) is None:
        return first.lineno
    return (first.end_lineno or first.lineno) + 1


def write_skeleton(folder: str | Path) -> Path:
    """Write `my_minbert.py` into a folder, which is made if need be; its path.

    Raises:
        ValueError: the file is there already.
        OSError: it cannot be written.
    """
    path = Path(folder) / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(skeleton())
    except FileExistsError:
        raise ValueError(
            f"{path} is there already and stays as it is: choose another folder, or move it away"
        ) from None
    return path
