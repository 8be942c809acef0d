"""Text that people typed, made fit to be shown: cut visibly, and with glyphs that are there."""

from __future__ import annotations

import unicodedata
from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font

INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode categories that have no picture of their own: controls, marks that turn the direction of
what follows, halves of characters, private and unassigned ones."""
JOINERS = "\u200c\u200d"
"""Invisible too, but parts of words in Persian and of emoji."""


def shorten(text: str, limit: int) -> str:
    """A text of at most `limit` characters; where it was cut stands an ellipsis.

    Args:
        text: any.
        limit: at least 1.
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def plain(text: str, limit: int = 80) -> str:
    """One line of visible characters: what a caption or a table cell can carry.

    White space becomes a blank; what is invisible, such as a mark that turns the direction of all
    that follows, becomes `�`.

    Args:
        text: any.
        limit: characters that are kept.
    """
    line = " ".join(text.split())
    return "".join(_visible(character) for character in shorten(line, limit))


def drawable(text: str, limit: int = 24) -> str:
    """`plain` for a label in a picture: a character without a glyph becomes its code, `U+4E2D`.

    Dollar signs are escaped, so that matplotlib does not take what is between them for a formula.

    Args:
        text: any.
        limit: characters that are kept, before codes are put in.
    """
    return "".join(_glyph(character) for character in plain(text, limit))


def _visible(character: str) -> str:
    hidden = character not in JOINERS and unicodedata.category(character) in INVISIBLE
    return "\ufffd" if hidden else character


@cache
def _glyph(character: str) -> str:
    if character == "$":
        return r"\$"
    if character in JOINERS:
        return ""
    if get_font(findfont(FontProperties())).get_char_index(ord(character)):
        return character
    return f"U+{ord(character):04X}"
