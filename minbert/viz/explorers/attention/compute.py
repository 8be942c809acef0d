"""Attention of a sentence or a pair, and what a model predicts with a head silenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minbert.analysis.ablation import head_ablation
from minbert.analysis.attention import attention_entropy, offset_weight, rollout
from minbert.analysis.attribution import ablation, cosine_to, gradient_size, score_of
from minbert.encoder import Encoder, EncoderOutput
from minbert.evaluating import evaluating, on_its_device
from minbert.pooling import pool
from minbert.tokenizer import WordPieceTokenizer

SPECIAL = ("[CLS]", "[SEP]")
SUM_TOLERANCE = 0.02
"""How far a row may be from 1: weights in half precision are."""


@dataclass(frozen=True)
class Attention:
    """Attention weights of one text, in all layers and heads."""

    tokens: tuple[str, ...]
    positions: tuple[int, ...]
    """Of the tokens, in the text."""
    segments: tuple[int, ...]
    """0 first sentence, 1 second."""
    weights: Float[np.ndarray, "layer head seq seq"]
    rollouts: Float[np.ndarray, "layer seq seq"]
    """From the embeddings up to each layer: see `minbert.analysis.attention.rollout`."""

    @property
    def silent_rows(self) -> int:
        """Rows without any weight: there was none but on tokens that are hidden."""
        return int((self.weights.sum(axis=-1) == 0).sum())

    def without_special(self) -> Attention:
        """The same without [CLS] and [SEP]: their rows and columns go, the other rows are divided
        by what is left of them, so that they sum to 1 again.

        Raises:
            ValueError: there is no other token.
        """
        keep = [place for place, token in enumerate(self.tokens) if token not in SPECIAL]
        if not keep:
            raise ValueError("without [CLS] and [SEP] no token is left: type a word")

        def inner(weights: np.ndarray) -> np.ndarray:
            part = weights[..., keep, :][..., keep]
            total = part.sum(axis=-1, keepdims=True)
            return np.divide(part, total, out=np.zeros_like(part), where=total > 0)

        tokens, positions, segments = (
            tuple(values[place] for place in keep)
            for values in (self.tokens, self.positions, self.segments)
        )
        return Attention(tokens, positions, segments, inner(self.weights), inner(self.rollouts))


def as_attention(
    weights: Float[np.ndarray, "layer head seq seq"],
    tokens: Sequence[str],
    segments: Sequence[int] | None = None,
) -> Attention:
    """Weights with the names of their tokens; all of the first sentence without `segments`."""
    rollouts = np.stack([rollout(weights[: layer + 1]) for layer in range(len(weights))])
    segments = tuple(segments) if segments is not None else (0,) * len(tokens)
    return Attention(tuple(tokens), tuple(range(len(tokens))), segments, weights, rollouts)


def given_attention(
    attentions: Sequence[Tensor | np.ndarray] | Tensor | np.ndarray, tokens: Sequence[str]
) -> Attention:
    """Attention weights of any model, checked.

    Args:
        attentions: per layer (head, seq, seq) or (1, head, seq, seq), as `output_attentions=True`
            gives it in transformers; or all in one array (layer, head, seq, seq).
        tokens: of the text, one name a row.

    Raises:
        ValueError: a shape is another one, the layers differ, there are more or fewer tokens than
            rows, or a row is negative, not finite or does not sum to 1.
    """
    layers = [_layer(weights, number) for number, weights in enumerate(attentions)]
    if not layers:
        raise ValueError("expected the attention weights of at least one layer, got none")
    shapes = {weights.shape for weights in layers}
    if len(shapes) > 1:
        raise ValueError(f"all layers must have one shape (head, seq, seq), got {sorted(shapes)}")
    if isinstance(tokens, str) or len(tokens) != layers[0].shape[-1]:
        got = "one string" if isinstance(tokens, str) else f"{len(tokens)} tokens"
        raise ValueError(
            f"expected a list of {layers[0].shape[-1]} tokens, one for each row of weights, got "
            f"{got}: special tokens and padding count"
        )
    stacked = np.stack(layers)
    off = np.abs(stacked.sum(axis=-1) - 1)
    wrong = ~(off <= SUM_TOLERANCE) | (stacked < 0).any(axis=-1)
    if wrong.any():
        layer, head, row = np.argwhere(wrong)[0]
        raise ValueError(
            f"each row of weights must be positive and sum to 1; row {row} of layer {layer}, head "
            f"{head} sums to {stacked[layer, head, row].sum():.3g}: are these scores before "
            "softmax, weights after dropout, or was padding cut off?"
        )
    return as_attention(stacked, [str(token) for token in tokens])


def _layer(weights: Tensor | np.ndarray | None, number: int) -> np.ndarray:
    if weights is None:
        raise ValueError(
            f"layer {number} has no weights: load the model with attn_implementation='eager' and "
            "call it with output_attentions=True"
        )
    array = torch.as_tensor(weights).detach().double().cpu().numpy()
    if array.ndim == 4 and len(array) == 1:
        array = array[0]
    if array.ndim != 3 or array.shape[1] != array.shape[2] or not array.size:
        raise ValueError(
            f"layer {number}: expected the shape (head, seq, seq) or (1, head, seq, seq), of one "
            f"text, got {tuple(array.shape)}"
        )
    return array


def mean_entropy(
    weights: Float[np.ndarray, "*heads seq seq"],
) -> Float[np.ndarray, "*heads"] | float:
    """Mean entropy of the rows, in nats; from 0 (one token gets all) to ln(seq) (all get the same).

    Rows without any weight do not count.
    """
    spoken = weights.sum(axis=-1) > 0
    total = (attention_entropy(weights) * spoken).sum(axis=-1)
    return total / np.maximum(spoken.sum(axis=-1), 1)


def head_habits(attention: Attention) -> dict[str, Float[np.ndarray, "layer head"]]:
    """Where the weight of each head goes, from 0 to 1, the mean over attending tokens.

    By name: the token itself and its neighbours (over the tokens that have one), [CLS], [SEP], and
    of a pair the other sentence. Names that do not occur in this text are left out.
    """
    weights, tokens = attention.weights, np.array(attention.tokens, dtype=object)
    offsets = {"itself": 0, "previous token": -1, "next token": 1}
    habits = {
        name: offset_weight(weights, offset)
        for name, offset in offsets.items()
        if abs(offset) < len(tokens)
    }
    for name in SPECIAL:
        if (tokens == name).any():
            habits[name] = weights[..., tokens == name].sum(axis=-1).mean(axis=-1)
    segments = np.array(attention.segments)
    other = segments[:, None] != segments
    if other.any():
        habits["other sentence"] = (weights * other).sum(axis=-1).mean(axis=-1)
    return habits


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
class Dependence:
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


def compute_dependence(
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    text: Reading,
    other: Reading,
    pooling: str = "mean",
) -> Dependence:
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
    return Dependence(
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
