"""Corrupting a sentence so that a model can learn by repairing it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from minbert import checks

IGNORE = -100
"""Label of a position that is not predicted; torch's cross-entropy skips it by default."""


def mask_tokens(
    ids: Int[Tensor, "batch seq"],
    generator: torch.Generator,
    *,
    mask_id: int,
    special_ids: Sequence[int],
    vocab_size: int | None = None,
    probability: float = 0.15,
    replace: float = 1.0,
    random: float = 0.0,
) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"]]:
    """Choose tokens to predict and hide them; the input is left as it was.

    Each token that is not special is chosen independently with `probability`. A chosen token
    becomes [MASK] with probability `replace`, a random piece with probability `random`, and stays
    as it is otherwise. Two draws are made, one that chooses and one that decides what happens:
    a single draw reused for both would make every chosen token a [MASK].

    Args:
        ids: word pieces, padding included.
        generator: the only source of randomness, on the CPU.
        mask_id: id of [MASK].
        special_ids: never chosen, never drawn at random: [PAD], [CLS], [SEP], [MASK], [UNK].
        vocab_size: number of pieces that a random replacement is drawn from; needed when
            `random` > 0.
        probability: of being chosen, per token.
        replace, random: fate of a chosen token. The paper: 1 and 0. BERT: .8 and .1.

    Returns:
        The corrupted ids, and labels: the original id where chosen, `IGNORE` elsewhere. A short
        row may have no chosen token at all.

    Raises:
        ValueError: a probability outside [0, 1], `random` > 0 without `vocab_size`, ids that are
            no batch of whole numbers, or one that the vocabulary does not have.

    Source: Devlin et al. (2019), task #1; the paper, section 4.2 (each token with .15).
    """
    _check(ids, generator, mask_id, special_ids, vocab_size)
    checks.within("probability", probability, "[0, 1]")
    checks.within("replace", replace, "[0, 1]")
    checks.within("random", random, "[0, 1]")
    checks.within("replace + random", replace + random, "[0, 1]", "they are parts of one whole")
    if random > 0 and vocab_size is None:
        raise ValueError(
            f"vocab_size must be a whole number where random > 0, got None with random {random}: "
            "random pieces are drawn from the vocabulary"
        )

    special = torch.tensor(sorted(special_ids), dtype=ids.dtype, device=ids.device)
    eligible = ~torch.isin(ids, special)
    chosen = (torch.rand(ids.shape, generator=generator).to(ids.device) < probability) & eligible
    fate = torch.rand(ids.shape, generator=generator).to(ids.device)

    labels = torch.where(chosen, ids, IGNORE)
    corrupted = torch.where(chosen & (fate < replace), mask_id, ids)
    if random > 0:
        ordinary = torch.ones(vocab_size, dtype=torch.bool)
        ordinary[special.cpu()] = False
        candidates = ordinary.nonzero().squeeze(-1)
        draw = torch.randint(len(candidates), ids.shape, generator=generator)
        at_random = chosen & (fate >= replace) & (fate < replace + random)
        corrupted = torch.where(at_random, candidates[draw].to(ids.device), corrupted)
    return corrupted, labels


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
