"""The word embedding's gradient in masked-language-model training: the same, without zeros."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from minbert import losses
from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead
from minbert.training.tied_embedding import RowsAdded, lookup_adds_rows

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
    whole = ("aten::add", "aten::add_", "aten::copy_", "aten::zero_", "aten::fill_")
    shape = list(words.shape)
    return words.grad, sum(
        event.name in whole and event.input_shapes[:1] == [shape] for event in seen.events()
    )


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_rows_give_the_same_gradient_without_another_matrix(precision: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    encoder = Encoder(CONFIG, generator).eval()
    head = MaskedLanguageModelHead(CONFIG, generator)
    before = encoder.embeddings.word_embeddings
    names = list(encoder.state_dict())
    # One context a step, as in training: a second step in it would find the weights cast already.
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        dense, passes = whole_passes(encoder, head)
    with lookup_adds_rows(encoder):
        assert isinstance(encoder.embeddings.word_embeddings, RowsAdded)
        assert list(encoder.state_dict()) == names
        assert encoder.embeddings.word_embeddings.weight is before.weight
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            rows, fewer = whole_passes(encoder, head)
    torch.testing.assert_close(rows, dense, atol=1e-7, rtol=1e-5)
    assert dense[5].abs().max() > 1e-4, "the piece that recurs has a gradient"
    casts = 1 if precision == torch.bfloat16 else 0  # of the decoder's gradient, to float32
    assert fewer == casts < passes
    assert encoder.embeddings.word_embeddings is before


@pytest.mark.parametrize("padding", [None, 0])
def test_without_a_decoder_and_on_top_of_earlier_gradients(padding: int | None) -> None:
    plain = nn.Embedding(30, 4, padding_idx=padding)
    rows = RowsAdded(30, 4, padding_idx=padding, _weight=plain.weight.detach().clone())
    for _ in range(2):  # the second gradient is added to the first
        for words in (plain, rows):
            words(IDS.remainder(30)).square().sum().backward()
        torch.testing.assert_close(rows.weight.grad, plain.weight.grad)


def test_a_frozen_matrix_stays_without_a_gradient() -> None:
    words = RowsAdded(30, 4).requires_grad_(False)
    assert not words(IDS.remainder(30)).requires_grad
    with torch.no_grad():
        assert not RowsAdded(30, 4)(IDS.remainder(30)).requires_grad


def test_after_an_error_the_lookup_is_as_it_was() -> None:
    encoder = Encoder(CONFIG)
    before = encoder.embeddings.word_embeddings
    with pytest.raises(KeyboardInterrupt), lookup_adds_rows(encoder):
        raise KeyboardInterrupt
    assert encoder.embeddings.word_embeddings is before
