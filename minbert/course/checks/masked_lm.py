"""Checkers of 06_masked_language_model."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from minbert.course.checks.base import Verdict, judge_function
from minbert.losses import masked_language_model
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
        ids: Tensor, first: Tensor, second: Tensor, pieces: Tensor,
        spare: bool = True, masked: float = 0.8, random: float = 0.1, label_all: bool = False,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
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


def masked_loss(function: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """`function(logits, labels)`: mean negative log-probability where labels are not -100."""
    draw = torch.Generator().manual_seed(7)
    cases = []
    for shape, vocabulary in (((6,), 4), ((2, 9), 30)):
        logits = 2 * torch.randn(*shape, vocabulary, generator=draw)
        labels = torch.randint(0, vocabulary, shape, generator=draw)
        labels[torch.rand(shape, generator=draw) < 0.6] = IGNORE
        labels.view(-1)[0] = 1
        cases.append((logits, labels))

    def picked(scores: Tensor, labels: Tensor) -> Tensor:
        flat, wanted = scores.flatten(0, -2), labels.flatten()
        return flat[wanted != IGNORE].gather(-1, wanted[wanted != IGNORE][:, None]).squeeze(-1)

    def log_probabilities(logits: Tensor, labels: Tensor) -> Tensor:
        return picked(logits.log_softmax(-1), labels)

    return judge_function(
        function,
        masked_language_model,
        cases,
        mistakes={
            "the sum over the chosen positions is divided by the number of all positions": (
                lambda x, y: -log_probabilities(x, y).sum() / y.numel()
            ),
            "this is the sum; divide by the number of chosen positions": (
                lambda x, y: -log_probabilities(x, y).sum()
            ),
            "the minus is missing: a loss is not negative": (
                lambda x, y: log_probabilities(x, y).mean()
            ),
            "softmax is missing: a logit is not a log-probability": (
                lambda x, y: -picked(x, y).mean()
            ),
            "this is 1 minus the mean probability of the right piece; take its logarithm": (
                lambda x, y: 1 - log_probabilities(x, y).exp().mean()
            ),
            "this is in bits: the logarithm has base 2, nats have base e": (
                lambda x, y: -log_probabilities(x, y).mean() / torch.tensor(2.0).log()
            ),
            "positions labelled -100 count as if piece 0 were wanted there: leave them out": (
                lambda x, y: F.cross_entropy(x.flatten(0, -2), y.flatten().clamp(min=0))
            ),
            "-100 was used as an index from the end: leave those positions out": (
                lambda x, y: F.cross_entropy(x.flatten(0, -2), y.flatten() % x.shape[-1])
            ),
        },
        praise="the mean over the chosen positions alone, in nats.",
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
