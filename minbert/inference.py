"""Sentences to vectors, for those who want nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minbert import checks
from minbert.data.batching import budget_for, pad_batch, within_budget
from minbert.encoder import Encoder, EncoderOutput
from minbert.evaluating import evaluating
from minbert.multitask import MultitaskBert
from minbert.pooling import EVERY_POOLING, pool
from minbert.precision import autocast, resolve_precision
from minbert.threads import adapted, most_threads
from minbert.tokenizer import WordPieceTokenizer

CHUNK = 8192
"""Sentences tokenised and sorted by length at a time; bounds memory on endless input."""


def encode(
    sentences: Iterable[str],
    encoder: Encoder | MultitaskBert,
    tokenizer: WordPieceTokenizer,
    pooling: str | None = None,
    precision: str = "auto",
    token_budget: int | None = None,
) -> np.ndarray:
    """Encode sentences with dropout off; the encoder's training mode is given back as it was.

    Sentences of similar length share a batch, so little is padded; the order of the result is
    that of the input. Without `pooling` all is done that the model's sentence-transformers files
    ask for: pooling, a prompt before each sentence, vectors of length 1.

    Args:
        sentences: any iterable of strings; it is read in chunks.
        encoder: runs on the device it is on. Of a multitask model the encoder is taken, with the
            pooling that the heads read.
        tokenizer: the encoder's own; longer sentences than the model is meant for, or has
            positions for, are cut, which the log says.
        pooling: one of `minbert.pooling.EVERY_POOLING`, for its bare vectors; without, the one
            that the model was made for, or `mean` where nobody knows.
        precision: `auto` (bf16 where the device multiplies it fast), `fp32`, `bf16`; vectors keep
            a cosine of at least .999 to those of fp32.
        token_budget: padded word pieces per batch; without, what suits the device.

    Returns:
        (n, hidden_size) float32.

    Raises:
        ValueError: an unknown pooling or precision, a budget below 1, a sentence that is no string
            (a pair has no one vector; the sentence says which it is), or a tokenizer of another
            encoder.
    """
    meant = getattr(encoder, "sentence_settings", None) if pooling is None else None
    pooling = encoder.pooling or "mean" if pooling is None else pooling
    checks.one_of("pooling", pooling, EVERY_POOLING)
    _check_sentences(sentences)
    if token_budget is not None:
        checks.whole("token_budget", token_budget, 1, "padded word pieces of one batch")
    encoder = encoder.encoder if isinstance(encoder, MultitaskBert) else encoder
    precision = resolve_precision(precision, encoder.pooler.dense.weight.device)
    parts = [
        encode_rows(
            tokenizer.encode(chunk, max_length=longest_row(encoder, tokenizer)),
            encoder,
            tokenizer.pad_id,
            pooled_as(pooling),
            precision=precision,
            token_budget=token_budget,
        ).numpy()
        for chunk in _chunks(sentences, meant.prompt if meant else "")
    ]
    if not parts:
        return np.zeros((0, encoder.config.hidden_size), dtype=np.float32)
    vectors = np.concatenate(parts)
    if meant is not None and meant.normalize:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-12)
    return vectors


def _check_sentences(sentences: Iterable[str]) -> None:
    """Several things in an order; whether each is a sentence is seen when it is read."""
    if isinstance(sentences, str | bytes | Mapping | Set) or not isinstance(sentences, Iterable):
        why = {str: "one string: put it into a list", bytes: "bytes: decode them first"}
        got = why.get(type(sentences), f"{type(sentences).__name__} {sentences!r:.60}")
        raise ValueError(f"sentences must be several strings in an order, got {got}")


def _chunks(sentences: Iterable[str], prompt: str) -> Iterator[list[str]]:
    iterator, before = iter(sentences), 0
    while chunk := list(islice(iterator, CHUNK)):
        for place, sentence in enumerate(chunk, before):
            _check_sentence(sentence, place)
        yield [prompt + sentence for sentence in chunk] if prompt else chunk
        before += len(chunk)


def _check_sentence(sentence: str, place: int) -> None:
    where = f"at place {place}, counted from 0"
    if not isinstance(sentence, str):
        got = f"{type(sentence).__name__} {sentence!r:.60}"
        pair = isinstance(sentence, tuple | list)
        cause = ": a pair has no one vector, encode its sentences one by one" if pair else ""
        raise ValueError(f"sentences must be strings, got {got} {where}{cause}")
    try:
        sentence.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"sentences must be whole letters, got half a letter (a lone surrogate) in "
            f"{sentence!a:.60} {where}: it was decoded from bytes that are not UTF-8"
        ) from None


def longest_row(encoder: Encoder, tokenizer: WordPieceTokenizer) -> int:
    """Word pieces of the longest row a model is meant for; never more than it has positions."""
    settings = getattr(encoder, "sentence_settings", None)
    meant = settings.max_length if settings is not None else None
    return min(meant or tokenizer.model_max_length, encoder.config.max_position_embeddings)


Read = Callable[[EncoderOutput, Tensor | None], Tensor]
"""From an encoder's output and its mask to vectors, (..., batch, hidden): `pool`, or any other."""


@torch.inference_mode()
def encode_rows(
    rows: Sequence[Sequence[int]],
    encoder: Encoder,
    pad_id: int,
    read: Read,
    *,
    segments: Sequence[Sequence[int]] | None = None,
    precision: str = "fp32",
    token_budget: int | None = None,
    done: Callable[[int], None] = lambda count: None,
) -> Float[Tensor, "*layers row hidden"]:
    """Vectors of tokenised texts, dropout off: what everything that encodes comes down to.

    Sentences of similar length share a batch, so little is padded. The encoder's training mode is
    given back as it was.

    Args:
        rows: word pieces of each sentence, special tokens included.
        encoder: runs on the device it is on.
        pad_id: fills short rows up.
        read: which layers, and how their tokens become one vector.
        segments: of each piece, 0 in a first sentence and 1 in a second; None: no row is a pair.
        precision: `fp32` or `bf16`, as `minbert.precision.resolve_precision` gives it.
        token_budget: padded word pieces per batch; without, what suits the device.
        done: hears how many sentences each batch had.

    Returns:
        float32 on the CPU, in the order of `rows`.
    """
    device = encoder.pooler.dense.weight.device
    lengths = [len(row) for row in rows]
    by_length = sorted(range(len(rows)), key=lengths.__getitem__)
    vectors: Tensor | None = None
    with evaluating(encoder), adapted(most_threads(encoder.config.hidden_size)) as threads:
        for batch in within_budget(by_length, lengths, token_budget or budget_for(device)):
            input_ids, mask = pad_batch([rows[row] for row in batch], pad_id)
            attention_mask = None if bool(mask.all()) else mask.to(device)
            token_types = None
            if segments is not None:
                token_types = pad_batch([segments[row] for row in batch], 0)[0].to(device)
            with autocast(precision, device):
                output = encoder(input_ids.to(device), attention_mask, token_types)
                found = read(output, attention_mask)
            if vectors is None:
                vectors = torch.empty(*found.shape[:-2], len(rows), found.shape[-1])
            vectors[..., batch, :] = found.float().cpu()
            done(len(batch))
            threads.adapt()
    return torch.empty(0, encoder.config.hidden_size) if vectors is None else vectors


def pooled_as(pooling: str) -> Read:
    """Reads one vector a sentence from the last layer: see `minbert.pooling.pool`."""
    return lambda output, mask: pool(output, mask, pooling)
