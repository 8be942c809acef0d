"""Silencing a head is the same as taking its columns out of the output projection."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from minbert import from_pretrained
from minbert.analysis.ablation import head_ablation
from minbert.analysis.attribution import cosine_to, score_of
from minbert.pooling import pool


@pytest.fixture(params=["toy", "tiny"])
def model(request, toy_model_folder):
    return from_pretrained(toy_model_folder if request.param == "toy" else "tiny")


def cosine_with(model, sentence):
    encoder, tokenizer = model
    batch = tokenizer([sentence])
    with torch.no_grad():
        return cosine_to(pool(encoder(**batch), batch["attention_mask"], "mean")[0])


def test_it_equals_an_encoder_without_these_columns(model) -> None:
    encoder, tokenizer = model
    batch = tokenizer([("the film is dull", "and long")])
    score = cosine_with(model, "the plot is lovely")
    found = head_ablation(encoder, batch, score)
    sizes = encoder.config
    assert found.shape == (sizes.num_hidden_layers, sizes.num_attention_heads)
    width = sizes.hidden_size // sizes.num_attention_heads
    before = score_of(encoder, batch, score).item()
    for (layer, head), change in np.ndenumerate(found):
        without = copy.deepcopy(encoder)
        columns = without.encoder.layer[layer].attention.output.dense.weight
        with torch.no_grad():
            columns[:, head * width : (head + 1) * width] = 0
        expected = score_of(without, batch, score).item() - before
        assert change == pytest.approx(expected, abs=1e-6)
    assert np.abs(found).max() > 1e-4


def test_nothing_is_left_behind(model) -> None:
    encoder, tokenizer = model
    batch, score = tokenizer(["the film is dull"]), cosine_with(model, "a plot")
    before = {name: value.clone() for name, value in batch.items()}
    encoder.train()
    first = head_ablation(encoder, batch, score)
    assert encoder.training
    assert (head_ablation(encoder, batch, score) == first).all()
    assert all(torch.equal(batch[name], before[name]) for name in batch)
    hooks = [part._forward_pre_hooks for part in encoder.modules()]
    assert not any(hooks)


def test_hooks_go_when_the_score_fails(model) -> None:
    encoder, tokenizer = model

    def fails_on_many(output, mask):
        if len(mask) > 1:
            raise RuntimeError("no")
        return mask.sum(dim=-1)

    with pytest.raises(RuntimeError, match="no"):
        head_ablation(encoder, tokenizer(["a film"]), fails_on_many)
    assert not any(part._forward_pre_hooks for part in encoder.modules())


def test_one_text_is_expected(model) -> None:
    encoder, tokenizer = model
    with pytest.raises(ValueError, match="one text, got 2"):
        head_ablation(encoder, tokenizer(["a film", "a plot"]), cosine_with(model, "a plot"))
