"""What a masked language model puts into a blank, and what it can know without reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Real
from torch import Tensor

from minbert import checks
from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.evaluating import evaluating, on_its_device
from minbert.heads import MaskedLanguageModelHead
from minbert.tokenizer import WordPieceTokenizer

BLANK = "[MASK]"


@dataclass(frozen=True)
class Guess:
    """One row of an answer: a piece that may be in a blank."""

    blank: int
    """Which [MASK] of the text, counted from 0."""
    rank: int
    """1 for the most probable piece."""
    piece: str
    probability: float
    """From 0 to 1; those of all pieces sum to 1 in each blank."""


@torch.inference_mode()
def piece_probabilities(
    encoder: Encoder, head: MaskedLanguageModelHead, tokenizer: WordPieceTokenizer, text: str
) -> Float[Tensor, "blank vocabulary"]:
    """Probability of every piece in every blank of a text, dropout off.

    All blanks are predicted at once, from the same text: each is filled as if the others stayed
    empty. The models are given back in the mode they came in.

    Args:
        encoder, head: of one model; the head reads the encoder's word embeddings.
        tokenizer: the encoder's own.
        text: with at least one `[MASK]`, which stands for one piece, not for one word.

    Raises:
        ValueError: the text has no blank.
    """
    batch = tokenizer(text, max_length=encoder.config.max_position_embeddings)
    blanks = batch["input_ids"][0] == tokenizer.mask_id
    if not blanks.any():
        raise ValueError(f"a text needs at least one {BLANK} to be filled, got {text!r:.80}")
    with evaluating(encoder, head):
        states = encoder(**on_its_device(encoder, batch)).last_hidden_state
        masked = states[0, blanks.to(states.device)]
        logits = head(masked, encoder.embeddings.word_embeddings.weight)
    return logits.float().softmax(dim=-1).cpu()


def top_predictions(
    encoder: Encoder,
    head: MaskedLanguageModelHead,
    tokenizer: WordPieceTokenizer,
    text: str,
    k: int = 5,
) -> list[Guess]:
    """The k most probable pieces of every blank, in the order of the blanks.

    Args:
        encoder, head, tokenizer, text: as for `piece_probabilities`.
        k: pieces per blank, at least 1; more than the vocabulary has gives all of it.

    Raises:
        ValueError: the text has no blank, or k is below 1.
    """
    return best_guesses(piece_probabilities(encoder, head, tokenizer, text), tokenizer, k)


def best_guesses(
    probabilities: Float[Tensor, "blank vocabulary"], tokenizer: WordPieceTokenizer, k: int = 5
) -> list[Guess]:
    """The k most probable pieces of every blank, of probabilities that are known.

    Args:
        probabilities: of `piece_probabilities`.
        tokenizer, k: as for `top_predictions`.

    Raises:
        ValueError: k is below 1.
    """
    checks.whole("k", k, 1)
    best = probabilities.topk(min(k, probabilities.shape[-1]), dim=-1)
    return [
        Guess(blank, rank, piece, probability)
        for blank in range(len(probabilities))
        for rank, (piece, probability) in enumerate(
            zip(tokenizer.tokens(best.indices[blank]), best.values[blank].tolist(), strict=True),
            start=1,
        )
    ]


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


def entropy(counts: Real[Tensor, " vocabulary"]) -> float:
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


def frequency_loss(
    counts: Real[Tensor, " vocabulary"], known: Real[Tensor, " vocabulary"], added: float = 0.1
) -> float:
    """What a model pays for the words of one text if it knows the frequencies of another, in nats.

    -Σ q ln p with q = count / Σ count and p = (known + added) / Σ (known + added): the mean loss of
    a `frequency_head` of `known`. It is never below the entropy of `counts`.

    Args:
        counts: of pieces, in the text that is paid for.
        known: of pieces, in the text that was counted before.
        added: to each known count, above 0, so that no piece is impossible.

    Raises:
        ValueError: counts of different lengths, none at all, one below 0, or `added` not above 0.
    """
    checks.within("added", added, "(0, inf)", "ln 0 is no number")
    entropy(counts)
    checks.shapes("as many as counts", known=(known, f"{len(counts)}", "number"))
    checks.spread("known", known, 0, torch.finfo(torch.float64).max, "how often each occurs")
    shares = counts.double() / counts.double().sum()
    smoothed = known.double() + added
    return float(-(shares * (smoothed / smoothed.sum()).log()).sum())


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
