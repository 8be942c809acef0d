"""Attention: each token takes a weighted mean of what all tokens have to say."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from minbert import checks
from minbert.config import ModelConfig
from minbert.precision import plain_is_faster


def scaled_dot_product_attention(
    query: Float[Tensor, "batch head query_seq dim"],
    key: Float[Tensor, "batch head seq dim"],
    value: Float[Tensor, "batch head seq dim"],
    allowed: Bool[Tensor, "#batch #head #query_seq seq"] | None = None,
    dropout: float = 0.0,
) -> tuple[Float[Tensor, "batch head query_seq dim"], Float[Tensor, "batch head query_seq seq"]]:
    r"""Mix the values of all tokens, weighted by how well each key answers the query.

    weights = softmax(query @ key.T / sqrt(dim)), output = weights @ value.

    Dividing by sqrt(dim) keeps the scores near unit variance: without it, at 64 dimensions,
    softmax saturates and its gradient vanishes. The mask acts on the scores, *before* softmax;
    after it, the remaining weights would no longer sum to one.

    Args:
        query, key, value: per head; `dim` is the width of one head.
        allowed: True where a query may look at a key; None allows all.
        dropout: probability that one weight is set to zero (the rest is scaled up).

    Returns:
        The mixed values, and the weights before dropout (each row sums to 1). A query that may look
        at no key gets the plain mean of all values.

    Raises:
        ValueError: shapes that do not go together, a mask that is not True or False, or a dropout
            outside [0, 1].

    Source: Vaswani et al. (2017), equation 1.
    """
    checks.shapes(
        "heads are an axis of their own",
        query=(query, "batch head query_seq dim", "float"),
        key=(key, "batch head seq dim", "float"),
        value=(value, "batch head seq dim", "float"),
        allowed=(allowed, "#batch #head #query_seq seq", "bool"),
    )
    checks.within("dropout", dropout, "[0, 1]")
    dim = query.shape[-1]
    scores = query @ key.transpose(-2, -1) * dim**-0.5
    if allowed is not None:
        # The smallest finite number, not -inf: a row with no allowed key stays free of NaN.
        scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1)
    return F.dropout(weights, dropout) @ value, weights


class SelfAttention(nn.Module):
    """Multi-head self-attention: queries, keys and values of every head from one input.

    Returns the heads' outputs side by side; the output projection is in the layer, where
    the published checkpoint keeps it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        hidden = config.hidden_size
        self.num_heads = config.num_attention_heads
        self.dropout = config.attention_probs_dropout_prob
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)

    def split_heads(
        self, states: Float[Tensor, "batch seq hidden"]
    ) -> Float[Tensor, "batch head seq dim"]:
        """Cut each token's vector into one slice per head."""
        batch, seq, hidden = states.shape
        return states.view(batch, seq, self.num_heads, hidden // self.num_heads).transpose(1, 2)

    def forward(
        self,
        states: Float[Tensor, "batch seq hidden"],
        allowed: Bool[Tensor, "batch 1 1 seq"] | None = None,
        return_attention: bool = False,
    ) -> tuple[Float[Tensor, "batch seq hidden"], Float[Tensor, "batch head seq seq"] | None]:
        """Attend from every token to every allowed token, in all heads at once.

        With `return_attention` the weights come from `scaled_dot_product_attention` above; without
        it, where that is faster, torch's fused kernel computes the same output and never holds the
        weights. A query that may look at no key (a row of nothing but padding) looks at all of
        them: both ways agree on it, and neither gives NaN.

        Raises:
            ValueError: states of another width than the model's, or a mask of another shape.
        """
        checks.shapes(
            "the last axis is the model's hidden_size",
            states=(states, f"batch seq {self.query.in_features}", "float"),
            allowed=(allowed, "#batch #head #query_seq seq", "bool"),
        )
        if allowed is not None:
            allowed = allowed | ~allowed.any(dim=-1, keepdim=True)
        query, key, value = (
            self.split_heads(project(states)) for project in (self.query, self.key, self.value)
        )
        dropout = self.dropout if self.training else 0.0
        if return_attention or plain_is_faster(query):
            mixed, weights = scaled_dot_product_attention(query, key, value, allowed, dropout)
        else:
            mixed = F.scaled_dot_product_attention(
                query, key, value, attn_mask=allowed, dropout_p=dropout
            )
            weights = None
        # (batch, head, seq, dim) -> (batch, seq, head * dim)
        return mixed.transpose(1, 2).flatten(2), weights if return_attention else None
