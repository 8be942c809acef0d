"""torch.export, torch.jit.trace and torch.onnx.export take the encoder as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from minbert import from_pretrained
from minbert.encoder import EncoderOutput

SMALL = ["the plot is dull", "how do I cook rice"]
OTHER = ["dull", "the film number 7 is lovely and brilliant and moving and funny", "a", "b", "c"]
NAMES = ("input_ids", "attention_mask", "token_type_ids")


def test_what_comes_out_has_names_and_places(toy_model_folder: Path) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    output = encoder(**tokenizer(SMALL))
    assert output["last_hidden_state"] is output.last_hidden_state is output.hidden_states[-1]
    assert output["pooled"] is output.pooled is output[1]
    assert output["hidden_states"] is output[0] and output["attentions"] == ()
    with pytest.raises(AttributeError, match="logits"):
        output["logits"]
    leaves, spec = torch.utils._pytree.tree_flatten(output)
    again = torch.utils._pytree.tree_unflatten(leaves, spec)
    assert isinstance(again, EncoderOutput) and len(leaves) == 4


PROGRAM = """
import io, sys, warnings
import torch
from minbert import from_pretrained
warnings.simplefilter("error", torch.jit.TracerWarning)
encoder, tokenizer = from_pretrained(sys.argv[1])
small, other = tokenizer(sys.argv[2].split("|")), tokenizer(sys.argv[3].split("|"))
longest = encoder.config.max_position_embeddings

def same(found, what):
    with torch.inference_mode():
        expected = encoder(**other)
    assert torch.allclose(found.pooled, expected.pooled, atol=1e-5), what
    assert torch.allclose(found["last_hidden_state"], expected["last_hidden_state"], atol=1e-5)
    print(what)

axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("seq", max=longest)}
program = torch.export.export(encoder, (), dict(small), dynamic_shapes={k: axes for k in small})
same(program.module()(**other), "torch.export")
file = io.BytesIO()
torch.export.save(program, file)
file.seek(0)
same(torch.export.load(file).module()(**other), "torch.export.load")
traced = torch.jit.trace(encoder, tuple(small.values()))
hidden_states, pooled, attentions = traced(*other.values())
same(type(encoder(**small))(hidden_states, pooled), "torch.jit.trace")
"""


def test_the_encoder_is_followed_as_it_is(toy_model_folder: Path) -> None:
    """In a process of its own: the tests' check of shapes is no part of the package."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(toy_model_folder), "|".join(SMALL), "|".join(OTHER)],
        capture_output=True,
        text=True,
    )
    assert run.stdout.split() == ["torch.export", "torch.export.load", "torch.jit.trace"], (
        run.stderr[-2000:]
    )
