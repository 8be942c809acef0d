"""Sentences to vectors, for those who want nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch

from minbert.data.batching import budget_for, pad_batch, within_budget
from minbert.encoder import Encoder
from minbert.pooling import POOLINGS, pool
from minbert.precision import autocast, resolve_precision
from minbert.threads import Threads, adapted, most_threads
from minbert.tokenizer import WordPieceTokenizer

CHUNK = 8192
"""Sentences tokenised and sorted by length at a time; bounds memory on endless input."""


def encode(
    sentences: Iterable[str],
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    pooling: str = "mean",
    precision: str = "auto",
    token_budget: int | None = None,
) -> np.ndarray:
    """Encode sentences with dropout off; the encoder's training mode is given back as it was.

    Sentences of similar length share a batch, so little is padded; the order of the result is
    that of the input.

    Args:
        sentences: any iterable of strings; it is read in chunks.
        encoder: runs on the device it is on.
        tokenizer: the encoder's own; longer sentences than the encoder has positions are cut,
            which the log says.
        pooling: one of `minbert.pooling.POOLINGS`.
        precision: `auto` (bf16 where the device multiplies it fast), `fp32`, `bf16`; vectors keep
            a cosine of at least .999 to those of fp32.
        token_budget: padded word pieces per batch; without, what suits the device.

    Returns:
        (n, hidden_size) float32.

    Raises:
        ValueError: an unknown pooling or precision, or a sentence that is no string.
    """
    if pooling not in POOLINGS:
        raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, got {pooling!r}")
    if isinstance(sentences, str):
        raise ValueError("sentences must be several strings, got one string: put it into a list")
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
    return np.concatenate(parts)


def _chunks(sentences: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(sentences)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


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
    ids = tokenizer.encode(sentences, max_length=encoder.config.max_position_embeddings)
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
