"""What each head can and cannot express."""

from __future__ import annotations

import pytest
import torch

from minbert.heads import ParaphraseHead, similarity_score


@pytest.fixture
def vectors() -> torch.Tensor:
    return torch.randn(4, 16, generator=torch.Generator().manual_seed(0))


def interaction(head: ParaphraseHead, vectors: torch.Tensor) -> float:
    """f(a, b) − f(a, d) − f(c, b) + f(c, d): zero for every head that scores a and b apart."""
    a, b, c, d = vectors.split(1)
    with torch.no_grad():
        return (head(a, b) - head(a, d) - head(c, b) + head(c, d)).abs().item()


def test_the_papers_paraphrase_head_cannot_compare(vectors: torch.Tensor) -> None:
    head = ParaphraseHead(16, generator=torch.Generator().manual_seed(1)).eval()
    assert head.dense.in_features == 32
    assert interaction(head, vectors) < 1e-6


def test_the_comparing_head_can(vectors: torch.Tensor) -> None:
    head = ParaphraseHead(16, generator=torch.Generator().manual_seed(1), compares=True).eval()
    assert head.dense.in_features == 64
    assert interaction(head, vectors) > 1e-3


def test_the_comparing_head_contains_the_cosine(vectors: torch.Tensor) -> None:
    """With ones on its last part and zeros elsewhere it is the dot product."""
    head = ParaphraseHead(16, compares=True).eval()
    with torch.no_grad():
        head.dense.weight.zero_()
        head.dense.weight[:, 48:] = 1.0
        u, v = torch.nn.functional.normalize(vectors, dim=-1).chunk(2)
        torch.testing.assert_close(head(u, v), torch.cosine_similarity(u, v))


def test_similarity_is_five_times_the_cosine_and_never_negative() -> None:
    first = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    second = torch.tensor([[2.0, 0.0], [1.0, 1.0], [-1.0, 0.0]])
    expected = torch.tensor([5.0, 5 * 0.5**0.5, 0.0])
    torch.testing.assert_close(similarity_score(first, second), expected)
