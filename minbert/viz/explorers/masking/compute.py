"""One text masked: step by step, as it was drawn, and many times over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from jaxtyping import Int
from torch import Tensor

from minbert.masking import (
    BERT_RULE,
    IGNORE,
    PAPER_RULE,
    Draws,
    MaskingRule,
    first_pieces,
    mask_tokens,
    word_starts,
)
from minbert.tokenizer import Text, WordPieceTokenizer
from minbert.viz.table import Table
from minbert.viz.text import plain

SPECIAL, LEFT, MASKED, RANDOM, KEPT = FATES = (
    "special",
    "not chosen",
    "[MASK]",
    "random piece",
    "kept",
)
"""What can become of a token. The last three are chosen: their original is to be predicted."""
CHOSEN = (MASKED, RANDOM, KEPT)


RULES = {
    "the paper's: all [MASK]": PAPER_RULE,
    "BERT's: 80/10/10": BERT_RULE,
    "whole words: 80/10/10": replace(BERT_RULE, whole_words=True),
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
) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"], Draws]:
    """Mask one text, or several copies of it: corrupted ids, labels, and what was drawn.

    Args:
        ids: word pieces; each row the same text.
        tokenizer: whose special tokens are never chosen.
        generator: the only source of randomness.
        rule: see `minbert.masking.MaskingRule`.

    Raises:
        ValueError: see `mask_tokens`.
    """
    return mask_tokens(
        ids,
        generator,
        rule,
        mask_id=tokenizer.mask_id,
        special_ids=tokenizer.special_ids,
        vocab_size=tokenizer.vocab_size,
        starts=word_starts(tokenizer.tokens(ids[0])),
        return_draws=True,
    )


def masking_steps(
    tokenizer: WordPieceTokenizer,
    text: Text,
    seed: int = 0,
    rule: MaskingRule = PAPER_RULE,
    max_length: int | None = None,
) -> list[MaskingStep]:
    """Mask one text and say what happened to each token.

    Args:
        tokenizer: whose special tokens are never chosen.
        text: a sentence or a pair.
        seed: decides all draws.
        rule: of choosing, and of what becomes of the chosen.
        max_length: tokens that are kept, special ones included; None means the tokenizer's
            `model_max_length`.

    Raises:
        ValueError: see `mask_tokens`.
    """
    ids = tokenizer([text], max_length)["input_ids"]
    corrupted, labels, draws = mask(ids, tokenizer, torch.Generator().manual_seed(seed), rule)
    tokens = tokenizer.tokens(ids[0])
    first = range(len(tokens))
    if rule.whole_words:
        first = first_pieces(word_starts(tokens)).tolist()
    read = (ids, corrupted, labels, draws.choice, draws.fate)
    rows = zip(*(values[0].tolist() for values in read), strict=True)
    steps = []
    for place, (before, after, label, choice, second) in enumerate(rows):
        if label == IGNORE:
            fate = SPECIAL if before in tokenizer.special_ids else LEFT
        elif second < rule.mask:
            fate = MASKED
        else:
            fate = RANDOM if second < rule.mask + rule.random else KEPT
        (shown,) = tokenizer.tokens([after])
        shared = tokens[first[place]] if first[place] != place else ""
        steps.append(MaskingStep(tokens[place], choice, second, fate, shown, shared))
    return steps


CONFIDENCE = 0.95
HEADER = ("what", "count", "of", "expected", "95 % interval", "inside")


@dataclass(frozen=True)
class Count:
    """How often something happened that has a known probability."""

    name: str
    found: int
    trials: int
    share: float
    """Probability of one trial; where trials differ in it their mean, which makes the interval a
    little too wide."""

    @property
    def expected(self) -> float:
        """The mean of the binomial distribution."""
        return self.trials * self.share

    @property
    def interval(self) -> tuple[int, int]:
        """Where at least 95 % of such counts lie: 2.5 % at most are below, and above."""
        return binomial_interval(self.trials, self.share)

    @property
    def inside(self) -> bool:
        """Whether chance alone explains the count well."""
        low, high = self.interval
        return low <= self.found <= high

    @property
    def row(self) -> list[str]:
        """Of the table, see `HEADER`."""
        low, high = self.interval
        return [
            plain(self.name),
            f"{self.found:,}",
            f"{self.trials:,}",
            f"{self.expected:,.1f}",
            f"{low:,} to {high:,}",
            "yes" if self.inside else "no",
        ]


@lru_cache(maxsize=1000)
def binomial_interval(trials: int, share: float) -> tuple[int, int]:
    """The ends of the central 95 % of a binomial distribution, both included."""
    if not trials:
        return 0, 0
    from scipy.stats import binom  # 46 MiB: only who counts maskings needs it

    tail = (1 - CONFIDENCE) / 2
    low, high = binom.ppf((tail, 1 - tail), trials, min(max(share, 0.0), 1.0))
    return int(low), int(high)


@dataclass(frozen=True)
class MaskingCounts:
    """Many maskings of one text, counted."""

    draws: int
    whole: tuple[Count, ...]
    """What was chosen, and what became of the chosen pieces; where there are words of several
    pieces, how many were chosen in part."""
    tokens: tuple[Count | None, ...]
    """How often each token was chosen; None for special ones."""
    names: tuple[str, ...]
    """The tokens."""


def compute_counts(
    ids: list[int],
    tokenizer: WordPieceTokenizer,
    rule: MaskingRule,
    seed: int = 0,
    draws: int = 400,
) -> MaskingCounts:
    """Mask a text `draws` times in one go.

    Args:
        ids: its word pieces, special tokens included.
        tokenizer: which made them.
        rule: of choosing, and of what becomes of the chosen.
        seed: of all draws together.
        draws: at least 1.

    Raises:
        ValueError: the text has nothing but special tokens.
    """
    names = tokenizer.tokens(ids)
    special = torch.isin(torch.tensor(ids), torch.tensor(tokenizer.special_ids))
    if special.all():
        raise ValueError("There is no token that may be chosen: type a sentence of a few words.")
    copies = torch.tensor(ids).expand(draws, -1)
    corrupted, labels, _ = mask(copies, tokenizer, torch.Generator().manual_seed(seed), rule)
    chosen = labels != IGNORE
    first = first_pieces(word_starts(names))
    units = (first == torch.arange(len(ids))) & ~special if rule.whole_words else ~special
    what = "words chosen" if rule.whole_words else "tokens chosen"
    pieces, masked = int(chosen.sum()), chosen & (corrupted == tokenizer.mask_id)
    same = chosen & (corrupted == copies)
    others = rule.random * (1 - 1 / (tokenizer.vocab_size - len(tokenizer.special_ids)))
    fates = [
        Count(f"of the chosen: {MASKED}", int(masked.sum()), pieces, rule.mask),
        Count(
            "of the chosen: another piece", int((chosen & ~masked & ~same).sum()), pieces, others
        ),
        Count("of the chosen: unchanged", int(same.sum()), pieces, 1 - rule.mask - others),
    ]
    whole = [
        Count(what, int(chosen[:, units].sum()), draws * int(units.sum()), rule.probability),
        *(count for count in fates if count.share or count.found),
        *_in_part(chosen, first, special, 0.0 if rule.whole_words else rule.probability),
    ]
    per_token = chosen.sum(dim=0).tolist()
    return MaskingCounts(
        draws=draws,
        whole=tuple(whole),
        tokens=tuple(
            None if never else Count(name, found, draws, rule.probability)
            for name, found, never in zip(names, per_token, special.tolist(), strict=True)
        ),
        names=tuple(names),
    )


def _in_part(
    chosen: torch.Tensor, first: torch.Tensor, special: torch.Tensor, probability: float
) -> list[Count]:
    """Words of several pieces of which some were chosen and some were not."""
    lengths = first[~special].bincount(minlength=len(first))
    words = [place for place, length in enumerate(lengths.tolist()) if length > 1]
    if not words:
        return []
    hidden = torch.zeros(len(chosen), len(first), dtype=torch.long)
    hidden.index_add_(1, first, chosen.long())
    found = (hidden[:, words] > 0) & (hidden[:, words] < lengths[words])
    sizes = lengths[words].tolist()
    shares = [1 - probability**size - (1 - probability) ** size for size in sizes]
    return [
        Count(
            "words of several pieces chosen in part",
            int(found.sum()),
            found.numel(),
            sum(shares) / len(shares),
        )
    ]


def counts_table(counts: MaskingCounts) -> Table:
    """All counts, then those of each token."""
    rows = [count.row for count in counts.whole]
    for position, (name, count) in enumerate(zip(counts.names, counts.tokens, strict=True)):
        row = count.row[1:] if count else ["0", str(counts.draws), "0.0", "never", "yes"]
        rows.append([f"position {position}: {plain(name)}", *row])
    return Table(HEADER, rows)
