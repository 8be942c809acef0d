"""Sentences about other things than the tasks, to pre-train an encoder on."""

from __future__ import annotations

import random
import re
from functools import cache

from minbert.data.classroom.grammar import fill, read_sections, written

LINKED = 0.3
"""Share of sentences that are two clauses with a word between them."""


def general_sentence(draw: random.Random) -> str:
    """One sentence, or two linked clauses.

    Two slots of the same kind, `{name}` and `{name2}`, never get the same entry.
    """
    lists = read_sections("general.txt")
    used: dict[str, list[str]] = {}

    def word_for(slot: str) -> str:
        kind = slot.rstrip("2")
        if slot not in used:
            entries = _entries(kind)
            entry = draw.choice(entries)
            while slot != kind and entry == used.get(kind):
                entry = draw.choice(entries)
            used[slot] = entry
        return draw.choice(used[slot])

    if draw.random() < LINKED:
        first, second = draw.sample(lists["clause"], 2)
        # {name} of the second clause is {name2}: another person.
        other = re.sub(r"(?<!2)\}", "2}", second.text)
        clauses = {"x": fill(first.text, word_for, draw), "y": fill(other, word_for, draw)}
        return written(fill(draw.choice(lists["link"]).text, clauses.__getitem__, draw))
    return written(fill(draw.choice(lists["sentence"]).text, word_for, draw))


@cache
def _entries(kind: str) -> list[list[str]]:
    """The forms of each entry of a list."""
    return [line.text.split(" | ") for line in read_sections("general.txt")[kind]]
