"""The checkers of 01_words_and_data pass what is right and name what is wrong."""

from __future__ import annotations

import pytest

from minbert.course.checks import words
from minbert.data.check import normalised
from minbert.wordpiece import SPECIAL_TOKENS, wordpiece_backend


def by_library(word, vocabulary):
    backend = wordpiece_backend([*SPECIAL_TOKENS, *sorted(vocabulary)], lowercase=True)
    return backend.encode(word, add_special_tokens=False).tokens


def cut(word, vocabulary, prefix="##", shown="##", stuck="whole", longest=True):
    pieces, rest, inside = [], word, False
    while rest:
        fits = [
            n
            for n in range(1, len(rest) + 1)
            if (prefix if inside else "") + rest[:n] in vocabulary
        ]
        if not fits:
            if stuck == "whole":
                return ["[UNK]"]
            if stuck == "stop":
                return pieces
            if stuck == "mark":
                return [*pieces, "[UNK]"]
            pieces, rest, inside = [*pieces, "[UNK]"], rest[1:], True
            continue
        size = max(fits) if longest else min(fits)
        pieces.append((shown if inside else "") + rest[:size])
        rest, inside = rest[size:], True
    return pieces


def steps_back(word, vocabulary, inside=False):
    if not word:
        return []
    for size in range(len(word), 0, -1):
        piece = ("##" if inside else "") + word[:size]
        rest = piece in vocabulary and steps_back(word[size:], vocabulary, True)
        if rest is not None and rest is not False and rest != ["[UNK]"]:
            return [piece, *rest]
    return ["[UNK]"]


def test_the_libraries_own_pieces_pass() -> None:
    assert words.longest_match(by_library).passed
    assert words.longest_match(cut).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda word, vocabulary: None, "returns None"),
        (lambda word, vocabulary: cut(word, vocabulary, prefix="", shown=""), "with ## before it"),
        (lambda word, vocabulary: cut(word, vocabulary, shown=""), "lost their ##"),
        (lambda word, vocabulary: cut(word, vocabulary, longest=False), "the shortest piece"),
        (lambda word, vocabulary: cut(word, vocabulary, stuck="mark"), "what was found before"),
        (lambda word, vocabulary: cut(word, vocabulary, stuck="stop"), "return what was found"),
        (lambda word, vocabulary: cut(word, vocabulary, stuck="go on"), "replace a letter"),
        (steps_back, "never does"),
        (lambda word, vocabulary: [word], "expected"),
        (lambda word, vocabulary: word[99], "IndexError"),
    ],
)
def test_wrong_pieces_are_explained(function, said: str) -> None:
    verdict = words.longest_match(function)
    assert not verdict.passed and said in str(verdict)


def padding_last(ids, pad):
    real = [number != pad for number in ids]
    return real == sorted(real, reverse=True)


def test_a_right_check_of_rows_passes() -> None:
    verdict = words.well_formed(
        lambda ids, cls, pad: ids.index(cls) == 0 and ids.count(cls) == 1 and padding_last(ids, pad)
    )
    assert verdict.passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda ids, cls, pad: None, "returns None"),
        (lambda ids, cls, pad: ids[0] == cls and ids.count(cls) == 1 and pad not in ids,
         "forbid [PAD]"),
        (lambda ids, cls, pad: ids[0] == cls and ids.count(cls) == 1, "[CLS] only"),
        (lambda ids, cls, pad: padding_last(ids, pad), "[PAD] only"),
        (lambda ids, cls, pad: ids.count(cls) == 1 and padding_last(ids, pad), "where it stands"),
        (lambda ids, cls, pad: ids[0] == cls and padding_last(ids, pad), "the only one"),
        (lambda ids, cls, pad: not (ids[0] == cls and ids.count(cls) == 1
                                    and padding_last(ids, pad)), "wrong way round"),
        (lambda ids, cls, pad: True, "expected"),
    ],
)  # fmt: skip
def test_a_wrong_check_of_rows_is_explained(function, said: str) -> None:
    verdict = words.well_formed(function)
    assert not verdict.passed and said in str(verdict)


def common(train, dev, key):
    return len([example for example in dev if key(example) in [key(other) for other in train]])


def test_a_right_count_of_leaks_passes() -> None:
    assert words.leaked(lambda train, dev: common(train, dev, normalised)).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda train, dev: None, "returns None"),
        (lambda train, dev: common(train, dev, lambda e: e.id), "compare ids"),
        (lambda train, dev: common(train, dev, lambda e: e.texts), "letter by letter"),
        (lambda train, dev: common(train, dev, lambda e: (normalised(e), e.label)), "and label"),
        (lambda train, dev: common(dev, train, normalised), "other way round"),
        (lambda train, dev: len(dev), "expected"),
    ],
)
def test_a_wrong_count_of_leaks_is_explained(function, said: str) -> None:
    verdict = words.leaked(function)
    assert not verdict.passed and said in str(verdict)


def test_single_sentences_of_pairs_are_no_leaks() -> None:
    def every_sentence(train, dev):
        known = {text.lower().strip("?") for example in train for text in example.texts}
        return sum(text.lower().strip("?") in known for example in dev for text in example.texts)

    assert not words.leaked(every_sentence).passed
