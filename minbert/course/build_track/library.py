"""The library's own pieces under the names and signatures of the answer file.

They are what a learner's piece is compared with, and stand in for pieces that are not written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from minbert import attention, encoder, losses, masking
from minbert.config import ModelConfig
from minbert.course.build_track.key import Config, train
from minbert.data import batching
from minbert.data.batching import pad_batch, round_robin
from minbert.encoder import AddAndNorm, Embeddings, Pooler
from minbert.evaluation import metrics
from minbert.heads import MaskedLanguageModelHead, ParaphraseHead, SentimentHead, similarity_score
from minbert.losses import masked_language_model as masked_language_model_loss
from minbert.model_files import read_json
from minbert.optimizer import AdamW
from minbert.pretrained import split_names
from minbert.tensor_files import read_tensors

__all__ = [
    "AdamW",
    "AddAndNorm",
    "Config",
    "Embeddings",
    "Encoder",
    "Layer",
    "MaskedLanguageModelHead",
    "ParaphraseHead",
    "Pooler",
    "SelfAttention",
    "SentimentHead",
    "accuracy",
    "length_bucketed",
    "load_encoder",
    "mask_tokens",
    "masked_language_model_loss",
    "multiple_negatives_ranking",
    "pad_batch",
    "round_robin",
    "scaled_dot_product_attention",
    "similarity_score",
    "train",  # the answer file's: the library's makes its own optimizer and writes checkpoints
]

scaled_dot_product_attention = attention.scaled_dot_product_attention


class SelfAttention(attention.SelfAttention):
    """The library's, without the weights beside the result."""

    def forward(self, states: Tensor, allowed: Tensor | None = None) -> Any:
        return super().forward(states, allowed)[0]


class Layer(encoder.Layer):
    """The library's, without the attention weights beside the result."""

    def forward(self, states: Tensor, allowed: Tensor | None = None) -> Any:
        return super().forward(states, allowed)[0]


class Encoder(encoder.Encoder):
    """The library's, with a pair as its result."""

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Any:
        output = super().forward(input_ids, attention_mask, token_type_ids)
        return output.hidden_states, output.pooled


def load_encoder(folder: str | Path) -> Encoder:
    """Read a published encoder as `minbert.from_pretrained` does, without its tokenizer."""
    loaded = Encoder(ModelConfig.from_dict(read_json(Path(folder) / "config.json")))
    weights, _ = split_names(read_tensors(Path(folder) / "model.safetensors"))
    loaded.load_state_dict(weights, strict=True)
    return loaded.eval()


def mask_tokens(
    ids: Tensor,
    generator: torch.Generator,
    mask_id: int,
    special_ids: Sequence[int],
    probability: float = 0.15,
) -> tuple[Tensor, Tensor]:
    """The paper's rule: every chosen token becomes [MASK]."""
    rule = masking.MaskingRule(probability=probability)
    found = masking.mask_tokens(ids, generator, rule, mask_id=mask_id, special_ids=special_ids)
    return found[:2]


def multiple_negatives_ranking(
    a: Tensor,
    b: Tensor,
    similar: Tensor | None = None,
    scale: float = 1.0,
    clusters: Tensor | None = None,
) -> Tensor:
    """In one direction, as in the paper's formula."""
    return losses.multiple_negatives_ranking(a, b, similar, scale=scale, clusters=clusters)


def length_bucketed(
    lengths: Sequence[int], batch_size: int, generator: torch.Generator, pool_batches: int = 50
) -> list[list[int]]:
    """The library's, with the size of a batch before the generator."""
    return batching.length_bucketed(lengths, generator, batch_size, pool_batches)


def accuracy(batches: Iterable[Any], answer: Callable[[Any], tuple[Tensor, Tensor]]) -> float:
    """All predictions together, then the library's metric."""
    answers = [answer(batch) for batch in batches]
    predicted = torch.cat([scores.argmax(dim=-1) for scores, _ in answers])
    right = torch.cat([labels for _, labels in answers])
    return float(metrics.accuracy(predicted.numpy(), right.numpy()))
