"""Word lists and patterns as readable text files, and how a pattern becomes a sentence."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

SLOT = re.compile(r"\{([^{}]+)\}")
CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
ARTICLE = re.compile(r"\b([Aa])n? (?=(\w+))")
BEGINNING = re.compile(r"(^|[.!?] )([a-z])")
VOWEL_SOUND = re.compile(r"(?!uni[^nm]|us[eu]|eu|on[ce])[aeiou]|oni|hour|heir|hones", re.IGNORECASE)
"""Beginnings of words that take "an": a unit, a user, a euro, a once; but an onion, an hour."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a list."""

    text: str
    held_out: bool
    """Marked with * in the file: dev and test only, so that some constructions are new there."""


@cache
def read_sections(name: str) -> dict[str, tuple[Line, ...]]:
    """The lists of a package data file: `[section]`, then one entry a line; # is a comment."""
    sections: dict[str, list[Line]] = {}
    current: list[Line] = []
    for raw in read_text(name).splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            current = sections.setdefault(line[1:-1], [])
        else:
            current.append(Line(line.removeprefix("* "), line.startswith("* ")))
    return {title: tuple(lines) for title, lines in sections.items()}


def read_text(name: str) -> str:
    """A package data file."""
    return resources.files("minbert.data.classroom").joinpath(name).read_text(encoding="utf-8")


def pick(lines: Sequence[Line], draw: random.Random, held_out_share: float) -> str:
    """One entry: a held-out one with the given probability, 0 in train."""
    kept = [line.text for line in lines if not line.held_out]
    new = [line.text for line in lines if line.held_out]
    if new and held_out_share and draw.random() < held_out_share:
        return draw.choice(new)
    return draw.choice(kept)


def fill(pattern: str, word_for: Callable[[str], str], draw: random.Random) -> str:
    """Replace each `{slot}` by `word_for(slot)` and each `(a|b)` by one of its sides."""
    text = "".join(
        [
            part if number % 2 == 0 else draw.choice(part)
            for number, part in enumerate(_choices(pattern))
        ]
    )
    return "".join(
        [part if number % 2 == 0 else word_for(part) for number, part in enumerate(_slots(text))]
    )


@cache
def _choices(pattern: str) -> list[str | list[str]]:
    """What stands between choices, and at odd places the sides of each."""
    parts = CHOICE.split(pattern)
    return [part.split("|") if number % 2 else part for number, part in enumerate(parts)]


@lru_cache(maxsize=10_000)
def _slots(text: str) -> list[str]:
    """What stands between slots, and at odd places their names."""
    return SLOT.split(text)


def written(text: str) -> str:
    """As English writes it: a or an, one space, a capital at every beginning, a mark at the end."""
    text = " ".join(text.split())
    text = ARTICLE.sub(lambda m: f"{m[1]}n " if _takes_an(m[2]) else f"{m[1]} ", text)
    text = BEGINNING.sub(lambda m: m[1] + m[2].upper(), text)
    return text if text.endswith((".", "!", "?")) else text + "."


@cache
def _takes_an(word: str) -> bool:
    return VOWEL_SOUND.match(word) is not None
