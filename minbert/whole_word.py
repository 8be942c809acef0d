"""Whole word masking: what is chosen is a word, with all of its pieces."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from minbert.masking import mask_tokens

CONTINUES = "##"
"""Begins every piece that goes on with the word of the piece before it."""


def word_starts(tokens: Sequence[str]) -> Bool[Tensor, " seq"]:
    """Where a word begins: at each piece without `##`, special tokens and marks included."""
    return torch.tensor([not token.startswith(CONTINUES) for token in tokens], dtype=torch.bool)


def mask_whole_words(
    ids: Int[Tensor, "batch seq"],
    starts: Bool[Tensor, " seq"],
    generator: torch.Generator,
    *,
    mask_id: int,
    special_ids: Sequence[int],
    vocab_size: int | None = None,
    probability: float = 0.15,
    replace: float = 1.0,
    random: float = 0.0,
) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"]]:
    """Choose words to predict and hide their pieces; the input is left as it was.

    Each word is chosen independently with `probability`: all of its pieces have the draw of the
    first one. A piece is as likely to be chosen as under `mask_tokens`, but its neighbours within
    the word no longer give it away. What becomes of a chosen piece is drawn piece by piece, by
    `mask_tokens`; each piece is to be predicted on its own.

    Neither the paper nor any recipe of this package masks like this: it is here to be compared.

    Args:
        ids: word pieces of one text; several rows are as many maskings of that text.
        starts: where a word begins, see `word_starts`; the same for all rows.
        generator: the only source of randomness, on the CPU.
        mask_id, special_ids, vocab_size, probability, replace, random: as for `mask_tokens`.

    Returns:
        As `mask_tokens`: corrupted ids, and labels.

    Raises:
        ValueError: see `mask_tokens`; or `starts` has another length than the rows.

    Source: google-research/bert, models and code of May 2019, where words are taken until 15 % of
    the tokens are reached; here each has .15, as in the paper's rule for tokens. Cui et al. (2019),
    Pre-training with whole word masking for Chinese BERT.
    """
    if starts.shape != ids.shape[-1:]:
        raise ValueError(
            f"starts must say of each of the {ids.shape[-1]} tokens whether a word begins there, "
            f"got {len(starts)} values"
        )
    draws = torch.rand(ids.shape, generator=generator)[:, first_pieces(starts)].to(ids.device)
    shielded = torch.where(draws < probability, ids, special_ids[0])
    corrupted, labels = mask_tokens(
        shielded, generator, mask_id=mask_id, special_ids=special_ids, vocab_size=vocab_size,
        probability=1.0, replace=replace, random=random,
    )  # fmt: skip
    return torch.where(draws < probability, corrupted, ids), labels


def first_pieces(starts: Bool[Tensor, " seq"]) -> Int[Tensor, " seq"]:
    """Of each piece, the place of its word's first one; the first token always begins a word."""
    places = torch.arange(len(starts))
    return torch.where(starts, places, 0).cummax(dim=0).values
