"""Checkers of 06_masked_language_model and 06b_in_domain_pretraining."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from minbert.analysis.blanks import frequency_loss as library_loss
from minbert.course.checks.base import Verdict, judge_function
from minbert.masking import IGNORE

MASK, SPECIAL_BELOW, VOCABULARY = 4, 5, 100


def corrupt(function: Callable[..., tuple[Tensor, Tensor]]) -> Verdict:
    """`function(ids, first, second, pieces)`: BERT's 80/10/10 from ready-made draws.

    Ids below 5 are special and 4 is [MASK]. Returns (corrupted, labels).
    """
    draw = torch.Generator().manual_seed(6)
    cases = []
    for shape in ((2, 40), (3, 60)):
        ids = torch.randint(SPECIAL_BELOW, VOCABULARY, shape, generator=draw)
        ids[:, 0], ids[:, -3], ids[:, -2:] = 2, 3, 0
        first, second = (torch.rand(shape, generator=draw) for _ in range(2))
        first[:, 0] = first[:, -1] = 0.01  # special tokens whose draw is low
        pieces = torch.randint(SPECIAL_BELOW, VOCABULARY, shape, generator=draw)
        cases.append((ids, first, second, pieces))

    def rule(
        ids: Tensor,
        first: Tensor,
        second: Tensor,
        pieces: Tensor,
        spare: bool = True,
        masked: float = 0.8,
        random: float = 0.1,
        label_all: bool = False,
    ) -> tuple[Tensor, Tensor]:
        chosen = first < 0.15
        if spare:
            chosen = chosen & (ids >= SPECIAL_BELOW)
        corrupted = torch.where(chosen & (second < masked), MASK, ids)
        at_random = chosen & (second >= masked) & (second < masked + random)
        corrupted = torch.where(at_random, pieces, corrupted)
        return corrupted, ids if label_all else torch.where(chosen, ids, IGNORE)

    def labels_from_corrupted(*case: Tensor) -> tuple[Tensor, Tensor]:
        corrupted, labels = rule(*case)
        return corrupted, torch.where(labels != IGNORE, corrupted, IGNORE)

    def only_changed(*case: Tensor) -> tuple[Tensor, Tensor]:
        corrupted, labels = rule(*case)
        return corrupted, torch.where(corrupted != case[0], labels, IGNORE)

    return judge_function(
        function,
        rule,
        cases,
        mistakes={
            "every chosen token becomes [MASK]. If you wanted BERT's shares, one draw decides both "
            "questions: whatever is below .15 is below .8 as well. Let `second` decide the fate": (
                lambda ids, first, second, pieces: rule(ids, first, first, pieces)
            ),
            "special tokens are chosen too: nobody should have to predict a [PAD]": (
                lambda *case: rule(*case, spare=False)
            ),
            "all positions are labelled: then the loss runs over tokens that can be read off": (
                lambda *case: rule(*case, label_all=True)
            ),
            "the labels are the corrupted ids: the answer to a [MASK] is not [MASK]": (
                labels_from_corrupted
            ),
            "tokens that are chosen and kept have no label: they are to be predicted as well": (
                only_changed
            ),
            "the shares of [MASK] and of random pieces are swapped": (
                lambda *case: rule(*case, masked=0.1, random=0.8)
            ),
        },
        praise="two draws, one that chooses and one that decides; the kept ones are predicted too.",
    )


def shares(function: Callable[[float, float], tuple[float, float, float]]) -> Verdict:
    """`function(random, keep)`: shares of chosen tokens that become [MASK], random, kept.

    Two independent draws with the given probabilities; where both hit, the random piece wins.
    """
    return judge_function(
        function,
        lambda random, keep: ((1 - random) * (1 - keep), random, keep * (1 - random)),
        [(0.1, 0.1), (0.5, 0.2), (0.0, 0.3)],
        mistakes={
            "these are the shares that were intended; two independent draws can both hit": (
                lambda random, keep: (1 - random - keep, random, keep)
            ),
            "where both draws hit, the random piece is written last and wins; here it loses": (
                lambda random, keep: ((1 - random) * (1 - keep), random * (1 - keep), keep)
            ),
            "tokens that both draws hit are in no share: the three must sum to 1": (
                lambda random, keep: (
                    (1 - random) * (1 - keep),
                    random * (1 - keep),
                    keep * (1 - random),
                )
            ),
            "tokens that both draws hit are counted twice: the three must sum to 1": (
                lambda random, keep: ((1 - random) * (1 - keep), random, keep)
            ),
        },
        praise="with .1 and .1 that is .81, .10 and .09: close enough that nobody looks.",
    )


def perplexity_per_word(function: Callable[[float, int, int], float]) -> Verdict:
    """`function(nats, pieces, words)`: perplexity per word, of the mean loss per piece."""
    return judge_function(
        function,
        lambda nats, pieces, words: math.exp(nats * pieces / words),
        [(2.0, 15, 10), (0.5, 8, 8), (1.2, 30, 12)],
        mistakes={
            "this is the perplexity per piece: a word costs what all of its pieces cost": (
                lambda nats, pieces, words: math.exp(nats)
            ),
            "this is the loss per word, in nats; the perplexity is e to that power": (
                lambda nats, pieces, words: nats * pieces / words
            ),
            "pieces and words are swapped: a text has at least as many pieces as words": (
                lambda nats, pieces, words: math.exp(nats * words / pieces)
            ),
            "the perplexity per piece was multiplied; the losses of a word's pieces are added, so "
            "multiply the loss, then take e to that power": (
                lambda nats, pieces, words: math.exp(nats) * pieces / words
            ),
            "the loss is in nats: the base is e, not 2": (
                lambda nats, pieces, words: 2 ** (nats * pieces / words)
            ),
        },
        praise="only per word can models with different vocabularies be compared.",
    )


def frequency_loss(function: Callable[[Tensor, Tensor], float]) -> Verdict:
    """`function(counts, known)`: loss on counted words of a model that knows other frequencies."""
    cases = [
        (torch.tensor([3.0, 1.0, 0.0, 4.0]), torch.tensor([10.0, 0.0, 5.0, 1.0])),
        (torch.tensor([1.0, 1.0]), torch.tensor([7.0, 1.0])),
    ]

    def shares(counts: Tensor) -> Tensor:
        return counts / counts.sum()

    def answer(counts: Tensor, known: Tensor) -> Tensor | None:
        found = function(counts, known)
        return None if found is None or found is Ellipsis else torch.as_tensor(found)

    def paid(q: Tensor, p: Tensor) -> Tensor:
        return -(q * p.log()).sum()

    return judge_function(
        answer,
        lambda counts, known: torch.tensor(library_loss(counts, known)),
        cases,
        mistakes={
            "nothing was added to the known counts: a piece that was never seen costs infinitely "
            "much": lambda counts, known: paid(shares(counts), shares(known)),
            "1 was added to each known count; it should be .1": (
                lambda counts, known: paid(shares(counts), shares(known + 1))
            ),
            ".1 was added, but the shares do not sum to 1: add first, divide afterwards": (
                lambda counts, known: paid(shares(counts), (known + 0.1) / known.sum())
            ),
            "this is the sum over all words; divide the counts by their sum": (
                lambda counts, known: paid(counts, shares(known + 0.1))
            ),
            "the two texts are swapped: weigh by the words that are paid for": (
                lambda counts, known: paid(shares(known), shares(counts + 0.1))
            ),
            "the minus is missing: a loss is not negative": (
                lambda counts, known: -paid(shares(counts), shares(known + 0.1))
            ),
            "this is the entropy of the words that are paid for: a model that knew *their* "
            "frequencies would pay that": (
                lambda counts, known: torch.special.entr(shares(counts)).sum()
            ),
        },
        praise="this is the bar: whoever pays less has read, not only counted.",
    )
