"""Attention weights with names: checked, those of transformers, and measured head by head."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from minbert import from_pretrained
from minbert.analysis.attribution import explain_similarity
from minbert.viz.explorers.attention.compute import (
    as_attention,
    compute_attention,
    compute_dependence,
    given_attention,
    head_habits,
    mean_entropy,
    read_text,
)

TOKENS = ["[CLS]", "a", "b", "[SEP]"]
IDENTITY = np.eye(4)
UNIFORM = np.full((4, 4), 0.25)
NEXT = np.eye(4)[[1, 2, 3, 3]]


def hand_made():
    """One layer: itself, uniform, the next token."""
    return as_attention(np.stack([[IDENTITY, UNIFORM, NEXT]]), TOKENS, [0, 0, 1, 1])


@pytest.fixture(scope="module")
def reference():
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50, hidden_size=24, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=32, attn_implementation="eager", initializer_range=0.5,
    )  # fmt: skip
    model = BertModel(config).eval()
    with torch.no_grad():
        return model(torch.tensor([[1, 7, 9, 2]]), output_attentions=True).attentions


def test_what_transformers_gives_is_taken_in_every_form(reference) -> None:
    expected = torch.stack(reference)[:, 0].double().numpy()
    for form in (
        reference,
        [layer[0] for layer in reference],
        torch.stack(reference),
        torch.stack(reference)[:, 0],
        [layer.numpy() for layer in reference],
        [layer.tolist() for layer in reference],
        [layer.clone().requires_grad_() for layer in reference],
    ):
        found = given_attention(form, TOKENS)
        assert found.tokens == tuple(TOKENS)
        np.testing.assert_allclose(found.weights, expected, rtol=1e-6)
    half = given_attention([layer.bfloat16() for layer in reference], TOKENS)
    np.testing.assert_allclose(half.weights, expected, atol=4e-3)


def test_it_is_the_attention_of_our_own_encoder() -> None:
    encoder, tokenizer = from_pretrained("tiny")
    reading = read_text(tokenizer, ["How old is it?", "Two years."], 40)
    found = compute_attention(encoder, reading)
    output = encoder(**reading.batch, return_attention=True)
    given = given_attention([layer.detach() for layer in output.attentions], reading.tokens)
    np.testing.assert_allclose(found.weights, given.weights, atol=1e-7)
    assert found.segments == reading.segments and 1 in found.segments


def test_what_cannot_be_attention_is_said(reference) -> None:
    cases = {
        "at least one layer": ([], TOKENS),
        "attn_implementation='eager'": ([None, None], TOKENS),
        r"layer 0: expected the shape .* got \(2, 4, 4, 4\)": ([torch.ones(2, 4, 4, 4)], TOKENS),
        r"got \(4, 4\)": (torch.ones(4, 4, 4), TOKENS),
        r"got \(4, 4, 5\)": ([torch.ones(4, 4, 5)], TOKENS),
        r"got \(0, 4, 4\)": ([torch.ones(0, 4, 4)], TOKENS),
        "all layers must have one shape": ([reference[0], reference[1][:, :2]], TOKENS),
        "list of 4 tokens.*got 3 tokens": (reference, TOKENS[:3]),
        "got one string": (reference, "abcd"),
        "row 1 of layer 2, head 0 sums to 2": (
            [*reference[:2], torch.stack([torch.diag(torch.tensor([1.0, 2, 1, 1]))] * 4)],
            TOKENS,
        ),
        "sums to nan": ([torch.full((1, 4, 4), math.nan)], TOKENS),
        "must be positive": ([torch.tensor([[[2.0, -1.0], [0.0, 1.0]]])], ["a", "b"]),
        "before softmax": ([torch.randn(1, 4, 4)], TOKENS),
    }
    for message, (weights, tokens) in cases.items():
        with pytest.raises(ValueError, match=message):
            given_attention(weights, tokens)


def test_entropies_and_habits_by_hand() -> None:
    entropies = mean_entropy(hand_made().weights)
    np.testing.assert_allclose(entropies, [[0, math.log(4), 0]], atol=1e-12)
    habits = head_habits(hand_made())
    np.testing.assert_allclose(habits["itself"], [[1, 0.25, 0.25]])
    np.testing.assert_allclose(habits["next token"], [[0, 0.25, 1]])
    np.testing.assert_allclose(habits["previous token"], [[0, 0.25, 0]])
    np.testing.assert_allclose(habits["[CLS]"], [[0.25, 0.25, 0]])
    np.testing.assert_allclose(habits["[SEP]"], [[0.25, 0.25, 0.5]])
    np.testing.assert_allclose(habits["other sentence"], [[0, 0.5, 0.25]])
    single = head_habits(as_attention(np.ones((1, 1, 1, 1)), ["a"]))
    assert list(single) == ["itself"], "there are no neighbours, special tokens, other sentence"


def test_without_special_tokens_rows_sum_to_one_again() -> None:
    found = hand_made().without_special()
    assert found.tokens == ("a", "b") and found.positions == (1, 2) and found.segments == (0, 1)
    np.testing.assert_allclose(found.weights[0, 0], np.eye(2))
    np.testing.assert_allclose(found.weights[0, 1], [[0.5, 0.5], [0.5, 0.5]])
    np.testing.assert_allclose(found.weights[0, 2], [[0, 1], [0, 0]])
    assert found.silent_rows == 1, "b gave all its weight to [SEP]"
    np.testing.assert_allclose(mean_entropy(found.weights), [[0, math.log(2), 0]], atol=1e-12)
    np.testing.assert_allclose(found.rollouts.sum(axis=-1), 1.0)
    with pytest.raises(ValueError, match="no token is left"):
        as_attention(np.ones((1, 1, 1, 1)), ["[CLS]"]).without_special()


@pytest.mark.parametrize("counts", [(30,), (30, 2), (2, 30), (30, 30), (20, 9)])
@pytest.mark.parametrize("most", [4, 7, 20])
def test_a_long_text_is_cut_quietly(counts, most, caplog) -> None:
    _, tokenizer = from_pretrained("tiny")
    texts = [" ".join(str(number % 10) for number in range(count)) for count in counts]
    reading = read_text(tokenizer, texts, most)
    special = len(texts) + 1
    whole = tokenizer.backend.encode(*texts)
    assert len(reading.tokens) == max(most, special + 1)
    assert reading.left_out == len(whole.ids) - len(reading.tokens) and not caplog.records
    kept = [reading.segments[1:].count(number) - 1 for number in range(len(texts))]
    assert sum(kept) == len(reading.tokens) - special
    for number in range(len(texts)):
        inner = [t for t, s in zip(reading.tokens, reading.segments, strict=True) if s == number]
        inner = [token for token in inner if token not in ("[CLS]", "[SEP]")]
        assert inner == texts[number].split()[: len(inner)], "the first pieces stay"
    if len(texts) == 2 and most == 20:
        assert min(kept) == min(8, *counts), "the longer sentence is cut first"


def test_a_short_text_is_what_the_tokenizer_gives() -> None:
    _, tokenizer = from_pretrained("tiny")
    reading = read_text(tokenizer, ["How old?", "Two."], 40)
    expected = tokenizer([("How old?", "Two.")])
    assert all(torch.equal(reading.batch[name], expected[name]) for name in expected)
    assert reading.left_out == 0


def test_a_prediction_agrees_with_the_course() -> None:
    encoder, tokenizer = from_pretrained("tiny")
    text, other = "How do I train a guinea pig?", "Can a cavy learn tricks?"
    encoder.train()
    found = compute_dependence(
        encoder, tokenizer, read_text(tokenizer, [text], 40), read_text(tokenizer, [other], 40)
    )
    assert encoder.training
    expected = explain_similarity(encoder, tokenizer, text, other)
    assert found.cosine == pytest.approx(expected.prediction, abs=1e-6)
    for name, values in (
        ("ablation: [MASK]", np.abs(found.masked)),
        ("ablation: hidden", np.abs(found.hidden)),
        ("gradient", found.gradient),
    ):
        np.testing.assert_allclose(values, expected.measures[name], atol=1e-6)
    assert found.heads.shape == (2, 4) and (found.heads != 0).all()
