"""Corrupting a sentence so that a model can learn by repairing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minbert import checks

IGNORE = -100
"""Label of a position that is not predicted; torch's cross-entropy skips it by default."""
CONTINUES = "##"
"""Begins every piece that goes on with the word of the piece before it."""


@dataclass(frozen=True)
class MaskingRule:
    """How tokens are chosen, and what becomes of the chosen ones; without arguments, the paper's.

    Raises:
        ValueError: a value outside [0, 1], or `mask` and `random` above 1 together.

    Source: the paper, section 4.2; Devlin et al. (2019), task #1. Whole words: google-research/bert
    of May 2019, which takes words until 15 % of the tokens are reached; here each has the
    probability, as in the paper's rule for tokens. Cui et al. (2019), Pre-training with whole word
    masking for Chinese BERT. No recipe of this package uses it: a lab compares it.
    """

    probability: float = 0.15
    """Of being chosen, per token or per word."""
    mask: float = 1.0
    """Share of the chosen that become [MASK]."""
    random: float = 0.0
    """Share of the chosen that become a random piece; the rest stays as it is."""
    whole_words: bool = False
    """Whether all pieces of a word are chosen, or none: its other pieces then give none away."""

    def __post_init__(self) -> None:
        checks.within("probability", self.probability, "[0, 1]")
        checks.within("mask", self.mask, "[0, 1]")
        checks.within("random", self.random, "[0, 1]")
        together = self.mask + self.random
        checks.within("mask + random", together, "[0, 1]", "they are parts of one whole")


PAPER_RULE = MaskingRule()
"""The paper's: every chosen token becomes [MASK]."""
BERT_RULE = MaskingRule(mask=0.8, random=0.1)
"""BERT's own: of the chosen tokens 80 % become [MASK], 10 % a random piece, 10 % stay."""


@dataclass(frozen=True)
class Draws:
    """The two numbers that decided what became of each token, uniform in [0, 1)."""

    choice: Float[Tensor, "batch seq"]
    """Chosen where it is below the rule's probability and the token is not special."""
    fate: Float[Tensor, "batch seq"]
    """Below `mask`: [MASK]; below `mask` + `random`: a random piece; otherwise as it was."""


def mask_tokens(
    ids: Int[Tensor, "batch seq"],
    generator: torch.Generator,
    rule: MaskingRule = PAPER_RULE,
    *,
    mask_id: int,
    special_ids: Sequence[int],
    vocab_size: int | None = None,
    starts: Bool[Tensor, " seq"] | None = None,
    return_draws: bool = False,
) -> tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Draws]:
    """Choose tokens to predict and hide them; the input is left as it was.

    Each token that is not special is chosen independently, or each word. Two draws are made, one
    that chooses and one that decides what happens: a single draw reused for both would make every
    chosen token a [MASK]. What happens is drawn piece by piece, and each is predicted on its own.

    Args:
        ids: word pieces, padding included.
        generator: the only source of randomness, on the CPU.
        rule: with which probability, and what becomes of the chosen.
        mask_id: id of [MASK].
        special_ids: never chosen, never drawn at random: [PAD], [CLS], [SEP], [MASK], [UNK].
        vocab_size: number of pieces that a random replacement is drawn from; needed where
            `rule.random` > 0.
        starts: where a word begins, see `word_starts`; needed where `rule.whole_words`. All rows
            are then maskings of one text.
        return_draws: whether the numbers that decided are handed out as well.

    Returns:
        The corrupted ids, and labels: the original id where chosen, `IGNORE` elsewhere, both
        (batch, seq); with `return_draws`, the draws. A short row may have no chosen token at all.

    Raises:
        ValueError: `rule` asks for a vocabulary or for words that are not given, ids that are no
            batch of whole numbers, or one that the vocabulary does not have.

    Source: Devlin et al. (2019), task #1; the paper, section 4.2 (each token with .15).
    """
    _check(ids, generator, mask_id, special_ids, vocab_size)
    _check_rule(rule, ids, vocab_size, starts)
    special = torch.tensor(sorted(special_ids), dtype=ids.dtype, device=ids.device)
    choice = torch.rand(ids.shape, generator=generator).to(ids.device)
    if rule.whole_words:
        choice = choice[:, first_pieces(starts)]
    chosen = (choice < rule.probability) & ~torch.isin(ids, special)
    fate = torch.rand(ids.shape, generator=generator).to(ids.device)

    labels = torch.where(chosen, ids, IGNORE)
    corrupted = torch.where(chosen & (fate < rule.mask), mask_id, ids)
    if rule.random > 0:
        ordinary = torch.ones(vocab_size, dtype=torch.bool)
        ordinary[special.cpu()] = False
        candidates = ordinary.nonzero().squeeze(-1)
        draw = torch.randint(len(candidates), ids.shape, generator=generator)
        at_random = chosen & (fate >= rule.mask) & (fate < rule.mask + rule.random)
        corrupted = torch.where(at_random, candidates[draw].to(ids.device), corrupted)
    return (corrupted, labels, Draws(choice, fate)) if return_draws else (corrupted, labels)


def word_starts(tokens: Sequence[str]) -> Bool[Tensor, " seq"]:
    """Where a word begins: at each piece without `##`, special tokens and marks included."""
    return torch.tensor([not token.startswith(CONTINUES) for token in tokens], dtype=torch.bool)


def first_pieces(starts: Bool[Tensor, " seq"]) -> Int[Tensor, " seq"]:
    """Of each piece, the place of its word's first one; the first token always begins a word."""
    places = torch.arange(len(starts))
    return torch.where(starts, places, 0).cummax(dim=0).values


def _check_rule(
    rule: MaskingRule, ids: Tensor, vocab_size: int | None, starts: Tensor | None
) -> None:
    """What the rule needs is given."""
    if rule.random > 0 and vocab_size is None:
        raise ValueError(
            "vocab_size must be a whole number where rule.random > 0, got None with random "
            f"{rule.random}: random pieces are drawn from the vocabulary"
        )
    if rule.whole_words and (starts is None or starts.shape != ids.shape[-1:]):
        got = "none" if starts is None else f"{len(starts)} values"
        raise ValueError(
            f"starts must say of each of the {ids.shape[-1]} tokens whether a word begins there, "
            f"got {got}"
        )


def _check(
    ids: Tensor,
    generator: torch.Generator,
    mask_id: int,
    special_ids: Sequence[int],
    vocab_size: int | None,
) -> None:
    """The pieces are pieces of this vocabulary, which has others than special ones."""
    checks.shapes("one line a sentence", ids=(ids, "batch seq", "int"))
    if not isinstance(generator, torch.Generator) or generator.device.type != "cpu":
        raise ValueError(f"generator must be a torch.Generator on the CPU, got {generator!r:.60}")
    checks.whole("mask_id", mask_id, 0)
    for number in special_ids:
        checks.whole("special_ids", number, 0, "each is the id of a piece")
    if vocab_size is None:
        checks.spread("ids", ids, 0, torch.iinfo(ids.dtype).max, "pieces of the vocabulary")
        return
    checks.whole("vocab_size", vocab_size, 1)
    known = torch.tensor([mask_id, *special_ids])
    checks.indices("mask_id and special_ids", known, vocab_size, "the vocabulary")
    checks.indices("ids", ids, vocab_size, "the vocabulary")
    if len(set(special_ids)) == vocab_size:
        raise ValueError(
            f"special_ids must leave a piece to be drawn, got all {vocab_size} of the vocabulary"
        )
