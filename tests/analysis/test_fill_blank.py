"""Filling blanks: ranks, probabilities, and that a missing head is no head."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from minbert.analysis.blanks import piece_probabilities, top_predictions
from minbert.pretrained import from_pretrained, has_mlm_head, load_mlm_head

TEXT = "Helen counted the [MASK] until the feast."


@pytest.fixture(scope="module")
def tiny():
    encoder, tokenizer = from_pretrained("tiny")
    return encoder, load_mlm_head("tiny", encoder), tokenizer


def test_the_shipped_encoder_knows_its_own_text(tiny) -> None:
    best = top_predictions(*tiny, TEXT, k=3)
    assert [(guess.blank, guess.rank) for guess in best] == [(0, 1), (0, 2), (0, 3)]
    assert best[0].piece == "days" and best[0].probability > 0.9
    assert best[0].probability >= best[1].probability >= best[2].probability >= 0


def test_every_blank_has_its_own_probabilities(tiny) -> None:
    probabilities = piece_probabilities(*tiny, "[MASK] counted the [MASK] until the feast.")
    assert probabilities.shape == (2, tiny[0].config.vocab_size)
    torch.testing.assert_close(probabilities.sum(dim=-1), torch.ones(2))
    guesses = top_predictions(*tiny, "[MASK] counted the [MASK] until the feast.", k=2)
    assert [(guess.blank, guess.rank) for guess in guesses] == [(0, 1), (0, 2), (1, 1), (1, 2)]


def test_dropout_stays_off_and_the_mode_is_given_back(tiny) -> None:
    encoder, head, _ = tiny
    before = top_predictions(*tiny, TEXT)
    encoder.train()
    try:
        assert top_predictions(*tiny, TEXT) == before
        assert encoder.training and not head.training
    finally:
        encoder.eval()


def test_all_of_the_vocabulary_may_be_asked_for(tiny) -> None:
    guesses = top_predictions(*tiny, TEXT, k=10**6)
    assert len(guesses) == tiny[0].config.vocab_size
    assert sum(guess.probability for guess in guesses) == pytest.approx(1.0, abs=1e-4)


def test_what_cannot_be_filled_is_refused(tiny) -> None:
    with pytest.raises(ValueError, match=r"at least one \[MASK\]"):
        top_predictions(*tiny, "No blank here.")
    with pytest.raises(ValueError, match="k must be at least 1"):
        top_predictions(*tiny, TEXT, k=0)


def test_whether_a_checkpoint_has_a_head(toy_model_folder: Path) -> None:
    assert has_mlm_head("tiny")
    assert not has_mlm_head(toy_model_folder)


def test_minilm_has_none(minilm_folder: Path) -> None:
    assert not has_mlm_head(minilm_folder)
