"""What a tokenizer is given: sentences and pairs, or ids; checked once, where they come in."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence

Text = str | tuple[str, str]
"""One sentence, or a pair."""


def checked_texts(texts: Iterable[Text]) -> list[Text]:
    """Several texts as a list.

    Raises:
        ValueError: they are one string or nothing to go through, or an entry is neither a string
            nor a pair of strings; the sentence names its place.
    """
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        raise ValueError(f"texts must be several texts in a list, got {texts!r:.80}")
    texts = list(texts)
    for place, text in enumerate(texts):
        pair = isinstance(text, tuple) and len(text) == 2
        if not all(isinstance(part, str) for part in (text if pair else (text,))):
            raise ValueError(
                "a text must be a string or a (first, second) tuple, "
                f"got {text!r:.80} (texts[{place}])"
            )
    return texts


def checked_ids(ids: Iterable[int]) -> list[int]:
    """Ids of word pieces as Python's integers; tensors and arrays of integers are taken.

    Raises:
        ValueError: one is negative or no integer.
    """
    try:
        numbers = [operator.index(piece) for piece in ids]
    except TypeError as error:
        raise ValueError(f"ids must be integers from 0 up: {error}, got {ids!r:.80}") from None
    wrong = [number for number in numbers if not 0 <= number < 1 << 32]
    if wrong:
        raise ValueError(f"ids must be word pieces, expected integers from 0 up, got {wrong[0]}")
    return numbers


def lone_surrogate(texts: Sequence[Text]) -> str:
    """Which text is no Unicode: half of a pair of UTF-16, as a broken decoder leaves it."""
    for place, text in enumerate(texts):
        for part in text if isinstance(text, tuple) else (text,):
            for at, character in enumerate(part):
                if "\ud800" <= character <= "\udfff":
                    return (
                        f"texts[{place}] has {character!r} at character {at}, expected Unicode "
                        "text: half of a surrogate pair (read in the wrong encoding?)"
                    )
    return "a text is no string that can be encoded, expected Unicode text"
