"""The real MiniLM weights: our forward pass against transformers'."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertModel

from minbert.pretrained import from_pretrained

SENTENCES = [
    "A short one.",
    "Somewhat longer, this sentence has a clause, and another one, and then it stops.",
    ("Is this a pair?", "It is, with segment ids."),
    "résumé — naïve 东京 🙂 tokenization of rarely-seen thingamajigs",
    "word " * 200,
]


@pytest.mark.parametrize("count", [1, 3, 5])
def test_real_weights_give_the_reference_outputs(minilm_folder: Path, count: int) -> None:
    encoder, tokenizer = from_pretrained("minilm")
    reference = BertModel.from_pretrained(minilm_folder, attn_implementation="eager").eval()
    batch = tokenizer(SENTENCES[:count])
    with torch.inference_mode():
        expected = reference(**batch, output_hidden_states=True, output_attentions=True)
        got = encoder(**batch, return_attention=True)
        fused = encoder(**batch)
    real = batch["attention_mask"].bool()
    for mine, theirs in zip(got.hidden_states, expected.hidden_states, strict=True):
        assert (mine - theirs)[real].abs().max() <= 1e-5
    for mine, theirs in zip(got.attentions, expected.attentions, strict=True):
        assert (mine - theirs).abs().max() <= 1e-5
    assert (got.pooled - expected.pooler_output).abs().max() <= 1e-5
    assert (fused.last_hidden_state - expected.last_hidden_state)[real].abs().max() <= 1e-5
