"""Masking one text step by step: what was drawn for each token, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from minbert.masking import IGNORE, mask_tokens
from minbert.tokenizer import Text, WordPieceTokenizer

SPECIAL, LEFT, MASKED, RANDOM, KEPT = FATES = (
    "special", "not chosen", "[MASK]", "random piece", "kept",
)  # fmt: skip
"""What can become of a token. The last three are chosen: their original is to be predicted."""
CHOSEN = (MASKED, RANDOM, KEPT)


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

    @property
    def chosen(self) -> bool:
        """Whether the original is to be predicted here."""
        return self.fate in CHOSEN


def masking_steps(
    tokenizer: WordPieceTokenizer,
    text: Text,
    seed: int = 0,
    probability: float = 0.15,
    replace: float = 1.0,
    random: float = 0.0,
) -> list[MaskingStep]:
    """Run `minbert.masking.mask_tokens` on one text and say what happened to each token.

    Args:
        tokenizer: whose special tokens are never chosen.
        text: a sentence or a pair.
        seed: decides all draws.
        probability, replace, random: as for `mask_tokens`. The paper: .15, 1, 0; BERT: .15, .8, .1.

    Raises:
        ValueError: see `mask_tokens`.
    """
    ids = tokenizer([text])["input_ids"]
    corrupted, labels = mask_tokens(
        ids, torch.Generator().manual_seed(seed), mask_id=tokenizer.mask_id,
        special_ids=tokenizer.special_ids, vocab_size=tokenizer.vocab_size,
        probability=probability, replace=replace, random=random,
    )  # fmt: skip
    again = torch.Generator().manual_seed(seed)  # the same two rows of numbers, to be shown
    draws, fates = (torch.rand(ids.shape, generator=again)[0].tolist() for _ in range(2))
    rows = zip(ids[0].tolist(), corrupted[0].tolist(), labels[0].tolist(), strict=True)
    steps = []
    for (before, after, label), draw, fate_draw in zip(rows, draws, fates, strict=True):
        if label == IGNORE:
            fate = SPECIAL if before in tokenizer.special_ids else LEFT
        elif fate_draw < replace:
            fate = MASKED
        else:
            fate = RANDOM if fate_draw < replace + random else KEPT
        token, shown = tokenizer.tokens((before, after))
        steps.append(MaskingStep(token, draw, fate_draw, fate, shown))
    return steps
