"""Other forms of the answer file: known mistakes, and forms that are right as well."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

from minbert.course.build_track import library
from minbert.course.build_track.blocks import Block, cut
from minbert.course.build_track.skeleton import KEY

Edits = tuple[tuple[str, str], ...]
"""Pieces of the answer file's text, and what stands there instead."""


@dataclass(frozen=True)
class Mistake:
    """A known mistake: the sentence that names it, and how the answer file would make it."""

    sentence: str
    edits: Edits


@dataclass(frozen=True)
class OtherForm:
    """A form that gives other numbers and is right: what is said of it, and how it is made."""

    note: str
    edits: Edits


class Names:
    """What a file defines, with the library's own pieces in place of all but one piece.

    Args:
        of: the names of a file, which its functions look up: they are edited.
        kept: the names that stay the file's own.
        others: the names that become the library's.
    """

    def __init__(self, of: dict[str, Any], kept: dict[str, Any], others: tuple[str, ...]) -> None:
        self._of = of
        of.update({name: getattr(library, name) for name in others})
        of.update(kept)

    def __getattr__(self, name: str) -> Any:
        return self._of[name]


LIBRARY: Any = SimpleNamespace(**{name: getattr(library, name) for name in library.__all__})
"""The library's pieces, all of them."""


@cache
def key_blocks() -> tuple[Block, ...]:
    """The answer file, cut into its pieces."""
    return tuple(cut(KEY.read_text(encoding="utf-8")))


def edited(number: int, edits: Edits) -> str:
    """The answer file's text with edits in one piece.

    Raises:
        ValueError: what should be replaced stands there never or more than once.
    """
    text = next(block.text for block in key_blocks() if block.number == number)
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"piece {number} has {text.count(old)} times {old!r}, expected one")
        text = text.replace(old, new)
    return "".join(text if block.number == number else block.text for block in key_blocks())


@cache
def variant(number: int, edits: Edits) -> Any:
    """The edited piece, among the library's others."""
    module = ModuleType("variant_of_my_minbert")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(edited(number, edits), str(KEY), "exec"), vars(module))
    finally:
        del sys.modules[module.__name__]
    found = vars(module)
    own, others = {}, []
    for name in library.__all__:
        if defined_in(name) == number:
            own[name] = found[name]
        elif defined_in(name):
            others.append(name)
    return Names(found, own, tuple(others))


def defined_in(name: str) -> int:
    """The number of the piece that defines a name; 0 for what is given."""
    return _places()[name]


@cache
def _places() -> dict[str, int]:
    found = {"Config": 0}
    for block in key_blocks():
        for line in block.text.splitlines():
            if line.startswith(("class ", "def ")):
                name = line.split(" ", 1)[1].split("(")[0].rstrip(":")
                found[name] = block.number
    return found
