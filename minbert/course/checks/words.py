"""Checkers of 01_words_and_data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from minbert.course.checks.base import Verdict, judge_function
from minbert.data.check import normalised
from minbert.data.examples import Example, PairExample, SentenceExample


def longest_match(function: Callable[[str, Collection[str]], list[str]]) -> Verdict:
    """`function(word, vocabulary)`: the word's pieces, cut as WordPiece does."""
    letters = {*"abceginstu", *(f"##{letter}" for letter in "abcegns")}
    cases = [
        ("guineas", {*letters, "gui", "guinea", "##nea", "##neas", "##as"}),
        ("cab", {*letters, "ca", "##ab"}),
        ("cats", letters),
        ("abc", {"a", "ab", "##b", "##bc"}),
        ("a", letters),
    ]
    return judge_function(
        function,
        lambda word, vocabulary: _cut(word, vocabulary),
        cases,
        mistakes={
            "from the second piece on, a piece is in the vocabulary with ## before it": (
                lambda word, vocabulary: _cut(word, vocabulary, prefix="")
            ),
            "the pieces are found, but those inside the word lost their ##": (
                lambda word, vocabulary: [
                    piece.removeprefix("##") for piece in _cut(word, vocabulary)
                ]
            ),
            "you take the shortest piece that fits: the longest one comes first": (
                lambda word, vocabulary: _cut(word, vocabulary, longest=False)
            ),
            "where nothing fits the whole word becomes one [UNK]; you keep what was found before": (
                lambda word, vocabulary: _cut(word, vocabulary, stuck="keep")
            ),
            "where nothing fits the whole word becomes one [UNK]; you replace a letter and go on": (
                lambda word, vocabulary: _cut(word, vocabulary, stuck="letter")
            ),
            "where nothing fits the whole word becomes one [UNK]; you return what was found": (
                lambda word, vocabulary: _cut(word, vocabulary, stuck="drop")
            ),
            "you step back to a shorter piece when the rest does not fit: WordPiece never does": (
                lambda word, vocabulary: _any_cut(word, vocabulary) or ["[UNK]"]
            ),
        },
        praise="the longest piece that fits, again and again, and never a step back.",
    )


def _cut(
    word: str,
    vocabulary: Collection[str],
    prefix: str = "##",
    longest: bool = True,
    stuck: str = "whole",
) -> list[str]:
    """WordPiece, with its common mistakes to be switched on."""
    pieces: list[str] = []
    start = 0
    while start < len(word):
        ends = range(len(word), start, -1) if longest else range(start + 1, len(word) + 1)
        for end in ends:
            piece = (prefix if start else "") + word[start:end]
            if piece in vocabulary:
                break
        else:
            if stuck == "whole":
                return ["[UNK]"]
            if stuck == "drop":
                return pieces
            pieces.append("[UNK]")
            if stuck == "keep":
                return pieces
            end = start + 1
            piece = None
        if piece is not None:
            pieces.append(piece)
        start = end
    return pieces


def _any_cut(word: str, vocabulary: Collection[str], start: int = 0) -> list[str] | None:
    """The first cut that works at all, longer pieces first, with steps back."""
    if start == len(word):
        return []
    for end in range(len(word), start, -1):
        piece = ("##" if start else "") + word[start:end]
        if piece in vocabulary:
            rest = _any_cut(word, vocabulary, end)
            if rest is not None:
                return [piece, *rest]
    return None


CLS, PAD = 2, 0


