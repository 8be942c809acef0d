"""One text through an encoder: its attention, and what a prediction about it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minbert.analysis.attribution import ablation, cosine_to, gradient_size, score_of
from minbert.analysis.head_ablation import head_ablation
from minbert.encoder import Encoder, EncoderOutput
from minbert.evaluating import evaluating, on_its_device
from minbert.pooling import pool
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.attention.weights import Attention, as_attention


@dataclass(frozen=True)
class Reading:
    """A text as the encoder reads it."""

    tokens: tuple[str, ...]
    segments: tuple[int, ...]
    batch: dict[str, Tensor]
    left_out: int
    """Pieces of the text that are not read."""


def read_text(
    tokenizer: WordPieceTokenizer,
    texts: Sequence[str],
    most: int,
    device: torch.device | None = None,
) -> Reading:
    """Tokenise one sentence or a pair, quietly cut to its first pieces.

    Args:
        tokenizer: any.
        texts: one sentence, or two.
        most: pieces, special tokens included; the longer sentence of a pair is cut first.
        device: of the batch.
    """
    (encoding,) = tokenizer.uncut([tuple(texts) if len(texts) > 1 else texts[0]])
    owners = encoding.sequence_ids
    kept = [owners.count(number) for number in range(len(texts))]
    room = max(most - owners.count(None), 1)
    while sum(kept) > room:
        kept[int(np.argmax(kept))] -= 1
    starts = [owners.index(number) if number in owners else 0 for number in range(len(texts))]
    places = [
        place
        for place, owner in enumerate(owners)
        if owner is None or place - starts[owner] < kept[owner]
    ]
    ids, segments = ([values[p] for p in places] for values in (encoding.ids, encoding.type_ids))
    batch = {
        "input_ids": torch.tensor([ids], device=device),
        "attention_mask": torch.ones(1, len(ids), dtype=torch.long, device=device),
        "token_type_ids": torch.tensor([segments], device=device),
    }
    tokens = tuple(encoding.tokens[place] for place in places)
    return Reading(tokens, tuple(segments), batch, len(owners) - len(places))


def compute_attention(encoder: Encoder, reading: Reading) -> Attention:
    """All attention weights of one text, dropout off; the encoder is left as it was."""
    output = _encode(encoder, reading, return_attention=True)
    weights = torch.stack(output.attentions)[:, 0].double().cpu().numpy()
    return as_attention(weights, reading.tokens, reading.segments)


@dataclass(frozen=True)
class Prediction:
    """A cosine, and how it changes: without a token, without a head, for a small step."""

    cosine: float
    masked: Float[np.ndarray, " seq"]
    """Change when the token becomes [MASK]."""
    hidden: Float[np.ndarray, " seq"]
    """Change when nobody may look at the token and no mean counts it."""
    gradient: Float[np.ndarray, " seq"]
    """Length of the gradient at the token's embedding."""
    heads: Float[np.ndarray, "layer head"]
    """Change when the head's output is set to zero."""


def compute_prediction(
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    text: Reading,
    other: Reading,
    pooling: str = "mean",
) -> Prediction:
    """What the cosine of two texts' vectors depends on in `text`; `other` is held fixed.

    Args:
        encoder: any; left as it was.
        tokenizer: the encoder's own.
        text, other: from `read_text`.
        pooling: as for `minbert.pooling.pool`.
    """
    reference = _encode(encoder, other)
    mask = other.batch["attention_mask"].to(reference.pooled.device)
    vector = pool(reference, mask, pooling)[0]
    score = cosine_to(vector, pooling)
    return Prediction(
        cosine=float(score_of(encoder, text.batch, score)),
        masked=ablation(encoder, tokenizer, text.batch, score, "mask"),
        hidden=ablation(encoder, tokenizer, text.batch, score, "hide"),
        gradient=gradient_size(encoder, text.batch, score),
        heads=head_ablation(encoder, text.batch, score),
    )


@torch.no_grad()
def _encode(encoder: Encoder, reading: Reading, return_attention: bool = False) -> EncoderOutput:
    batch = on_its_device(encoder, reading.batch)
    with evaluating(encoder):
        return encoder(**batch, return_attention=return_attention)
