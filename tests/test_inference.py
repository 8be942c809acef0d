"""encode(): order, batching, precision, pooling, endless input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from toy import toy_sentences

from minbert import encode, from_pretrained, inference

SENTENCES = [text for text, _ in toy_sentences(50, 5)] + ["dull", "", "the film"]


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize("pooling", ["pooler", "cls", "mean"])
def test_batches_do_not_change_the_vectors(toy_model_folder: Path, pooling: str) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    together = encode(SENTENCES, encoder, tokenizer, pooling, "fp32")
    alone = np.concatenate(
        [encode([text], encoder, tokenizer, pooling, "fp32") for text in SENTENCES]
    )
    small = encode(SENTENCES, encoder, tokenizer, pooling, "fp32", token_budget=40)
    assert together.dtype == np.float32
    assert together.shape == (len(SENTENCES), 32)
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - small).max() < 1e-5


def test_endless_input_is_read_in_chunks(
    toy_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "CHUNK", 10)
    encoder, tokenizer = from_pretrained(toy_model_folder)

    def stream() -> Iterator[str]:
        yield from SENTENCES

    whole = encode(SENTENCES, encoder, tokenizer, precision="fp32")
    assert np.abs(encode(stream(), encoder, tokenizer, precision="fp32") - whole).max() < 1e-5
    assert encode(iter(()), encoder, tokenizer).shape == (0, 32)


def test_training_mode_is_given_back(toy_model_folder: Path) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    expected = encode(SENTENCES, encoder, tokenizer, precision="fp32")
    encoder.train()
    got = encode(SENTENCES, encoder, tokenizer, precision="fp32")
    assert encoder.training
    assert np.array_equal(got, expected)


def test_every_precision_stays_near_fp32(minilm_folder: Path) -> None:
    encoder, tokenizer = from_pretrained("minilm")
    exact = encode(SENTENCES, encoder, tokenizer, precision="fp32")
    for precision in ("auto", "bf16"):
        got = encode(SENTENCES, encoder, tokenizer, precision=precision)
        assert cosines(got, exact).min() > 0.999


def test_wrong_arguments_are_said(toy_model_folder: Path) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    with pytest.raises(ValueError, match="pooling must be one of pooler, cls, mean, max"):
        encode(["a"], encoder, tokenizer, pooling="sum")
    with pytest.raises(ValueError, match="put it into a list"):
        encode("a", encoder, tokenizer)
    with pytest.raises(ValueError, match="precision must be one of"):
        encode(["a"], encoder, tokenizer, precision="fp16")
