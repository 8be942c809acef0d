"""Ablation and gradient, on a small random encoder and on scores whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minbert.analysis.attribution import (
    ablation,
    cosine_to,
    gradient_size,
    rank_agreement,
    score_of,
)
from minbert.pretrained import from_pretrained


@pytest.fixture(scope="module")
def model(toy_model_folder):
    return from_pretrained(toy_model_folder)


def first_embedding(output, mask):
    """A score that reads the first token's embedding and nothing else."""
    return output.hidden_states[0][:, 0].sum(dim=-1) * 2


def counted(output, mask):
    """A score that counts the tokens in the mask."""
    return mask.sum(dim=-1).float()


def test_only_the_token_that_is_read_matters(model) -> None:
    encoder, tokenizer = model
    batch = tokenizer(["the film is dull"])
    with torch.no_grad():  # a sum after LayerNorm is 0 for every input; tilt it
        encoder.embeddings.LayerNorm.weight[0] = 3.0
    change = ablation(encoder, tokenizer, batch, first_embedding)
    slope = gradient_size(encoder, batch, first_embedding)
    assert abs(change[0]) > 1e-3 and np.abs(change[1:]).max() < 1e-6
    assert slope[0] > 1e-3 and slope[1:].max() < 1e-6


def test_hiding_takes_a_token_out_of_the_mask(model) -> None:
    encoder, tokenizer = model
    batch = tokenizer(["the film is dull"])
    before = {name: value.clone() for name, value in batch.items()}
    assert (ablation(encoder, tokenizer, batch, counted, how="hide") == -1).all()
    assert (ablation(encoder, tokenizer, batch, counted, how="mask") == 0).all()
    assert all(torch.equal(batch[name], before[name]) for name in batch)


def test_the_gradient_is_that_of_small_differences(model) -> None:
    encoder, tokenizer = model
    other = encoder(**tokenizer(["the plot is lovely"])).last_hidden_state.mean(dim=1)[0].detach()
    batch, score = tokenizer(["the film is dull"]), cosine_to(other)
    slope = gradient_size(encoder, batch, score)
    row = int(batch["input_ids"][0, 2])
    weight = encoder.embeddings.word_embeddings.weight
    original, step, slopes = weight.detach().clone(), 1e-2, []
    for feature in range(weight.shape[1]):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                weight.copy_(original)
                weight[row, feature] += sign * step
            values.append(score_of(encoder, batch, score).item())
        slopes.append((values[0] - values[1]) / (2 * step))
    with torch.no_grad():
        weight.copy_(original)
    assert slope[2] == pytest.approx(np.linalg.norm(slopes), rel=0.02)


def test_a_text_is_most_similar_to_itself_and_nothing_is_left_behind(model) -> None:
    encoder, tokenizer = model
    batch = tokenizer(["the film is dull"])
    own = encoder(**batch).last_hidden_state.mean(dim=1)[0].detach()
    score = cosine_to(own)
    encoder.train()
    assert score_of(encoder, batch, score).item() == pytest.approx(1.0, abs=1e-5)
    assert (ablation(encoder, tokenizer, batch, score) < 1e-6).all()
    gradient_size(encoder, batch, score)
    assert encoder.training
    assert all(parameter.grad is None for parameter in encoder.parameters())
    encoder.eval()


def test_more_than_one_text_and_unknown_ablations_are_refused(model) -> None:
    encoder, tokenizer = model
    two = tokenizer(["the film is dull", "a"])
    with pytest.raises(ValueError, match="one unpadded text"):
        gradient_size(encoder, two, counted)
    with pytest.raises(ValueError, match="one unpadded text"):
        ablation(encoder, tokenizer, two, counted)
    with pytest.raises(ValueError, match="how must be one of mask, hide"):
        ablation(encoder, tokenizer, tokenizer(["a"]), counted, how="burn")


def test_rank_agreement_of_known_orders() -> None:
    up, down = np.array([1.0, 2.0, 5.0]), np.array([3.0, 2.0, 1.0])
    assert rank_agreement([up, up], [up**3, up]) == pytest.approx((1.0, 0.0))
    assert rank_agreement([up, up], [down, down]) == pytest.approx((-1.0, 0.0))
    mean, error = rank_agreement([up, up], [up, down])
    assert mean == pytest.approx(0.0) and error == pytest.approx(1.0)
    with pytest.raises(ValueError, match="1 of 2 texts"):
        rank_agreement([up, np.ones(3)], [up, up])