def well_formed(function: Callable[[list[int], int, int], bool]) -> Verdict:
    """`function(ids, cls_id, pad_id)`: one [CLS], at the start, and padding only at the end."""
    rows = [
        [2, 5, 6, 3],
        [2, 5, 6, 3, 0, 0],
        [2, 5, 3, 0, 0, 2, 7, 3, 0],
        [2, 5, 3, 2, 7, 3],
        [2, 5, 3, 0, 7, 3],
        [5, 2, 6, 3],
        [0, 0, 2, 5, 3],
        [2, 5, 3, 7, 8, 3],
    ]

    def ends_in_padding(ids: Sequence[int]) -> bool:
        first = list(ids).index(PAD) if PAD in ids else len(ids)
        return all(number == PAD for number in ids[first:])

    return judge_function(
        lambda *case: _plain_bool(function(*case)),
        lambda ids, cls_id, pad_id: (
            ids[0] == cls_id and ids.count(cls_id) == 1 and ends_in_padding(ids)
        ),
        [(row, CLS, PAD) for row in rows],
        mistakes={
            "you forbid [PAD] altogether: a padded row is well formed if nothing follows the "
            "padding": lambda ids, cls_id, pad_id: (
                ids[0] == cls_id and ids.count(cls_id) == 1 and pad_id not in ids
            ),
            "you look at [CLS] only: look for [PAD] in the middle as well": (
                lambda ids, cls_id, pad_id: ids[0] == cls_id and ids.count(cls_id) == 1
            ),
            "you look at [PAD] only: a second [CLS] passes": (
                lambda ids, cls_id, pad_id: ends_in_padding(ids)
            ),
            "you count [CLS] but do not ask where it stands: it must be first": (
                lambda ids, cls_id, pad_id: ids.count(cls_id) == 1 and ends_in_padding(ids)
            ),
            "you ask that [CLS] is first but not that it is the only one": (
                lambda ids, cls_id, pad_id: ids[0] == cls_id and ends_in_padding(ids)
            ),
            "it is the wrong way round: well formed is True": lambda ids, cls_id, pad_id: (
                not (ids[0] == cls_id and ids.count(cls_id) == 1 and ends_in_padding(ids))
            ),
        },
        praise="it costs nothing, and stops a whole class of strange results before they are made.",
    )


def _plain_bool(answer: object) -> object:
    """A tensor or NumPy truth value counts as one; None stays what it is."""
    return answer if answer is None or answer is Ellipsis else bool(answer)


def leaked(function: Callable[[Sequence[Example], Sequence[Example]], int]) -> Verdict:
    """`function(train, dev)`: how many dev examples are in train as the same text."""
    sentences = (
        [
            SentenceExample("t1", "A fine film.", 3),
            SentenceExample("t2", "Dull from the first minute.", 0),
            SentenceExample("t3", "a FINE film", 3),
            SentenceExample("t4", "It has a heart.", 4),
        ],
        [
            SentenceExample("d1", "a fine  film !", 3),
            SentenceExample("d2", "It has no heart.", 1),
            SentenceExample("d3", "Dull from the first minute.", 1),
        ],
    )
    pairs = (
        [
            PairExample("t1", "How do I bake bread?", "What is in bread?", 0.0),
            PairExample("t2", "Who built it?", "By whom was it built?", 1.0),
        ],
        [
            PairExample("d1", "What is in bread?", "How do I bake bread?", 0.0),
            PairExample("d2", "How do I bake bread?", "Who built it?", 0.0),
            PairExample("d3", "who built it", "by whom was it built", 1.0),
        ],
    )
    same_ids = ([SentenceExample("x", "One.", 1)], [SentenceExample("x", "Two.", 1)])
    return judge_function(
        function,
        lambda train, dev: _common(train, dev, normalised),
        [sentences, pairs, same_ids],
        mistakes={
            "you compare ids: a copied row usually gets a new one; compare the texts": (
                lambda train, dev: _common(train, dev, lambda example: example.id)
            ),
            "you compare the texts letter by letter: case, spaces and punctuation hide a leak; "
            "take `normalised`": lambda train, dev: _common(
                train, dev, lambda example: example.texts
            ),
            "you compare text and label: a leak with another label is a leak all the same": (
                lambda train, dev: _common(
                    train, dev, lambda example: (normalised(example), example.label)
                )
            ),
            "you count the train examples that are in dev: it is the other way round": (
                lambda train, dev: _common(dev, train, normalised)
            ),
            "you count every single sentence of a pair: a leak is the whole pair": (
                lambda train, dev: _common(
                    [_single(text) for example in train for text in example.texts],
                    [_single(text) for example in dev for text in example.texts],
                    normalised,
                )
            ),
        },
        praise="this one line, asserted before every training, keeps a dev set honest.",
    )


def _common(train: Sequence[Example], dev: Sequence[Example], key: Callable) -> int:
    known = {key(example) for example in train}
    return sum(key(example) in known for example in dev)


def _single(text: str) -> SentenceExample:
    return SentenceExample("", text)
