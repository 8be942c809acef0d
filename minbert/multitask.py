"""Figure 1 of the paper: one encoder, three heads."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from minbert import checks
from minbert.encoder import Encoder
from minbert.heads import ParaphraseHead, SentimentHead, similarity_score
from minbert.pooling import POOLINGS, pool


class MultitaskBert(nn.Module):
    """An encoder whose pooled vector is read by a sentiment, a paraphrase and a similarity head.

    The similarity head has no weights: it reads the geometry of the encoder as it is. The heads
    take sentence vectors, not tokens, so that with a frozen encoder the vectors can be computed
    once and used for every epoch.

    Args:
        encoder: owned and trained, or frozen, by whoever trains this model.
        num_labels: sentiment classes (SST 5, CFIMDB 2).
        dropout: on the vectors before each linear layer, probability.
        generator: for the fresh weights of the heads.
        paraphrase_compares: see `ParaphraseHead`; the paper's does not.
        pooling: which sentence vector the heads read, one of `minbert.pooling.POOLINGS`; the
            paper's is `pooler`.

    Raises:
        ValueError: an unknown pooling, fewer than two classes, or a dropout outside [0, 1).
    """

    def __init__(
        self,
        encoder: Encoder,
        num_labels: int = 5,
        dropout: float = 0.3,
        generator: torch.Generator | None = None,
        paraphrase_compares: bool = False,
        pooling: str = "pooler",
    ) -> None:
        super().__init__()
        checks.one_of("pooling", pooling, POOLINGS)
        self.pooling = pooling
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.sentiment = SentimentHead(hidden, num_labels, dropout, generator)
        self.paraphrase = ParaphraseHead(hidden, dropout, generator, paraphrase_compares)

    def embed(
        self,
        input_ids: Int[Tensor, "batch seq"],
        attention_mask: Int[Tensor, "batch seq"] | None = None,
    ) -> Float[Tensor, "batch hidden"]:
        """The vector of each sentence that the heads read: see `pooling`."""
        return pool(self.encoder(input_ids, attention_mask), attention_mask, self.pooling)

    def predict_sentiment(self, pooled: Float[Tensor, "batch hidden"]) -> Int[Tensor, " batch"]:
        """Most likely class of each sentence."""
        return self.sentiment(pooled).argmax(dim=-1)

    def predict_paraphrase(
        self, first: Float[Tensor, "batch hidden"], second: Float[Tensor, "batch hidden"]
    ) -> Int[Tensor, " batch"]:
        """1 where the probability of a paraphrase exceeds .5, else 0."""
        return (self.paraphrase(first, second) > 0).long()

    def predict_similarity(
        self, first: Float[Tensor, "batch hidden"], second: Float[Tensor, "batch hidden"]
    ) -> Float[Tensor, " batch"]:
        """Similarity from 0 to 5."""
        return similarity_score(first, second)
