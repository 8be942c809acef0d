"""A checkpoint's vectors are those that its heads read, whichever way they are asked for."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from minbert import encode, from_pretrained
from minbert.__main__ import main
from minbert.experiments.stage_files import load_heads, save_heads
from minbert.multitask import MultitaskBert
from minbert.pooling import POOLINGS
from minbert.pretrained import HEADS_FILE, save_pretrained

SENTENCES = ["The hedgehog overslept again.", "Do guinea pigs sing?"]


@pytest.fixture(params=POOLINGS)
def checkpoint(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A folder as `minbert reproduce` leaves it, and the pooling of its heads."""
    encoder, tokenizer = from_pretrained("tiny")
    draw = torch.Generator().manual_seed(0)
    save_pretrained(tmp_path, encoder, tokenizer)
    save_heads(tmp_path, MultitaskBert(encoder, generator=draw, pooling=request.param))
    return tmp_path, request.param


def test_every_way_gives_the_same_vectors(
    checkpoint: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, pooling = checkpoint
    encoder, tokenizer = from_pretrained(folder)
    assert encoder.pooling == pooling
    vectors = encode(SENTENCES, encoder, tokenizer, precision="fp32")
    assert np.array_equal(vectors, encode(SENTENCES, encoder, tokenizer, pooling, "fp32"))
    model = MultitaskBert(encoder)
    load_heads(folder, model)
    assert np.array_equal(vectors, encode(SENTENCES, model, tokenizer, precision="fp32"))
    batch = tokenizer(SENTENCES)
    with torch.inference_mode():
        embedded = model.eval().embed(batch["input_ids"], batch["attention_mask"]).numpy()
    assert np.abs(vectors - embedded).max() < 1e-5

    class Out:
        buffer = io.BytesIO()
        isatty = staticmethod(lambda: False)
        flush = staticmethod(lambda: None)

    class In:
        buffer = io.BytesIO("".join(f"{text}\n" for text in SENTENCES).encode())

    monkeypatch.setattr(sys, "stdin", In)
    monkeypatch.setattr(sys, "stdout", Out)
    assert main(["encode", "--model", str(folder), "--precision", "fp32"]) == 0
    assert np.array_equal(vectors, np.load(io.BytesIO(Out.buffer.getvalue())))


def test_damaged_heads_are_named(tmp_path: Path) -> None:
    encoder, tokenizer = from_pretrained("tiny")
    save_pretrained(tmp_path, encoder, tokenizer)
    (tmp_path / HEADS_FILE).write_bytes(b"cut off")
    with pytest.raises(ValueError, match=f"{HEADS_FILE} cannot be read"):
        from_pretrained(tmp_path)
