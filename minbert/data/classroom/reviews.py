"""Reviews, like SST's: an opinion from 0 (appalled) to 4 (delighted), often said round a corner."""

from __future__ import annotations

import random
from dataclasses import dataclass

from minbert.data.classroom.grammar import fill, pick, read_sections, written

SIGNS = {2: "++", 1: "+", 0: "0", -1: "-", -2: "--"}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a review says and how it is built."""

    label: int
    """0 to 4."""
    form: str
    """statement, saying, negated, reversed, contrast, agreement."""


def review(label: int, draw: random.Random, new: float) -> tuple[str, Opinion]:
    """A review of a given label, and how it was built; `new`: share of held-out wording."""
    value = label - 2
    form = draw.choices(
        ("clause", "contrast", "agreement"), weights=(45, 40, 15) if value else (25, 70, 5)
    )[0]
    if form == "contrast":
        text = _contrast(value, draw, new)
    elif form == "agreement":
        text = _joined(
            "agreement", _clause(value, draw, new)[0], _clause(value, draw, new)[0], draw, new
        )
    else:
        text, form = _clause(value, draw, new, alone=True)
    if draw.random() < 0.12:
        opening = pick(read_sections("reviews.txt")["opening"], draw, new)
        text = f"{opening} {text}"
    # One work a review, whatever its clauses.
    work = pick(read_sections("reviews.txt")["work"], draw, new)
    return written(text.replace("{work}", work)), Opinion(label, form)


def _contrast(value: int, draw: random.Random, new: float) -> str:
    """Two opinions; the main clause counts, and the other one takes a step from it.

    The same words in the other order mean the opposite: "(good), but (bad)" is a 1, "(bad), but
    (good)" a 3.
    """
    if abs(value) == 2:  # somebody else's opinion does not lessen one's own
        sign = 1 if value > 0 else -1
        others = _from("reversed", -sign, draw, new)
        return _joined("agreement", others, _clause(value, draw, new)[0], draw, new)
    if value == 0:
        sign = draw.choice((1, -1))
        parts = [_clause(part, draw, new)[0] for part in (-sign, sign)]
    else:
        parts = [
            _statement(part * draw.choice((1, 2)), draw, new)
            if draw.random() < 0.5
            else _clause(part, draw, new)[0]
            for part in (-value, value)
        ]
    return _joined("contrast", *parts, draw, new)


def _joined(section: str, x: str, y: str, draw: random.Random, new: float) -> str:
    pattern = pick(read_sections("reviews.txt")[section], draw, new)
    return fill(pattern, {"x": x, "y": y}.__getitem__, draw)


def _clause(value: int, draw: random.Random, new: float, alone: bool = False) -> tuple[str, str]:
    """One opinion, and its form; the longest forms stand alone."""
    kind = draw.random() * (1.0 if alone else 0.87)
    if kind < 0.4 or value == 0:
        return pick(read_sections("reviews.txt")[f"say {SIGNS[value]}"], draw, new), "saying"
    if kind < 0.7 or abs(value) == 2:
        return _statement(value, draw, new), "statement"
    if kind < 0.87:
        # Only what is good is wished for.
        section = "wished" if value < 0 and draw.random() < 0.3 else "negated"
        return _from(section, -value, draw, new), "negated"
    return _from("reversed", -value, draw, new), "reversed"


def _statement(value: int, draw: random.Random, new: float) -> str:
    """Something about an aspect; "utterly" makes a mild adjective a strong one."""
    sign = 1 if value > 0 else -1
    lists = read_sections("reviews.txt")
    shift = draw.random()
    if abs(value) == 2 and shift < 0.35:
        adjective = f"{pick(lists['strong'], draw, new)} "
        adjective += pick(lists[f"adjective {SIGNS[sign]}"], draw, new)
    else:
        adjective = pick(lists[f"adjective {SIGNS[value]}"], draw, new)
        if abs(value) == 1 and shift < 0.3:
            adjective = f"{pick(lists['mild'], draw, new)} {adjective}"
    return _filled("statement", adjective, sign, draw, new)


def _from(section: str, value: int, draw: random.Random, new: float) -> str:
    """A pattern about an adjective of the given value."""
    adjective = pick(read_sections("reviews.txt")[f"adjective {SIGNS[value]}"], draw, new)
    return _filled(section, adjective, 1 if value > 0 else -1, draw, new)


def _filled(section: str, adjective: str, sign: int, draw: random.Random, new: float) -> str:
    lists = read_sections("reviews.txt")
    first, second = draw.sample([line.text for line in lists["aspect"]], 2)
    same = pick(lists[f"adjective {SIGNS[sign]}"], draw, new)
    words = {"a": adjective, "same": same, "aspect": first, "aspect2": second, "work": "{work}"}
    pattern = pick(lists[section], draw, new)
    return fill(pattern, words.__getitem__, draw)
