"""One text masked: step by step, as it was drawn, and many times over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Int
from scipy.stats import binom
from torch import Tensor

from minbert.masking import IGNORE, mask_tokens
from minbert.tokenizer import Text, WordPieceTokenizer
from minbert.viz.table import Table
from minbert.viz.text import plain
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
        rule, probability: see `minbert.viz.explorers.masking.compute.mask`.
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
