"""Sentence vectors of every layer, not only of the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minbert.encoder import Encoder, EncoderOutput
from minbert.inference import Read, encode_rows
from minbert.pooling import pool
from minbert.tokenizer import WordPieceTokenizer

LayerVectors = dict[str, Float[np.ndarray, "layer sentence hidden"]]
"""Per pooling. `cls` and `mean` have num_hidden_layers + 1 layers, the first of them the
embeddings; `pooler` reads the last layer and has one."""


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
    ids = tokenizer.encode(sentences, max_length=encoder.config.max_position_embeddings)
    states = encoder.config.num_hidden_layers + 1
    layers = {"cls": states, "mean": states, "pooler": 1}
    read = _every_layer(layers)
    found = encode_rows(ids, encoder, tokenizer.pad_id, read, token_budget=token_budget).numpy()
    if not ids:
        return {name: np.zeros((n, *found.shape), np.float32) for name, n in layers.items()}
    ends = np.cumsum(list(layers.values()))
    return dict(zip(layers, np.split(found, ends[:-1]), strict=True))


def _every_layer(poolings: Mapping[str, int]) -> Read:
    """Reads the first so many states of each pooling, one after the other, as layers.

    Args:
        poolings: number of states by pooling; the first state is the embeddings.
    """

    def read(output: EncoderOutput, mask: Tensor | None) -> Tensor:
        layers = [
            pool(output._replace(hidden_states=output.hidden_states[: state + 1]), mask, pooling)
            for pooling, count in poolings.items()
            for state in range(count)
        ]
        return torch.stack(layers)

    return read
