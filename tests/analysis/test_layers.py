"""Vectors of every layer, held against single sentences and against `encode`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minbert import encode, from_pretrained
from minbert.analysis.layers import layer_vectors
from minbert.pooling import POOLINGS

ENCODER, TOKENIZER = from_pretrained("tiny")
TEXTS = (
    "How do I train a guinea pig?",
    "",
    "What is the best way to teach a small rodent that lives under a roof to sit still, and why?",
    "Why?",
    "how do i train a guinea pig",
)


def test_each_layer_is_that_of_the_sentence_alone() -> None:
    vectors = layer_vectors(TEXTS, ENCODER, TOKENIZER, token_budget=64)
    layers, hidden = ENCODER.config.num_hidden_layers + 1, ENCODER.config.hidden_size
    assert set(vectors) == set(POOLINGS)
    assert vectors["mean"].shape == vectors["cls"].shape == (layers, len(TEXTS), hidden)
    assert vectors["pooler"].shape == (1, len(TEXTS), hidden)
    for row, text in enumerate(TEXTS):
        with torch.no_grad():
            alone = ENCODER(torch.tensor(TOKENIZER.encode([text])))
        for layer, states in enumerate(alone.hidden_states):
            assert np.allclose(vectors["mean"][layer, row], states[0].mean(dim=0), atol=1e-5)
            assert np.allclose(vectors["cls"][layer, row], states[0, 0], atol=1e-5)
        assert np.allclose(vectors["pooler"][0, row], alone.pooled[0], atol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_last_layer_is_what_encode_gives(pooling: str) -> None:
    vectors = layer_vectors(TEXTS, ENCODER, TOKENIZER)[pooling]
    expected = encode(TEXTS, ENCODER, TOKENIZER, pooling, precision="fp32")
    assert vectors.dtype == np.float32
    assert np.allclose(vectors[-1], expected, atol=1e-5)
    assert not np.allclose(vectors[0], expected[::-1], atol=1e-2)


def test_the_cut_into_batches_does_not_matter() -> None:
    together = layer_vectors(TEXTS, ENCODER, TOKENIZER, token_budget=8192)
    alone = layer_vectors(TEXTS, ENCODER, TOKENIZER, token_budget=1)
    for pooling in POOLINGS:
        assert np.allclose(together[pooling], alone[pooling], atol=1e-5)


def test_cls_is_the_same_before_the_first_layer() -> None:
    first = layer_vectors(TEXTS, ENCODER, TOKENIZER)["cls"][0]
    assert np.allclose(first, first[:1], atol=1e-6)


def test_dropout_is_off_and_the_mode_given_back() -> None:
    encoder, tokenizer = from_pretrained("tiny")
    encoder.train()
    once, again = (layer_vectors(TEXTS, encoder, tokenizer) for _ in range(2))
    assert encoder.training
    assert np.array_equal(once["mean"], again["mean"])


def test_nothing_gives_no_vectors() -> None:
    vectors = layer_vectors([], ENCODER, TOKENIZER)
    assert vectors["mean"].shape == (ENCODER.config.num_hidden_layers + 1, 0, 128)


def test_minilm_too(minilm_folder) -> None:
    encoder, tokenizer = from_pretrained("minilm")
    vectors = layer_vectors(TEXTS, encoder, tokenizer)
    assert vectors["cls"].shape == (7, len(TEXTS), 384)
    expected = encode(TEXTS, encoder, tokenizer, "mean", precision="fp32")
    assert np.allclose(vectors["mean"][-1], expected, atol=1e-5)
