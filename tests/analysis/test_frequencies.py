"""Frequencies of pieces: entropies that are known, and a head that cannot read."""

from __future__ import annotations

import math

import pytest
import torch

from minbert.analysis.blanks import entropy, frequency_head, frequency_loss, piece_counts
from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.losses import masked_language_model


def test_special_tokens_are_not_counted() -> None:
    counts = piece_counts([[2, 5, 6, 3], [2, 5, 3]], vocab_size=8, special_ids=(0, 1, 2, 3, 4))
    assert counts.tolist() == [0, 0, 0, 0, 0, 2, 1, 0]


def test_entropy_in_closed_form() -> None:
    assert entropy(torch.tensor([7, 0, 0])) == 0
    assert entropy(torch.ones(3000)) == pytest.approx(math.log(3000))
    assert entropy(torch.tensor([2, 1, 1])) == pytest.approx(1.5 * math.log(2))
    assert entropy(torch.tensor([200, 100, 100])) == pytest.approx(1.5 * math.log(2))


def test_nothing_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one count"):
        entropy(torch.zeros(5))


def test_the_head_is_blind_and_pays_the_entropy(
    small_encoder: Encoder, small_config: ModelConfig
) -> None:
    counts = torch.zeros(small_config.vocab_size, dtype=torch.float64)
    counts[5:8] = torch.tensor([200_000, 100_000, 100_000])
    head = frequency_head(small_config, counts)
    words = small_encoder.embeddings.word_embeddings.weight
    states = torch.randn(4, small_config.hidden_size, generator=torch.Generator().manual_seed(1))
    logits = head(states, words)
    assert torch.equal(logits, logits[:1].expand_as(logits)), "the same whatever it is given"
    loss = masked_language_model(logits, torch.tensor([5, 5, 6, 7]))
    assert loss.item() == pytest.approx(entropy(counts), abs=1e-2)


def test_without_counts_it_guesses_evenly_and_learns_its_bias_only(
    small_config: ModelConfig, small_encoder: Encoder
) -> None:
    head = frequency_head(small_config)
    learnt = [name for name, value in head.named_parameters() if value.requires_grad]
    assert learnt == ["bias"]
    words = small_encoder.embeddings.word_embeddings.weight
    logits = head(torch.ones(1, small_config.hidden_size), words)
    loss = masked_language_model(logits, torch.tensor([9]))
    assert loss.item() == pytest.approx(math.log(small_config.vocab_size))


def test_the_loss_of_known_frequencies_is_that_of_their_head() -> None:
    counts, known = torch.tensor([1.0, 3.0, 0.0]), torch.tensor([2.0, 0.0, 6.0])
    shares = (known + 0.1) / (known + 0.1).sum()
    expected = -(0.25 * shares[0].log() + 0.75 * shares[1].log())
    assert math.isclose(frequency_loss(counts, known), expected.item(), rel_tol=1e-6)
    assert math.isclose(frequency_loss(counts, counts, added=1e-9), entropy(counts), abs_tol=1e-6)
    assert frequency_loss(counts, known) > entropy(counts)
