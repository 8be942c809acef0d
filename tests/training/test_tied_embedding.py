"""The word embedding's gradient in masked-language-model training: the same, without zeros."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from minbert import losses
from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead
from minbert.training.tied_embedding import lookup_adds_rows

CONFIG = ModelConfig(
    vocab_size=3001,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=12,
)
IDS = torch.tensor([[1, 5, 5, 0, 0], [1, 2999, 7, 5, 9]])  # a piece that recurs, and padding


def whole_passes(encoder: Encoder, head: MaskedLanguageModelHead) -> tuple[Tensor, int]:
    """The gradient of the word embedding, and how often a whole matrix was filled or added."""
    words = encoder.embeddings.word_embeddings.weight
    words.grad = None
    states = encoder(IDS, (IDS != 0).long()).last_hidden_state[:, 1:3].flatten(0, 1)
    loss = losses.masked_language_model(head(states, words), torch.tensor([5, 0, 9, 3000]))
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as seen:
        loss.backward()
    shape = list(words.shape)
    passes = [
        event
        for event in seen.events()
        if event.name in ("aten::add", "aten::zero_", "aten::embedding_dense_backward")
        and (event.input_shapes[0] == shape or "dense" in event.name)
    ]
    return words.grad, len(passes)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_rows_give_the_same_gradient_in_fewer_passes(precision: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    encoder = Encoder(CONFIG, generator).eval()
    head = MaskedLanguageModelHead(CONFIG, generator)
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        dense, passes = whole_passes(encoder, head)
        with lookup_adds_rows(encoder):
            rows, fewer = whole_passes(encoder, head)
    assert not rows.is_sparse
    torch.testing.assert_close(rows, dense, atol=1e-7, rtol=1e-5)
    assert dense[5].abs().max() > 1e-4, "the piece that recurs has a gradient"
    assert fewer < passes
    assert encoder.embeddings.word_embeddings.sparse is False, "as it was"


def test_after_an_error_the_lookup_is_as_it_was() -> None:
    encoder = Encoder(CONFIG)
    with pytest.raises(KeyboardInterrupt), lookup_adds_rows(encoder):
        raise KeyboardInterrupt
    assert encoder.embeddings.word_embeddings.sparse is False
