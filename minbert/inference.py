"""Sentences to vectors, for those who want nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch

from minbert.data.batching import budget_for, pad_batch, within_budget
from minbert.encoder import Encoder
from minbert.pooling import EVERY_POOLING, pool
from minbert.precision import autocast, resolve_precision
from minbert.threads import Threads, adapted, most_threads
from minbert.tokenizer import WordPieceTokenizer

CHUNK = 8192
"""Sentences tokenised and sorted by length at a time; bounds memory on endless input."""


def encode(
    sentences: Iterable[str],
    encoder: Encoder,
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
        encoder: runs on the device it is on.
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
        ValueError: an unknown pooling or precision, or a sentence that is no string.
    """
    if isinstance(sentences, str):
        raise ValueError("sentences must be several strings, got one string: put it into a list")
    meant = getattr(encoder, "sentence_settings", None) if pooling is None else None
    if pooling is None:
        pooling = getattr(encoder, "pooling", None) or "mean"
    if pooling not in EVERY_POOLING:
        raise ValueError(f"pooling must be one of {', '.join(EVERY_POOLING)}, got {pooling!r}")
    if meant is not None and meant.prompt:
        sentences = (meant.prompt + sentence for sentence in sentences)
    device = encoder.pooler.dense.weight.device
    precision = resolve_precision(precision, device)
    token_budget = token_budget or budget_for(device)
    was_training = encoder.training
    encoder.eval()
    try:
        with adapted(most_threads(encoder.config.hidden_size)) as threads:
            parts = [
                _encode_chunk(
                    chunk, encoder, tokenizer, pooling, precision, device, token_budget, threads
                )
                for chunk in _chunks(sentences)
            ]
    finally:
        encoder.train(was_training)
    if not parts:
        return np.zeros((0, encoder.config.hidden_size), dtype=np.float32)
    vectors = np.concatenate(parts)
    if meant is not None and meant.normalize:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-12)
    return vectors


def _chunks(sentences: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(sentences)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def longest_row(encoder: Encoder, tokenizer: WordPieceTokenizer) -> int:
    """Word pieces of the longest row a model is meant for; never more than it has positions."""
    settings = getattr(encoder, "sentence_settings", None)
    meant = settings.max_length if settings is not None else None
    return min(meant or tokenizer.model_max_length, encoder.config.max_position_embeddings)


@torch.inference_mode()
def _encode_chunk(
    sentences: list[str],
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    pooling: str,
    precision: str,
    device: torch.device,
    token_budget: int,
    threads: Threads,
) -> np.ndarray:
    ids = tokenizer.encode(sentences, max_length=longest_row(encoder, tokenizer))
    vectors = torch.empty(len(ids), encoder.config.hidden_size)
    lengths = [len(row) for row in ids]
    by_length = sorted(range(len(ids)), key=lengths.__getitem__)
    for batch in within_budget(by_length, lengths, token_budget):
        input_ids, mask = pad_batch([ids[row] for row in batch], tokenizer.pad_id)
        attention_mask = None if bool(mask.all()) else mask.to(device)
        with autocast(precision, device):
            output = encoder(input_ids.to(device), attention_mask)
            pooled = pool(output, attention_mask, pooling)
        vectors[batch] = pooled.float().cpu()
        threads.adapt()
    return vectors.numpy()
