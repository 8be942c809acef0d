"""What must not matter: padding, the order of a batch, how often one asks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead
from minbert.losses import masked_language_model
from minbert.masking import IGNORE
from minbert.pooling import POOLINGS, pool

SENTENCE = [2, 11, 45, 7, 88, 3]


@pytest.fixture
def encoder(small_encoder: Encoder) -> Encoder:
    """Weights far from the small initial ones, so that every path through the encoder counts."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in small_encoder.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return small_encoder.requires_grad_(False)


def padded(left: int, right: int) -> tuple[Tensor, Tensor, Tensor]:
    """The sentence with padding around it; positions go on from its own first piece."""
    ids = torch.tensor([[0] * left + SENTENCE + [0] * right])
    mask = torch.tensor([[0] * left + [1] * len(SENTENCE) + [0] * right])
    return ids, mask, torch.zeros_like(ids)


@pytest.mark.parametrize("return_attention", [False, True])
@pytest.mark.parametrize("right", [0, 1, 7, 40])
def test_padding_on_the_right_changes_nothing(
    encoder: Encoder, right: int, return_attention: bool
) -> None:
    bare = encoder(torch.tensor([SENTENCE]), return_attention=return_attention)
    ids, mask, segments = padded(0, right)
    out = encoder(ids, mask, segments, return_attention=return_attention)
    kept = out.last_hidden_state[:, : len(SENTENCE)]
    torch.testing.assert_close(kept, bare.last_hidden_state, atol=1e-5, rtol=0)
    torch.testing.assert_close(out.pooled, bare.pooled, atol=1e-5, rtol=0)
    if return_attention:
        for maps in out.attentions:
            assert maps[..., len(SENTENCE) :].abs().max() == 0 if right else True
            torch.testing.assert_close(maps.sum(-1), torch.ones_like(maps[..., 0]))


def test_what_stands_under_the_padding_is_never_seen(encoder: Encoder) -> None:
    """On either side and in the middle: other ids where the mask is 0 change nothing elsewhere."""
    generator = torch.Generator().manual_seed(0)
    for hidden in ([0, 1, 2], [4, 5], [9, 10, 11]):
        ids = torch.randint(5, 97, (2, 12), generator=generator)
        mask = torch.ones_like(ids)
        mask[:, hidden] = 0
        others = ids.clone()
        others[:, hidden] = torch.randint(5, 97, (2, len(hidden)), generator=generator)
        seen = [position for position in range(12) if position not in hidden]
        first, second = (encoder(x, mask).last_hidden_state[:, seen] for x in (ids, others))
        assert torch.equal(first, second)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_reads_real_tokens_only(encoder: Encoder, pooling: str) -> None:
    bare = pool(encoder(torch.tensor([SENTENCE])), None, pooling)
    ids, mask, _ = padded(0, 9)
    torch.testing.assert_close(pool(encoder(ids, mask), mask, pooling), bare, atol=1e-5, rtol=0)


def test_the_order_of_a_batch_does_not_matter(encoder: Encoder) -> None:
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(5, 97, (6, 10), generator=generator)
    mask = (torch.arange(10)[None] < torch.tensor([10, 3, 7, 1, 5, 10])[:, None]).long()
    order = torch.randperm(6, generator=generator)
    whole, mixed = encoder(ids, mask), encoder(ids[order], mask[order])
    torch.testing.assert_close(mixed.pooled, whole.pooled[order], atol=1e-5, rtol=0)
    alone = torch.cat([encoder(ids[i : i + 1], mask[i : i + 1]).pooled for i in range(6)])
    torch.testing.assert_close(alone, whole.pooled, atol=1e-5, rtol=0)


def test_asking_twice_gives_the_same_and_edits_nothing(encoder: Encoder) -> None:
    ids, mask, segments = padded(2, 3)
    copies = ids.clone(), mask.clone(), segments.clone()
    first = encoder(ids, mask, segments).pooled
    assert torch.equal(first, encoder(ids, mask, segments).pooled)
    assert all(map(torch.equal, copies, (ids, mask, segments)))
    encoder.train()
    assert not torch.equal(encoder(ids, mask).pooled, encoder(ids, mask).pooled)


def test_the_order_of_words_matters(encoder: Encoder) -> None:
    ids = torch.tensor([SENTENCE])
    swapped = ids[:, [0, 2, 1, 3, 4, 5]]
    difference = encoder(ids).pooled - encoder(swapped).pooled
    assert difference.abs().max() > 0.1
    # Without positions, attention cannot tell: a control for the test above.
    torch.nn.init.zeros_(encoder.embeddings.position_embeddings.weight)
    difference = encoder(ids).pooled - encoder(swapped).pooled
    assert difference.abs().max() < 1e-5


def test_the_mlm_loss_is_blind_to_what_is_not_masked(encoder: Encoder) -> None:
    head = MaskedLanguageModelHead(encoder.config, torch.Generator().manual_seed(0)).eval()
    ids = torch.tensor([SENTENCE])
    labels = torch.full_like(ids, IGNORE)
    labels[0, 2] = 45
    logits = head(encoder(ids).last_hidden_state, encoder.embeddings.word_embeddings.weight)
    loss = masked_language_model(logits, labels)
    other = logits + torch.randn(logits.shape) * (labels == IGNORE)[..., None]
    assert torch.equal(loss, masked_language_model(other, labels))
    # One masked token: minus the logarithm of its softmax probability.
    expected = -logits[0, 2].log_softmax(-1)[45]
    torch.testing.assert_close(loss, expected)
