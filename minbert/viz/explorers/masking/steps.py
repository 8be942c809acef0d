"""Masking one text step by step: what was drawn for each token, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from minbert.masking import IGNORE, mask_tokens
from minbert.tokenizer import Text, WordPieceTokenizer
from minbert.whole_word import first_pieces, mask_whole_words, word_starts

SPECIAL, LEFT, MASKED, RANDOM, KEPT = FATES = (
    "special", "not chosen", "[MASK]", "random piece", "kept",
)  # fmt: skip
"""What can become of a token. The last three are chosen: their original is to be predicted."""
CHOSEN = (MASKED, RANDOM, KEPT)


@dataclass(frozen=True)
class MaskingRule:
    """How tokens are chosen, and what becomes of the chosen ones."""

    replace: float = 1.0
    random: float = 0.0
    """Shares of the chosen that become [MASK], and a random piece; the rest is kept."""
    whole_words: bool = False
    """All pieces of a word are chosen, or none: see `minbert.whole_word`."""


RULES = {
    "the paper's: all [MASK]": MaskingRule(),
    "BERT's: 80/10/10": MaskingRule(0.8, 0.1),
    "whole words: 80/10/10": MaskingRule(0.8, 0.1, whole_words=True),
}


@dataclass(frozen=True)
class MaskingStep:
    """One token on its way through the masking."""

    token: str
    """The piece as it was."""
    draw: float
    """Uniform in [0, 1): chosen when it is below the probability and the token is not special."""
    fate_draw: float
    """Uniform in [0, 1), a second and independent draw: decides what a chosen token becomes."""
    fate: str
    """One of `FATES`."""
    shown: str
    """The piece that the model reads."""
    draws_with: str = ""
    """The first piece of its word, whose first draw it shares; empty if the draw is its own."""

    @property
    def chosen(self) -> bool:
        """Whether the original is to be predicted here."""
        return self.fate in CHOSEN


def mask(
    ids: Int[Tensor, "batch seq"],
    tokenizer: WordPieceTokenizer,
    generator: torch.Generator,
    rule: MaskingRule,
    probability: float = 0.15,
) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"]]:
    """Mask one text, or several copies of it, by a rule: corrupted ids, and labels.

    Args:
        ids: word pieces; each row the same text.
        tokenizer: whose special tokens are never chosen.
        generator: the only source of randomness.
        rule: see `MaskingRule`.
        probability: of being chosen, per token or per word.

    Raises:
        ValueError: see `mask_tokens`.
    """
    options = dict(
        mask_id=tokenizer.mask_id, special_ids=tokenizer.special_ids,
        vocab_size=tokenizer.vocab_size, probability=probability, replace=rule.replace,
        random=rule.random,
    )  # fmt: skip
    if rule.whole_words:
        starts = word_starts(tokenizer.tokens(ids[0]))
        return mask_whole_words(ids, starts, generator, **options)
    return mask_tokens(ids, generator, **options)


def masking_steps(
    tokenizer: WordPieceTokenizer,
    text: Text,
    seed: int = 0,
    probability: float = 0.15,
    replace: float = 1.0,
    random: float = 0.0,
    whole_words: bool = False,
    max_length: int | None = None,
) -> list[MaskingStep]:
    """Mask one text and say what happened to each token.

    Args:
        tokenizer: whose special tokens are never chosen.
        text: a sentence or a pair.
        seed: decides all draws.
        probability, replace, random: as for `mask_tokens`. The paper: .15, 1, 0; BERT: .15, .8, .1.
        whole_words: whether words are chosen in place of pieces: see `mask_whole_words`.
        max_length: tokens that are kept, special ones included; None means the tokenizer's
            `model_max_length`.

    Raises:
        ValueError: see `mask_tokens`.
    """
    ids = tokenizer([text], max_length)["input_ids"]
    rule = MaskingRule(replace, random, whole_words)
    corrupted, labels = mask(ids, tokenizer, torch.Generator().manual_seed(seed), rule, probability)
    tokens = tokenizer.tokens(ids[0])
    draws, fates, first = _draws(tokens, seed, whole_words)
    rows = zip(ids[0].tolist(), corrupted[0].tolist(), labels[0].tolist(), strict=True)
    steps = []
    for place, (before, after, label) in enumerate(rows):
        if label == IGNORE:
            fate = SPECIAL if before in tokenizer.special_ids else LEFT
        elif fates[place] < replace:
            fate = MASKED
        else:
            fate = RANDOM if fates[place] < replace + random else KEPT
        (shown,) = tokenizer.tokens([after])
        shared = tokens[first[place]] if first[place] != place else ""
        steps.append(MaskingStep(tokens[place], draws[place], fates[place], fate, shown, shared))
    return steps


def _draws(
    tokens: list[str], seed: int, whole_words: bool
) -> tuple[list[float], list[float], list[int]]:
    """The draws that `mask` makes, made again to be shown; and whose first draw counts."""
    generator = torch.Generator().manual_seed(seed)
    shape = 1, len(tokens)
    draws = torch.rand(shape, generator=generator)[0]
    first = torch.arange(len(tokens))
    if whole_words:
        first = first_pieces(word_starts(tokens))
        torch.rand(shape, generator=generator)  # `mask_tokens` chooses all that it is shown
    fates = torch.rand(shape, generator=generator)[0]
    return draws[first].tolist(), fates.tolist(), first.tolist()
