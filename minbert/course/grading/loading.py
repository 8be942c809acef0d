"""A submission, run piece by piece; what stands before its first piece line by line.

One import that is refused there spares everything else.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from types import ModuleType
from typing import Any

from minbert.course.build_track.blocks import Block, cut
from minbert.course.build_track.errors import in_words
from minbert.course.build_track.loading import ANNOTATIONS, Loaded

TAKEN = "so the beginning was taken as it is handed out"


def load(
    path: Path,
    handed_out: str,
    builtins: dict[str, Any],
    skipped: Collection[int],
    begins: Callable[[int], None],
    ended: Callable[[], str],
) -> Loaded:
    """Run a submission.

    Args:
        handed_out: what stands before the first piece in the file that learners are given.
        builtins: for the submission's module.
        skipped: pieces that are left out; 0 is what stands before the first one.
        begins: hears the number of a piece before it is run.
        ended: called after each piece; gives a sentence if that one must not count.
    """
    module = ModuleType("my_minbert")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    names = vars(module)
    names["__builtins__"] = builtins
    loaded = Loaded(names)
    for block in cut(path.read_text(encoding="utf-8")):
        if block.number in skipped and block.number:
            continue
        begins(block.number)
        said = (
            _begin(block, path, names, handed_out, block.number in skipped)
            if block.number == 0
            else _run(block.in_place, path, names)
        )
        if said := said or ended():
            loaded.broken.setdefault(block.number, said)
    loaded.written = dict(names)
    return loaded


def _run(code: str | ast.Module, path: Path, names: dict[str, Any]) -> str:
    """Run code; nothing, or what went wrong."""
    try:
        exec(compile(code, str(path), "exec", ANNOTATIONS, dont_inherit=True), names)
    except SyntaxError as error:
        return f"line {error.lineno} is no Python ({error.msg})"
    except ValueError as error:
        if "null bytes" in str(error):
            return "it holds null bytes, which is no Python"
        return in_words(error, str(path))
    except BaseException as error:  # the learner's code may raise anything, or leave
        return in_words(error, str(path))
    return ""


def _begin(block: Block, path: Path, names: dict[str, Any], handed_out: str, skipped: bool) -> str:
    """Run statement by statement; a text that is no Python is replaced by the one handed out."""
    if skipped:
        _run(handed_out, path, names)
        return ""
    try:
        tree = ast.parse(block.in_place)
    except (SyntaxError, ValueError, RecursionError) as error:
        _run(handed_out, path, names)
        line = getattr(error, "lineno", None)
        place = f"line {line}" if line else "the beginning"
        return f"{place} is no Python ({getattr(error, 'msg', 'it cannot be read')}), {TAKEN}"
    sentences = []
    for statement in tree.body:
        one = ast.Module([statement], type_ignores=[])
        if said := _run(one, path, names):
            sentences.append(said)
    return "; ".join(sentences[:5])
