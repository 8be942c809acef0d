"""What a masked language model puts into a blank."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from minbert import checks
from minbert.encoder import Encoder
from minbert.evaluating import evaluating, on_its_device
from minbert.heads import MaskedLanguageModelHead
from minbert.tokenizer import WordPieceTokenizer

BLANK = "[MASK]"


@dataclass(frozen=True)
class Guess:
    """One row of an answer: a piece that may stand in a blank."""

    blank: int
    """Which [MASK] of the text, counted from 0."""
    rank: int
    """1 for the most probable piece."""
    piece: str
    probability: float
    """From 0 to 1; those of all pieces sum to 1 in each blank."""


@torch.inference_mode()
def piece_probabilities(
    encoder: Encoder, head: MaskedLanguageModelHead, tokenizer: WordPieceTokenizer, text: str
) -> Float[Tensor, "blank vocabulary"]:
    """Probability of every piece in every blank of a text, dropout off.

    All blanks are predicted at once, from the same text: each is filled as if the others stayed
    empty. The models are given back in the mode they came in.

    Args:
        encoder, head: of one model; the head reads the encoder's word embeddings.
        tokenizer: the encoder's own.
        text: with at least one `[MASK]`, which stands for one piece, not for one word.

    Raises:
        ValueError: the text has no blank.
    """
    batch = tokenizer(text, max_length=encoder.config.max_position_embeddings)
    blanks = batch["input_ids"][0] == tokenizer.mask_id
    if not blanks.any():
        raise ValueError(f"a text needs at least one {BLANK} to be filled, got {text!r:.80}")
    with evaluating(encoder, head):
        states = encoder(**on_its_device(encoder, batch)).last_hidden_state
        masked = states[0, blanks.to(states.device)]
        logits = head(masked, encoder.embeddings.word_embeddings.weight)
    return logits.float().softmax(dim=-1).cpu()


def top_predictions(
    encoder: Encoder,
    head: MaskedLanguageModelHead,
    tokenizer: WordPieceTokenizer,
    text: str,
    k: int = 5,
) -> list[Guess]:
    """The k most probable pieces of every blank, in the order of the blanks.

    Args:
        encoder, head, tokenizer, text: as for `piece_probabilities`.
        k: pieces per blank, at least 1; more than the vocabulary has gives all of it.

    Raises:
        ValueError: the text has no blank, or k is below 1.
    """
    return best_guesses(piece_probabilities(encoder, head, tokenizer, text), tokenizer, k)


def best_guesses(
    probabilities: Float[Tensor, "blank vocabulary"], tokenizer: WordPieceTokenizer, k: int = 5
) -> list[Guess]:
    """The k most probable pieces of every blank, of probabilities that are known.

    Args:
        probabilities: of `piece_probabilities`.
        tokenizer, k: as for `top_predictions`.

    Raises:
        ValueError: k is below 1.
    """
    checks.whole("k", k, 1)
    best = probabilities.topk(min(k, probabilities.shape[-1]), dim=-1)
    return [
        Guess(blank, rank, piece, probability)
        for blank in range(len(probabilities))
        for rank, (piece, probability) in enumerate(
            zip(tokenizer.tokens(best.indices[blank]), best.values[blank].tolist(), strict=True),
            start=1,
        )
    ]
