"""Forms of the verbs that captions use; of a phrase ("cut up") the first word is inflected."""

from __future__ import annotations

PARTICIPLES = {
    "build": "built", "buy": "bought", "catch": "caught", "dig": "dug", "drink": "drunk",
    "eat": "eaten", "feed": "fed", "read": "read", "ride": "ridden", "sell": "sold",
    "sing": "sung", "teach": "taught", "throw": "thrown", "write": "written", "cut": "cut",
    "run": "run", "swim": "swum", "sit": "sat", "sleep": "slept", "weep": "wept",
}  # fmt: skip
DOUBLED = {"chop", "cut", "dig", "drop", "grab", "jog", "knit", "lap", "let", "lug", "mop", "nap",
           "put", "run", "shut", "sit", "skin", "skip", "stir", "swim", "tip", "get"}  # fmt: skip
"""Verbs whose last letter is doubled before -ing and -ed."""


def gerund(phrase: str) -> str:
    """`cut up` → `cutting up`."""
    verb, rest = _split(phrase)
    if verb in DOUBLED:
        return f"{verb}{verb[-1]}ing{rest}"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing{rest}"
    return f"{verb}ing{rest}"


def third_person(phrase: str) -> str:
    """`wash` → `washes`."""
    verb, rest = _split(phrase)
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return f"{verb}es{rest}"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies{rest}"
    return f"{verb}s{rest}"


def participle(phrase: str) -> str:
    """`ride` → `ridden`."""
    verb, rest = _split(phrase)
    if verb in PARTICIPLES:
        return PARTICIPLES[verb] + rest
    if verb in DOUBLED:
        return f"{verb}{verb[-1]}ed{rest}"
    if verb.endswith("e"):
        return f"{verb}d{rest}"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied{rest}"
    return f"{verb}ed{rest}"


def _split(phrase: str) -> tuple[str, str]:
    verb, space, rest = phrase.partition(" ")
    return verb, space + rest
