"""Headlines: a story about a company, a country, a number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from minbert.data.classroom.grammar import SLOT, fill, read_sections, written

PAIRED = 22
"""Stories below this row of [news] come in pairs that say the opposite, or nearly: 0 and 1, …"""
NUMBERS = (3, 7, 12, 20, 25, 40, 60, 80, 120, 200, 300, 450, 500, 800)
SAME = 0.25
LOSS = {"n": 0.8, "country": 1.8, "country2": 1.6, "company": 2.0}
"""What another filler of a slot takes away from a similarity of 5."""


@dataclass(frozen=True, slots=True)
class Story:
    """What a headline says: a row of [news] and the filler of each of its slots."""

    row: int
    fillers: tuple[int, ...]


@cache
def stories() -> tuple[tuple[str, ...], ...]:
    """Each story's lines, which mean the same; the last one is for dev and test only."""
    return tuple(tuple(line.text.split(" / ")) for line in read_sections("scenes.txt")["news"])


@cache
def slots_of(row: int) -> tuple[str, ...]:
    """Slots of a story."""
    return tuple(sorted(set(SLOT.findall(stories()[row][0]))))


def _fillers(slot: str) -> tuple[str, ...]:
    if slot == "n":
        return tuple(map(str, NUMBERS))
    return tuple(line.text for line in read_sections("scenes.txt")[slot.rstrip("2")])


def draw_story(draw: random.Random) -> Story:
    """Any story."""
    row = draw.randrange(len(stories()))
    return _distinct(row, [draw.randrange(len(_fillers(slot))) for slot in slots_of(row)])


def _distinct(row: int, fillers: list[int]) -> Story:
    """No country deals with itself."""
    slots = slots_of(row)
    if "country2" in slots:
        first, second = slots.index("country"), slots.index("country2")
        if fillers[first] == fillers[second]:
            fillers[second] = (fillers[second] + 1) % len(_fillers("country"))
    return Story(row, tuple(fillers))


def headline(story: Story, draw: random.Random, new: float) -> str:
    """Put a story into words; `new` is the probability of its held-out line."""
    *known, held_out = stories()[story.row]
    line = held_out if new and draw.random() < new else draw.choice(known)
    words = {
        slot: _fillers(slot)[filler]
        for slot, filler in zip(slots_of(story.row), story.fillers, strict=True)
    }
    return written(fill(line, words.__getitem__, draw))


def story_similarity(a: Story, b: Story) -> float:
    """0 to 5, in steps of .2; the opposite story about the same things gives 2, exchanged
    countries 2.4."""
    ours = dict(zip(slots_of(a.row), a.fillers, strict=True))
    theirs = dict(zip(slots_of(b.row), b.fillers, strict=True))
    if a.row == b.row:
        exchanged = {"country", "country2"} <= ours.keys() and (
            (ours["country"], ours["country2"]) == (theirs["country2"], theirs["country"])
        )
        if exchanged:
            return 2.4
        lost = sum(LOSS[slot] for slot in ours if ours[slot] != theirs[slot])
        return round(max(1.2, 5 - lost), 1)
    if a.row < PAIRED and b.row == a.row ^ 1:
        return 2.0 if ours == theirs else 1.0
    shared = any(ours.get(slot) == theirs.get(slot, -1) for slot in ours if slot != "n")
    return 0.6 if shared else 0.0


def vary_story(story: Story, draw: random.Random, change: float) -> Story:
    """The same story (`change` below `SAME`), one filler changed, its opposite or its countries
    exchanged, or any other (near 1)."""
    slots, fillers = slots_of(story.row), list(story.fillers)
    if change < SAME:
        return story
    if change < 0.6:
        slot = draw.randrange(len(slots))
        fillers[slot] = draw.randrange(len(_fillers(slots[slot])))
        return _distinct(story.row, fillers)
    if change < 0.82:
        if "country2" in slots and draw.random() < 0.6:
            first, second = slots.index("country"), slots.index("country2")
            fillers[first], fillers[second] = fillers[second], fillers[first]
            return Story(story.row, tuple(fillers))
        if story.row < PAIRED and slots_of(story.row ^ 1) == slots:
            return Story(story.row ^ 1, story.fillers)
        return story
    return draw_story(draw)
