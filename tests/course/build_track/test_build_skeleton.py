"""The file that learners begin with: all of the key's signatures, none of its answers."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from minbert.course.build_track import library
from minbert.course.build_track.blocks import cut
from minbert.course.build_track.pieces import PIECES
from minbert.course.build_track.skeleton import (
    KEY,
    body_begins,
    functions,
    skeleton,
    write_skeleton,
)
from minbert.course.build_track.variants import defined_in

TEXT = KEY.read_text(encoding="utf-8")


def answers(text: str) -> set[str]:
    """Lines of all bodies."""
    lines, found = text.splitlines(), set()
    for function in functions(text):
        found |= {line.strip() for line in lines[body_begins(function) - 1 : function.end_lineno]}
    return {line for line in found if line}


def test_no_line_of_a_solution_is_in_it() -> None:
    shown = {line.strip() for line in skeleton().splitlines()}
    bodies = answers(TEXT)
    assert len(bodies) > 100
    assert not bodies & shown


def test_every_body_says_which_piece_is_missing() -> None:
    blocks = cut(skeleton())
    assert [block.number for block in blocks] == list(range(11))
    for block in blocks[1:]:
        says = f'raise NotImplementedError("piece {block.number}, {block.title}: not written yet")'
        found = functions(block.text)
        assert found
        for function in found:
            assert ast.unparse(function.body[-1]) == ast.unparse(ast.parse(says).body[0])
            assert len(function.body) == 1 + (ast.get_docstring(function) is not None)


def test_signatures_and_docstrings_stay() -> None:
    def faces(text: str) -> list[tuple[str, str, str | None]]:
        return [
            (one.name, ast.unparse(one.args), ast.get_docstring(one)) for one in functions(text)
        ]

    assert faces(skeleton()) == faces(TEXT)
    assert skeleton().count('"""') == TEXT.count('"""')
    assert all(len(line) <= 100 for line in skeleton().splitlines())


def test_the_table_says_what_the_key_defines() -> None:
    assert [(piece.number, piece.title) for piece in PIECES] == [
        (block.number, block.title) for block in cut(TEXT)[1:]
    ]
    names = [name for piece in PIECES for name in piece.names]
    assert sorted(names) == sorted(set(library.__all__) - {"Config"})
    for piece in PIECES:
        assert {defined_in(name) for name in piece.names} == {piece.number}
        assert 1 <= piece.difficulty <= 5 and 1 <= piece.importance <= 5 and piece.minutes > 0


def test_the_key_stands_alone() -> None:
    allowed = {"torch", "safetensors", "tokenizers"} | set(sys.stdlib_module_names)
    for node in ast.walk(ast.parse(TEXT)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert {name.split(".")[0] for name in names} <= allowed


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    path = write_skeleton(tmp_path / "new")
    assert path.read_text(encoding="utf-8") == skeleton()
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="is there already and stays as it is"):
        write_skeleton(tmp_path / "new")
    assert path.read_text(encoding="utf-8") == "mine"
