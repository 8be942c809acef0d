"""What a masked language model can know without reading: how often each piece occurs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from minbert import checks
from minbert.config import ModelConfig
from minbert.heads import MaskedLanguageModelHead


def piece_counts(
    texts: Iterable[Sequence[int]], vocab_size: int, special_ids: Sequence[int]
) -> Float[Tensor, " vocabulary"]:
    """How often each piece occurs; special tokens, which are never masked, count as 0.

    Args:
        texts: ids of each.
        vocab_size: length of the result.
        special_ids: pieces that are left out.

    Raises:
        ValueError: no piece at all, or one that the vocabulary does not have.
    """
    checks.whole("vocab_size", vocab_size, 1)
    ids = torch.tensor([piece for text in texts for piece in text], dtype=torch.long)
    for name, pieces in (("texts", ids), ("special_ids", torch.tensor([0, *special_ids]))):
        checks.shapes("no piece to be counted", **{name: (pieces, "piece", "int")})
        checks.indices(name, pieces, vocab_size, "the vocabulary")
    counts = torch.bincount(ids, minlength=vocab_size).double()
    counts[list(special_ids)] = 0
    return counts


def entropy(counts: Float[Tensor, " vocabulary"]) -> float:
    """Entropy of a distribution given by counts, in nats: H = -Σ p ln p, p = count / Σ count.

    0 when only one piece occurs, ln(number of pieces) when all occur equally often. It is the
    least mean loss of a model that predicts the same distribution in every blank.

    Raises:
        ValueError: there is no count, or one below 0.
    """
    checks.shapes("one count a piece", counts=(counts, "vocabulary", "number"))
    checks.spread("counts", counts, 0, torch.finfo(torch.float64).max, "how often each occurs")
    total = counts.sum()
    if total <= 0:
        raise ValueError(
            "counts must hold one above 0, got none: entropy needs at least one count, and no text "
            "has been counted"
        )
    shares = counts[counts > 0].double() / total.double()
    return float(-(shares * shares.log()).sum())


def frequency_head(
    config: ModelConfig, counts: Float[Tensor, " vocabulary"] | None = None, added: float = 0.1
) -> MaskedLanguageModelHead:
    """A head that cannot read: the same logits whatever the encoder says.

    The scale and shift of its LayerNorm are 0, so that only the decoder's bias is left; that is
    the one parameter which requires a gradient.

    Args:
        config: of the encoder it stands on.
        counts: of pieces; the bias becomes their logarithm. None leaves the bias at 0: every piece
            is equally likely.
        added: to each count, above 0, so that no piece is impossible.

    Raises:
        ValueError: not one count a piece, one below 0, or `added` not above 0.
    """
    checks.within("added", added, "(0, inf)", "ln 0 is no number")
    checks.shapes("one count a piece", counts=(counts, f"{config.vocab_size}", "number"))
    if counts is not None:
        checks.spread("counts", counts, 0, torch.finfo(torch.float64).max, "how often each occurs")
    head = MaskedLanguageModelHead(config, torch.Generator().manual_seed(0))
    head.transform.requires_grad_(False)
    with torch.no_grad():
        head.transform.LayerNorm.weight.zero_()
        head.transform.LayerNorm.bias.zero_()
        if counts is not None:
            head.bias.copy_((counts + added).log())
    return head
