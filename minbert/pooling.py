"""From one vector per token to one vector per sentence."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minbert import checks
from minbert.encoder import EncoderOutput

POOLINGS = ("pooler", "cls", "mean")
"""`pooler`: tanh dense over [CLS] (the paper); `cls`: the raw [CLS] state; `mean`: all tokens."""

EVERY_POOLING = (*POOLINGS, "max")
"""Those, and `max` of each feature over all tokens, which some sentence-transformers models use."""


def pool(
    output: EncoderOutput,
    attention_mask: Int[Tensor, "batch seq"] | None = None,
    pooling: str = "pooler",
) -> Float[Tensor, "batch hidden"]:
    """Reduce an encoder output to one vector per sentence.

    `mean` averages the last hidden state over real tokens ([CLS] and [SEP] count, padding does
    not), as Sentence-BERT does (Reimers and Gurevych, 2019, section 3); a row without a real token
    has the mean 0.

    Args:
        output: of the encoder.
        attention_mask: 1 on real tokens; only `mean` needs it, None means no padding.
        pooling: one of `EVERY_POOLING`.

    Raises:
        ValueError: `pooling` is none of them, or the mask has not the shape of the batch.
    """
    checks.one_of("pooling", pooling, EVERY_POOLING)
    checks.shapes(
        "the mask must be the one that the encoder was given",
        last_hidden_state=(output.last_hidden_state, "batch seq hidden", "float"),
        attention_mask=(attention_mask, "batch seq", "int"),
    )
    if pooling == "pooler":
        return output.pooled
    if pooling == "cls":
        return output.last_hidden_state[:, 0]
    if pooling == "max":
        if attention_mask is None:
            return output.last_hidden_state.amax(dim=1)
        padding = attention_mask[:, :, None] == 0
        largest = output.last_hidden_state.masked_fill(padding, -torch.inf).amax(dim=1)
        return largest.masked_fill(padding.all(dim=1), 0)
    if attention_mask is None:
        return output.last_hidden_state.mean(dim=1)
    real = attention_mask[:, :, None].to(output.last_hidden_state.dtype)
    return (output.last_hidden_state * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)
