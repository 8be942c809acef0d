"""Transplants change exactly the named tensors, and nobody's but the copy's."""

from __future__ import annotations

import pytest
import torch

from minbert.analysis.layer_transplant import LAYERS, WORDS, copied, transplant, with_shuffled_steps
from minbert.config import ModelConfig
from minbert.encoder import Encoder

CONFIG = ModelConfig(
    vocab_size=40,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=16,
    max_position_embeddings=12,
)


def encoder(seed: int) -> Encoder:
    return Encoder(CONFIG, torch.Generator().manual_seed(seed)).eval()


def everywhere_different() -> tuple[Encoder, Encoder]:
    one, other = encoder(0), encoder(1)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter += 0.1
    return one, other


@pytest.mark.parametrize("parts", [WORDS, LAYERS, ("pooler.",), WORDS + LAYERS])
def test_exactly_the_named_tensors_change(parts: tuple[str, ...]) -> None:
    one, other = everywhere_different()
    before = {name: tensor.clone() for name, tensor in one.state_dict().items()}
    result = transplant(one, other, parts).state_dict()
    changed = {name for name in result if not torch.equal(result[name], before[name])}
    assert changed == {name for name in before if name.startswith(parts)}
    for name in changed:
        assert torch.equal(result[name], other.state_dict()[name])
    assert all(torch.equal(before[name], tensor) for name, tensor in one.state_dict().items())


def test_everything_transplanted_is_the_donor() -> None:
    one, other = everywhere_different()
    ids = torch.tensor([[2, 7, 9, 3]])
    whole = transplant(one, other, ("embeddings.", "encoder.", "pooler."))
    assert torch.equal(whole(ids).pooled, other(ids).pooled)


def test_a_transplant_shares_no_memory() -> None:
    one, other = everywhere_different()
    result = transplant(one, other, WORDS)
    with torch.no_grad():
        for parameter in result.parameters():
            parameter.zero_()
    assert all(parameter.abs().sum() > 0 for parameter in other.parameters())
    assert copied(one).embeddings.word_embeddings.weight is not one.embeddings.word_embeddings


def test_an_unknown_part_or_another_shape_is_an_error() -> None:
    one, other = everywhere_different()
    with pytest.raises(ValueError, match="begins with 'words'"):
        transplant(one, other, ("words",))
    wide = Encoder(ModelConfig(**{**CONFIG.__dict__, "vocab_size": 41}))
    with pytest.raises(ValueError, match="of shape"):
        transplant(one, wide, WORDS)


def test_shuffled_steps_are_the_same_steps_elsewhere() -> None:
    one, other = encoder(0), copied(encoder(0))
    with torch.no_grad():
        other.embeddings.word_embeddings.weight[5:30] += torch.randn(
            25, 8, generator=torch.Generator().manual_seed(2)
        )
    result = with_shuffled_steps(one, other, torch.Generator().manual_seed(3))
    start = one.embeddings.word_embeddings.weight
    true = other.embeddings.word_embeddings.weight - start
    shuffled = result.embeddings.word_embeddings.weight - start
    assert torch.equal(shuffled[:5], torch.zeros(5, 8)) and not shuffled[30:].any()
    assert not torch.allclose(true, shuffled, atol=1e-3)
    true, shuffled = (values.detach() for values in (true, shuffled))
    torch.testing.assert_close(true.sum(0), shuffled.sum(0), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        true.norm(dim=1).sort().values, shuffled.norm(dim=1).sort().values, atol=1e-5, rtol=1e-5
    )
    untouched = [name for name in one.state_dict() if not name.startswith(WORDS)]
    assert all(torch.equal(one.state_dict()[n], result.state_dict()[n]) for n in untouched)
