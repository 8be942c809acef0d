"""Sentence vectors of every layer, not only of the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float

from minbert.data.batching import pad_batch, within_budget
from minbert.encoder import Encoder
from minbert.evaluating import evaluating
from minbert.pooling import pool
from minbert.tokenizer import WordPieceTokenizer

LayerVectors = dict[str, Float[np.ndarray, "layer sentence hidden"]]
"""Per pooling. `cls` and `mean` have num_hidden_layers + 1 layers, the first of them the
embeddings; `pooler` reads the last layer and has one."""


@torch.inference_mode()
def layer_vectors(
    sentences: Sequence[str],
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    token_budget: int = 1024,
) -> LayerVectors:
    """Encode sentences once, and pool each layer in every way there is.

    In fp32, with dropout off; the encoder's training mode is given back as it was. Where nearly
    all cosines are close to 1, the digits that bf16 lacks are those that matter.

    Args:
        sentences: any; longer ones than the encoder has positions are cut, which the log says.
        encoder: runs on the device it is on.
        tokenizer: the encoder's own.
        token_budget: padded word pieces per batch. Hidden states of all layers are held at a
            time, so that small batches, which stay in the processor's cache, are the faster ones.

    Returns:
        float32, sentences in the order of the input.

    Raises:
        ValueError: a sentence is no string.
    """
    device = encoder.pooler.dense.weight.device
    ids = tokenizer.encode(sentences, max_length=encoder.config.max_position_embeddings)
    lengths = [len(row) for row in ids]
    states, hidden = encoder.config.num_hidden_layers + 1, encoder.config.hidden_size
    layers = {"cls": states, "mean": states, "pooler": 1}
    vectors = {name: np.zeros((n, len(ids), hidden), np.float32) for name, n in layers.items()}
    with evaluating(encoder):
        by_length = sorted(range(len(ids)), key=lengths.__getitem__)
        for batch in within_budget(by_length, lengths, token_budget):
            input_ids, mask = pad_batch([ids[row] for row in batch], tokenizer.pad_id)
            attention_mask = None if bool(mask.all()) else mask.to(device)
            output = encoder(input_ids.to(device), attention_mask)
            for pooling, count in layers.items():
                for layer in range(count):
                    until = replace(output, hidden_states=output.hidden_states[: layer + 1])
                    pooled = pool(until, attention_mask, pooling)
                    vectors[pooling][layer, batch] = pooled.float().cpu().numpy()
    return vectors
