"""How alike two events are, from what they say; and variations of an event."""

from __future__ import annotations

import random
from dataclasses import replace

from minbert.data.classroom.captions import (
    ANIMALS_TOO,
    Event,
    acts,
    beings,
    draw_being,
    draw_event,
    draw_place,
    thing_of,
)

ACT, THING, AGENT = 0.36, 0.30, 0.34
"""What each part of an event weighs."""
SAME = 0.2
OTHER_ACT = 0.4
"""Another act lowers the rest by this much as well: who opens a gate does not paint it."""


def event_similarity(a: Event, b: Event) -> float:
    """0 (nothing in common) to 5 (the same event), in steps of .2.

    Weighted agreement of act, thing and agent, lowered where the places differ. Who does it to
    whom matters: exchanged roles give 2.2.
    """
    if a.kind == b.kind == "meets" and (a.agent, a.thing) == (b.thing, b.agent) and a.act == b.act:
        return 2.2
    act = _act_match(a, b)
    agent = _match(
        beings(a.agent[0])[a.agent[1]], a.wide_agent, beings(b.agent[0])[b.agent[1]], b.wide_agent
    )
    if a.thing is None and b.thing is None:
        share = (act + agent) / 2
    else:
        thing = 0.0
        if a.thing is not None and b.thing is not None:
            thing = _match(thing_of(a), a.wide_thing, thing_of(b), b.wide_thing)
        share = ACT * act + THING * thing + AGENT * agent
    share *= 1 - OTHER_ACT * (1 - act)
    if a.place != b.place:
        share *= 0.92 if None in (a.place, b.place) else 0.82
    return round(25 * share) / 5


def _act_match(a: Event, b: Event) -> float:
    if a.act == b.act:
        return 1.0
    if a.act[0] != b.act[0]:
        return 0.0
    group, other = acts(a.act[0])[a.act[1]], acts(b.act[0])[b.act[1]]
    return 0.25 if other.verbs[0] == group.opposite else 0.1


def _match(
    a: tuple[tuple[str, ...], str], a_is_wide: bool, b: tuple[tuple[str, ...], str], b_is_wide: bool
) -> float:
    if a == b:
        return 1.0 if a_is_wide == b_is_wide else 0.75
    if a[1] != b[1]:
        return 0.0
    return (0.15, 0.6, 1.0)[a_is_wide + b_is_wide]


def vary(event: Event, draw: random.Random, change: float) -> Event:
    """Another event: the same (`change` below `SAME`), or changed in one part, or in all (near 1).

    Where an event has no such part, it comes back as it is.
    """
    section = event.act[0]
    if change < SAME:
        return event
    if change < 0.28:
        place = None if event.place is not None else draw_place(section, draw)
        return replace(event, place=place)
    if change < 0.34:
        return replace(event, wide_agent=True)
    if change < 0.42 and event.kind in ("people", "animals"):
        return replace(event, wide_thing=True)
    if change < 0.58 and event.thing is not None:
        if event.kind == "meets":
            same_kind = event.agent[0] == event.thing[0]
            if draw.random() < 0.7 and (same_kind or event.act[1] < ANIMALS_TOO):
                return replace(event, agent=event.thing, thing=event.agent)
            other = draw_being(draw, event.thing[0])
            return event if other == event.agent else replace(event, thing=other)
        count = len(acts(section)[event.act[1]].things)
        return replace(event, thing=(section, draw.randrange(count)))
    if change < 0.72:
        return _other_act(event, draw)
    if change < 0.84:
        other = draw_being(draw, event.agent[0])
        return event if other == event.thing else replace(event, agent=other)
    return draw_event(draw)


def _other_act(event: Event, draw: random.Random) -> Event:
    """The opposite act on the same thing where there is one, else another of the section."""
    section, row = event.act
    groups = acts(section)
    opposite = [i for i, group in enumerate(groups) if group.verbs[0] == groups[row].opposite]
    if opposite and draw.random() < 0.8:
        return replace(event, act=(section, opposite[0]))
    other = draw.randrange(ANIMALS_TOO if event.kind == "meets" else len(groups))
    if event.kind in ("meets", "moves"):
        return replace(event, act=(section, other))
    thing = (section, draw.randrange(len(groups[other].things)))
    return replace(event, act=(section, other), thing=thing)
