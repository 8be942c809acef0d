"""Events, like the captions and headlines of STS: who does what to whom, where."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from minbert.data.classroom.grammar import fill, read_sections, written
from minbert.data.classroom.verbs import gerund, participle, third_person

PEOPLE, ANIMALS = "people", "animals"
CONSTRUCTIONS = (
    "{a} {agent} is {doing} {object} {place}",
    "{a} {agent} {does} {object} {place}",
    "there is a {agent} {doing} {object} {place}",
    "{place}, {a} {agent} is {doing} {object}",
    "{object} {is} being {done} by {a} {agent} {place}",
    "{a} {agent} {doing} {object} {place}",
    "a {agent} can be seen {doing} {object} {place}",
    "{a} {agent} is busy {doing} {object} {place}",
    "{place} we see {a} {agent} {doing} {object}",
    # Dev and test only:
    "{place}, {object} {is} being {done} by {a} {agent}",
    "it is {a} {agent} who is {doing} {object} {place}",
    "a snapshot of a {agent} {doing} {object} {place}",
)
HELD_OUT_CONSTRUCTIONS = 3
ANIMALS_TOO = 6
"""The first rows of [meets] are done by animals as well."""
COOKING_PLACES = (0, 1, 5, 6, 12)
MASS = {"food", "fruit", "kitchen things", "luggage", "furniture", "part of a house", "goods",
        "music", "something to read", "the ground"}  # fmt: skip
"""Wider kinds that take no article."""
USUAL = 0.7
"""How often a thing has its usual name, the first of its names."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a caption says. Numbers are rows of the lists in scenes.txt."""

    kind: str
    """people, animals (act on a thing), meets (act on somebody), moves (no object)."""
    agent: tuple[str, int]
    act: tuple[str, int]
    thing: tuple[str, int] | None
    place: int | None
    wide_agent: bool = False
    """Whether the agent is only called by the wider kind: a person, an animal."""
    wide_thing: bool = False


@dataclass(frozen=True, slots=True)
class Things:
    """A verb group, what it is done to, and its opposite."""

    verbs: tuple[str, ...]
    things: tuple[tuple[tuple[str, ...], str], ...]
    """(names that mean the same, name of the wider kind)."""
    opposite: str


@cache
def beings(kind: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """(names that mean the same, wider kind) of people or animals."""
    return tuple(_named(line.text) for line in read_sections("scenes.txt")[kind])


def _named(text: str) -> tuple[tuple[str, ...], str]:
    names, _, wider = text.partition(" > ")
    return tuple(names.split(" | ")), wider


@cache
def acts(section: str) -> tuple[Things, ...]:
    """The verb groups of one section of scenes.txt."""
    groups = []
    for line in read_sections("scenes.txt")[section]:
        text, _, opposite = line.text.partition(" ! ")
        verbs, _, things = text.partition(" :")
        named = tuple(_named(part.strip()) for part in things.split(";") if part.strip())
        groups.append(Things(tuple(verbs.split(", ")), named, opposite))
    return tuple(groups)


@cache
def sections(kind: str) -> tuple[str, ...]:
    """Sections of scenes.txt whose acts a kind of event is made of."""
    if kind == PEOPLE:
        return tuple(name for name in read_sections("scenes.txt") if name.startswith("acts "))
    return {ANIMALS: ("creature acts",), "meets": ("meets",), "moves": ("moves",)}[kind]


@cache
def places() -> tuple[tuple[str, ...], ...]:
    """Names of places."""
    return tuple(tuple(line.text.split(" | ")) for line in read_sections("scenes.txt")["places"])


def draw_event(draw: random.Random) -> Event:
    """Any event."""
    kind = draw.choices((PEOPLE, ANIMALS, "meets", "moves"), weights=(6, 2, 2, 1))[0]
    section = draw.choice(sections(kind))
    act = draw.randrange(len(acts(section)))
    agent = draw_being(draw, kind if kind in (PEOPLE, ANIMALS) else draw.choice((PEOPLE, ANIMALS)))
    thing = None
    if kind == "meets":
        if agent[0] == ANIMALS:
            act = draw.randrange(ANIMALS_TOO)
        thing = draw_being(draw, draw.choice((PEOPLE, ANIMALS)))
        while thing == agent:
            thing = draw_being(draw, PEOPLE)
    elif kind != "moves":
        thing = (section, draw.randrange(len(acts(section)[act].things)))
    place = draw_place(section, draw) if draw.random() < 0.55 else None
    return Event(kind, agent, (section, act), thing, place)


def draw_place(section: str, draw: random.Random) -> int:
    """A place where acts of the section are done: nobody fries eggs on the platform."""
    rows = COOKING_PLACES if section == "acts kitchen" else range(1, len(places()))
    return draw.choice(rows)


def draw_being(draw: random.Random, kind: str) -> tuple[str, int]:
    """A person or an animal: its list and row."""
    return kind, draw.randrange(len(beings(kind)))


def thing_of(event: Event) -> tuple[tuple[str, ...], str]:
    """Names and wider kind of what the act is done to."""
    if event.kind == "meets":
        return beings(event.thing[0])[event.thing[1]]
    return acts(event.act[0])[event.act[1]].things[event.thing[1]]


def _name(names: tuple[str, ...], draw: random.Random) -> str:
    return names[0] if draw.random() < USUAL else draw.choice(names)


def tell(event: Event, draw: random.Random, new: float) -> str:
    """Put an event into words; `new` is the probability of a held-out construction."""
    group = acts(event.act[0])[event.act[1]]
    count = len(CONSTRUCTIONS) - HELD_OUT_CONSTRUCTIONS
    rows = range(count, len(CONSTRUCTIONS)) if new and draw.random() < new else range(count)
    pattern = CONSTRUCTIONS[draw.choice(rows)]
    if (event.thing is None and "{done}" in pattern) or (
        event.place is None and pattern.startswith("{place}")
    ):
        pattern = CONSTRUCTIONS[draw.choice((0, 1, 2, 5, 6))]
    verb = group.verbs[0] if "{done}" in pattern else _name(group.verbs, draw)
    names, wider = beings(event.agent[0])[event.agent[1]]
    words = {
        "a": "the" if draw.random() < 0.15 else "a",
        "agent": wider if event.wide_agent else _name(names, draw),
        "doing": gerund(verb),
        "does": third_person(verb),
        "done": participle(verb),
        "place": "" if event.place is None else _name(places()[event.place], draw),
        "object": "",
    }
    if event.thing is not None:
        named, wide = thing_of(event)
        words["object"] = wide if event.wide_thing else _name(named, draw)
        if event.kind == "meets":
            words["object"] = f"a {words['object']}"
        elif event.wide_thing and wide not in MASS:
            words["object"] = f"a {wide.removeprefix('a ').removeprefix('an ')}"
    words["is"] = "are" if _is_plural(words["object"]) else "is"
    return written(fill(pattern, words.__getitem__, draw))


def _is_plural(phrase: str) -> bool:
    """Whether a phrase takes "are": roses, the dishes; not grass, a bunch of flowers."""
    head = phrase.partition(" of ")[0]
    return head.endswith("s") and not head.endswith("ss") and not head.startswith("a ")
