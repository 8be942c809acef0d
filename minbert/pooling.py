"""From one vector per token to one vector per sentence."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from minbert import checks
from minbert.encoder import EncoderOutput

POOLINGS = ("pooler", "cls", "mean")
"""`pooler`: tanh dense over [CLS] (the paper); `cls`: the raw [CLS] state; `mean`: all tokens."""


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
        pooling: one of `POOLINGS`.

    Raises:
        ValueError: `pooling` is none of them, or the mask has not the shape of the batch.
    """
    checks.one_of("pooling", pooling, POOLINGS)
    checks.shapes(
        "the mask must be the one that the encoder was given",
        last_hidden_state=(output.last_hidden_state, "batch seq hidden", "float"),
        attention_mask=(attention_mask, "batch seq", "int"),
    )
    if pooling == "pooler":
        return output.pooled
    if pooling == "cls":
        return output.last_hidden_state[:, 0]
    if attention_mask is None:
        return output.last_hidden_state.mean(dim=1)
    real = attention_mask[:, :, None].to(output.last_hidden_state.dtype)
    return (output.last_hidden_state * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)
