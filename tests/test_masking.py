"""Masking: what is chosen, how often, and that the input stays as it was."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from minbert.masking import IGNORE, MaskingRule, mask_tokens

PAD, UNK, CLS, SEP, MASK = SPECIAL = (0, 1, 2, 3, 4)
VOCABULARY = 1000


def sentences(rows: int = 400, width: int = 60) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, VOCABULARY, (rows, width), generator=generator)
    ids[:, 0], ids[:, -10], ids[:, -9:] = CLS, SEP, PAD
    return ids


def corrupt(ids: torch.Tensor, seed: int = 1, **options: float) -> tuple[torch.Tensor, ...]:
    return mask_tokens(
        ids,
        torch.Generator().manual_seed(seed),
        MaskingRule(**options),
        mask_id=MASK,
        special_ids=SPECIAL,
        vocab_size=VOCABULARY,
    )


def within_bounds(count: int, total: int, probability: float) -> bool:
    """Whether a count is what chance allows, at one error in a million."""
    return stats.binomtest(count, total, probability).pvalue > 1e-6


def test_paper_rule_masks_fifteen_percent_and_always_with_mask() -> None:
    ids = sentences()
    before = ids.clone()
    corrupted, labels = corrupt(ids)
    chosen = labels != IGNORE
    assert torch.equal(ids, before)
    assert (corrupted[chosen] == MASK).all()
    assert torch.equal(corrupted[~chosen], ids[~chosen])
    assert torch.equal(labels[chosen], ids[chosen])
    eligible = int((ids > MASK).sum())
    assert within_bounds(int(chosen.sum()), eligible, 0.15)


def test_special_tokens_are_never_chosen() -> None:
    ids = sentences()
    _, labels = corrupt(ids, probability=1.0)
    assert torch.equal(labels != IGNORE, ids > MASK)


def test_bert_rule_has_its_three_shares() -> None:
    ids = sentences()
    corrupted, labels = corrupt(ids, mask=0.8, random=0.1)
    chosen = labels != IGNORE
    total = int(chosen.sum())
    masked = chosen & (corrupted == MASK)
    kept = chosen & (corrupted == ids)
    other = chosen & ~masked & ~kept
    # One draw used both to choose and to decide would make every chosen token a [MASK].
    assert within_bounds(int(masked.sum()), total, 0.8)
    assert within_bounds(int(other.sum()), total, 0.1 * (1 - 1 / (VOCABULARY - len(SPECIAL))))
    assert within_bounds(int(kept.sum()), total, 0.1 * (1 + 1 / (VOCABULARY - len(SPECIAL))))
    assert (corrupted[other] > MASK).all()


def test_tokens_are_chosen_independently() -> None:
    _, labels = corrupt(sentences())
    chosen = (labels != IGNORE)[:, 1:50].float()
    neighbours = torch.corrcoef(torch.stack([chosen[:, :-1].ravel(), chosen[:, 1:].ravel()]))[0, 1]
    assert abs(neighbours.item()) < 5 / chosen.numel() ** 0.5
    # "Each token with 15 %" varies from row to row; "15 % of the tokens" would not.
    assert chosen.sum(dim=1).std() > 1.5


def test_the_generator_decides_alone() -> None:
    ids = sentences(20)
    assert all(torch.equal(a, b) for a, b in zip(corrupt(ids, 5), corrupt(ids, 5), strict=True))
    assert not torch.equal(corrupt(ids, 5)[1], corrupt(ids, 6)[1])


@pytest.mark.parametrize(
    "options", [{"probability": 1.5}, {"mask": -0.1}, {"mask": 0.9, "random": 0.2}]
)
def test_wrong_probabilities_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        corrupt(sentences(2), **options)


def test_random_replacement_needs_a_vocabulary() -> None:
    with pytest.raises(ValueError, match="vocab_size"):
        mask_tokens(
            sentences(2),
            torch.Generator(),
            MaskingRule(mask=0.8, random=0.1),
            mask_id=MASK,
            special_ids=SPECIAL,
        )
