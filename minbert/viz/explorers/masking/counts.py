"""Masking the same text many times: what is counted, beside what chance lets expect."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from scipy.stats import binom

from minbert.masking import IGNORE
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.masking.steps import MASKED, MaskingRule, mask
from minbert.viz.table import Table
from minbert.viz.text import plain
from minbert.whole_word import first_pieces, word_starts

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
            plain(self.name), f"{self.found:,}", f"{self.trials:,}", f"{self.expected:,.1f}",
            f"{low:,} to {high:,}", "yes" if self.inside else "no",
        ]  # fmt: skip


@lru_cache(maxsize=1000)
def binomial_interval(trials: int, share: float) -> tuple[int, int]:
    """The ends of the central 95 % of a binomial distribution, both included."""
    if not trials:
        return 0, 0
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
    probability: float = 0.15,
    seed: int = 0,
    draws: int = 400,
) -> MaskingCounts:
    """Mask a text `draws` times in one go.

    Args:
        ids: its word pieces, special tokens included.
        tokenizer: which made them.
        rule, probability: see `minbert.viz.explorers.masking.steps.mask`.
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
    corrupted, labels = mask(
        copies, tokenizer, torch.Generator().manual_seed(seed), rule, probability
    )
    chosen = labels != IGNORE
    first = first_pieces(word_starts(names))
    units = (first == torch.arange(len(ids))) & ~special if rule.whole_words else ~special
    what = "words chosen" if rule.whole_words else "tokens chosen"
    pieces, masked = int(chosen.sum()), chosen & (corrupted == tokenizer.mask_id)
    same = chosen & (corrupted == copies)
    others = rule.random * (1 - 1 / (tokenizer.vocab_size - len(tokenizer.special_ids)))
    fates = [
        Count(f"of the chosen: {MASKED}", int(masked.sum()), pieces, rule.replace),
        Count(
            "of the chosen: another piece", int((chosen & ~masked & ~same).sum()), pieces, others
        ),
        Count("of the chosen: unchanged", int(same.sum()), pieces, 1 - rule.replace - others),
    ]
    whole = [
        Count(what, int(chosen[:, units].sum()), draws * int(units.sum()), probability),
        *(count for count in fates if count.share or count.found),
        *_in_part(chosen, first, special, 0.0 if rule.whole_words else probability),
    ]
    per_token = chosen.sum(dim=0).tolist()
    return MaskingCounts(
        draws=draws,
        whole=tuple(whole),
        tokens=tuple(
            None if never else Count(name, found, draws, probability)
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
            "words of several pieces chosen in part", int(found.sum()), found.numel(),
            sum(shares) / len(shares),
        )
    ]  # fmt: skip


def counts_table(counts: MaskingCounts) -> Table:
    """All counts, then those of each token."""
    rows = [count.row for count in counts.whole]
    for position, (name, count) in enumerate(zip(counts.names, counts.tokens, strict=True)):
        row = count.row[1:] if count else ["0", str(counts.draws), "0.0", "never", "yes"]
        rows.append([f"position {position}: {plain(name)}", *row])
    return Table(HEADER, rows)
