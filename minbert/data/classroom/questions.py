"""Question pairs, like Quora's: the same thing asked in other words, or a near miss."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from minbert.data.classroom.grammar import SLOT, Line, fill, read_sections, read_text, written

DUPLICATES_DRAWN = 0.42
"""Share of draws that ask the same; some come out as repetitions and are dropped, which leaves
about the .37 of the real data."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a question asks, whatever its words: an intent about some things."""

    intent: str
    things: tuple[int, ...]
    """Rows of entities.txt, one per slot of the intent."""


@dataclass(frozen=True, slots=True)
class Intent:
    """Ways to ask one thing."""

    name: str
    phrasings: tuple[Line, ...]
    slots: tuple[str, ...]
    ordered: bool
    """Whether exchanging the first two slots asks something else."""


@cache
def intents() -> dict[str, Intent]:
    """All of questions.txt."""
    found: dict[str, Intent] = {}
    for block in read_text("questions.txt").split("\n= ")[1:]:
        name, *lines = block.strip().splitlines()
        phrasings = tuple(
            Line(line.removeprefix("* "), line.startswith("* "))
            for line in lines
            if line and not line.startswith("!")
        )
        slots = tuple(dict.fromkeys(SLOT.findall(phrasings[0].text)))
        slots = tuple(sorted(slots, key=lambda slot: (slot == "transport", slot)))
        found[name] = Intent(name, phrasings, slots, "! swap" in lines)
    return found


@cache
def names(slot: str) -> tuple[tuple[str, ...], ...]:
    """The things of a slot's kind, each with its names."""
    lines = read_sections("entities.txt")[slot.rstrip("2")]
    return tuple(tuple(line.text.split(" | ")) for line in lines)


def ask(question: Question, draw: random.Random, new: float, phrasing: int | None = None) -> str:
    """Put a question into words.

    Args:
        new: probability of a held-out phrasing (0 in train).
        phrasing: row of the intent's phrasings; None draws one.
    """
    intent = intents()[question.intent]
    if phrasing is None:
        wanted = bool(new) and draw.random() < new
        rows = [i for i, line in enumerate(intent.phrasings) if line.held_out == wanted]
        phrasing = draw.choice(rows)
    things = dict(zip(intent.slots, question.things, strict=True))
    # The first name is the usual one.
    chosen = {
        slot: draw.choices(names(slot)[row], weights=(3, 2)[: len(names(slot)[row])])[0]
        for slot, row in things.items()
    }
    return written(fill(intent.phrasings[phrasing].text, chosen.__getitem__, draw))


def draw_question(draw: random.Random) -> Question:
    """A question about anything."""
    intent, sizes = draw.choice(_drawn_from())
    things = [draw.randrange(size) for size in sizes]
    while len(things) > 1 and intent.slots[1].endswith("2") and things[0] == things[1]:
        things[1] = draw.randrange(sizes[1])
    return Question(intent.name, tuple(things))


@cache
def _drawn_from() -> list[tuple[Intent, list[int]]]:
    """Each intent, and how many things each of its slots may be."""
    return [(intent, [len(names(slot)) for slot in intent.slots]) for intent in intents().values()]


def other_thing(question: Question, draw: random.Random) -> Question:
    """The same intent about something else: one slot changed."""
    intent = intents()[question.intent]
    things = list(question.things)
    slot = draw.randrange(len(things))
    things[slot] = draw.randrange(len(names(intent.slots[slot])))
    return Question(question.intent, tuple(things))


def other_intent(question: Question, draw: random.Random) -> Question:
    """Something else about the same things."""
    slots = intents()[question.intent].slots
    rows = [intent.name for intent in intents().values() if intent.slots == slots]
    return Question(draw.choice(rows), question.things)


def swapped(question: Question) -> Question:
    """From B to A instead of from A to B; the question itself where order means nothing."""
    if not intents()[question.intent].ordered:
        return question
    first, second, *rest = question.things
    return Question(question.intent, (second, first, *rest))


def near_miss(question: Question, draw: random.Random, kind: float) -> tuple[Question, bool]:
    """A question that is not the same, and whether it is to be asked in the same phrasing.

    Args:
        kind: from 0 (about another thing) over .8 (another question about the thing) to 1 (any).
    """
    if intents()[question.intent].ordered and kind < 0.5:
        return swapped(question), draw.random() < 0.6
    if kind < 0.45:
        return other_thing(question, draw), draw.random() < 0.75
    if kind < 0.8:
        return other_intent(question, draw), False
    return draw_question(draw), False
