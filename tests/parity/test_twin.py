"""The parity ladder: ours against a random tiny twin built by transformers."""

from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, BertModel

from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead
from minbert.pretrained import split_names

TOLERANCE = 1e-5

SHAPES = [
    # hidden, layers, heads, inner, batch, seq
    (32, 1, 1, 64, 1, 1),
    (32, 2, 4, 64, 3, 7),
    (48, 3, 6, 96, 5, 33),
    (64, 4, 2, 128, 2, 64),
]
PADDINGS = ["none", "right", "left", "middle"]


def twin_config(hidden: int, layers: int, heads: int, inner: int) -> ModelConfig:
    return ModelConfig(
        vocab_size=101,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        max_position_embeddings=64,
    )


def randomised(model: torch.nn.Module) -> torch.nn.Module:
    """Weights far from the initial ones, LayerNorm and biases included, so that all of them act."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    return model.eval()


def inputs(batch: int, seq: int, padding: str) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    mask = torch.ones(batch, seq, dtype=torch.long)
    if seq > 2 and padding != "none":
        hidden = {"right": slice(seq - 2, seq), "left": slice(0, 2), "middle": slice(1, 3)}
        mask[0, hidden[padding]] = 0
    return {
        "input_ids": torch.randint(1, 101, (batch, seq), generator=generator),
        "attention_mask": mask,
        "token_type_ids": torch.randint(0, 2, (batch, seq), generator=generator),
    }


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward_and_gradients_equal_the_twin(shape: tuple[int, ...], padding: str) -> None:
    *sizes, batch, seq = shape
    config = twin_config(*sizes)
    twin = randomised(BertModel(BertConfig(**config.to_dict(), attn_implementation="eager")))
    ours = Encoder(config).eval()
    ours.load_state_dict(twin.state_dict())
    values = inputs(batch, seq, padding)

    expected = twin(**values, output_hidden_states=True, output_attentions=True)
    got = ours(**values, return_attention=True)
    fused = ours(**values)
    assert len(got.hidden_states) == config.num_hidden_layers + 1
    for mine, theirs in zip(got.hidden_states, expected.hidden_states, strict=True):
        assert (mine - theirs).abs().max() <= TOLERANCE
    for mine, theirs in zip(got.attentions, expected.attentions, strict=True):
        assert (mine - theirs).abs().max() <= TOLERANCE
    assert (got.pooled - expected.pooler_output).abs().max() <= TOLERANCE
    assert (fused.pooled - expected.pooler_output).abs().max() <= TOLERANCE

    def loss(pooled: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        return pooled.square().mean() + last.square().mean()

    loss(expected.pooler_output, expected.last_hidden_state).backward()
    loss(fused.pooled, fused.last_hidden_state).backward()
    theirs = dict(twin.named_parameters())
    for name, parameter in ours.named_parameters():
        assert (parameter.grad - theirs[name].grad).abs().max() <= TOLERANCE, name


@pytest.mark.parametrize("padding", PADDINGS)
def test_masked_language_model_logits_and_gradients_equal_the_twin(padding: str) -> None:
    config = twin_config(32, 2, 4, 64)
    twin = randomised(BertForMaskedLM(BertConfig(**config.to_dict(), attn_implementation="eager")))
    encoder, head = Encoder(config).eval(), MaskedLanguageModelHead(config)
    body, head_weights = split_names(twin.state_dict())
    body |= {name: value for name, value in encoder.state_dict().items() if "pooler" in name}
    encoder.load_state_dict(body)
    head.load_state_dict(
        {name: value for name, value in head_weights.items() if not name.startswith("decoder")}
    )
    values = inputs(3, 9, padding)

    expected = twin(**values).logits
    words = encoder.embeddings.word_embeddings.weight
    got = head(encoder(**values).last_hidden_state, words)
    assert (got - expected).abs().max() <= TOLERANCE

    expected.log_softmax(-1)[..., 5].mean().backward()
    got.log_softmax(-1)[..., 5].mean().backward()
    theirs = twin.bert.embeddings.word_embeddings.weight.grad
    assert (words.grad - theirs).abs().max() <= TOLERANCE
    dense = twin.cls.predictions.transform.dense.weight.grad
    assert (head.transform.dense.weight.grad - dense).abs().max() <= TOLERANCE
