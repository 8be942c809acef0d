"""A recording is what the encoder does, part by part, and leaves the encoder as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from minbert.encoder import Encoder
from minbert.pretrained import from_pretrained
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz import record

TEXTS = ["the film is lovely", ("how do I cook rice?", "what is the way to cook rice in 3 days?")]


@pytest.fixture
def model(toy_model_folder: Path) -> tuple[Encoder, WordPieceTokenizer]:
    return from_pretrained(toy_model_folder)


def test_it_gives_what_the_encoder_gives(model) -> None:
    encoder, tokenizer = model
    recording = record(encoder, tokenizer, TEXTS)
    batch = tokenizer(TEXTS)
    with torch.no_grad():
        output = encoder(**batch, return_attention=True)
    assert torch.equal(recording.input_ids, batch["input_ids"])
    assert torch.equal(recording.pooled, output.pooled)
    assert torch.equal(recording.hidden_states, torch.stack(output.hidden_states))
    assert torch.equal(recording.attentions, torch.stack(output.attentions))
    assert torch.equal(recording.values["encoder.layer.1"], output.last_hidden_state)
    assert torch.equal(recording.values["pooler"], output.pooled)


def test_tokens_and_attention_come_without_padding(model) -> None:
    encoder, tokenizer = model
    recording = record(encoder, tokenizer, TEXTS)
    lengths = recording.attention_mask.sum(dim=1).tolist()
    assert [len(pieces) for pieces in recording.tokens] == lengths
    assert lengths[0] < lengths[1] and "[PAD]" not in recording.tokens[0]
    config = encoder.config
    for text, length in enumerate(lengths):
        weights = recording.attention(text)
        assert weights.shape == (
            config.num_hidden_layers,
            config.num_attention_heads,
            length,
            length,
        )
        assert torch.allclose(weights.sum(-1), torch.ones(weights.shape[:-1]), atol=1e-6)


def test_values_have_the_names_of_the_checkpoint(model) -> None:
    encoder, tokenizer = model
    recording = record(encoder, tokenizer, "the film is lovely")
    parameters = [name for name, _ in encoder.named_parameters()]
    for name in recording.values:
        bare = name.removesuffix(".dropout")  # has no weights, so the file does not name it
        assert any(parameter.startswith(f"{bare}.") for parameter in parameters), name
    for name in ("encoder.layer.0.attention.self.query", "encoder.layer.1.intermediate.dense"):
        assert name in recording.values
    assert recording.values["encoder.layer.1.intermediate.dense"].shape[-1] == 64


@pytest.mark.parametrize("training", [True, False])
def test_training_mode_and_hooks_are_as_before(model, training: bool) -> None:
    encoder, tokenizer = model
    encoder.train(training)
    first, second = (record(encoder, tokenizer, TEXTS) for _ in range(2))
    assert torch.equal(first.pooled, second.pooled)  # dropout was off
    assert encoder.training is training
    assert all(module.training is training for module in encoder.modules())
    assert not any(module._forward_hooks for module in encoder.modules())
    assert not first.pooled.requires_grad


def test_a_failing_pass_leaves_nothing_behind(model, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, tokenizer = model
    encoder.train()

    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(encoder.pooler, "forward", fail)
    with pytest.raises(RuntimeError, match="broken"):
        record(encoder, tokenizer, TEXTS)
    assert encoder.training
    assert not any(module._forward_hooks for module in encoder.modules())
