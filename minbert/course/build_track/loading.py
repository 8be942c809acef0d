"""A learner's file, run piece by piece, so that what is broken in one spares the others."""

from __future__ import annotations
import __future__

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from minbert.course.build_track.blocks import cut
from minbert.course.build_track.errors import in_words

ANNOTATIONS = __future__.annotations.compiler_flag


@dataclass
class Loaded:
    """What a file defines, and which of its pieces could not be run."""

    names: dict[str, Any]
    """The names of its module, which its functions look up."""
    broken: dict[int, str] = field(default_factory=dict)
    """Numbers of pieces, and a sentence each; 0 for the lines before the first piece."""
    written: dict[str, Any] = field(default_factory=dict)
    """The names as the file left them."""


def load(
    path: Path, skipped: Collection[int] = (), begins: Callable[[int], None] = lambda number: None
) -> Loaded:
    """Run a file's pieces one after the other, in one module named `my_minbert`.

    Args:
        skipped: pieces that are left out.
        begins: hears the number of a piece before it is run.

    Raises:
        ValueError: the file cannot be read as text.
        OSError: it is not there, or may not be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: save it as such") from error
    module = ModuleType("my_minbert")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    loaded = Loaded(vars(module))
    for block in cut(text):
        if block.number in skipped:
            continue
        begins(block.number)
        try:
            code = compile(block.in_place, str(path), "exec", ANNOTATIONS, dont_inherit=True)
            exec(code, loaded.names)
        except KeyboardInterrupt:
            raise
        except SyntaxError as error:
            said = f"line {error.lineno} is no Python ({error.msg})"
            loaded.broken.setdefault(block.number, said)
        except BaseException as error:  # the learner's code may raise anything, or leave
            loaded.broken.setdefault(block.number, in_words(error, str(path)))
    loaded.written = dict(loaded.names)
    return loaded
