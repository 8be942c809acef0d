"""How well a masked language model knows a kind of text: loss and perplexity, always same masks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from minbert import checks, losses
from minbert.encoder import Encoder
from minbert.evaluating import evaluating
from minbert.heads import MaskedLanguageModelHead
from minbert.training.loop import RunContext, generator_for
from minbert.training.mlm import predict_masked
from minbert.training.recipe import Recipe
from minbert.training.sentences import SentenceTable

BATCH = 64


@torch.inference_mode()
def masked_loss(
    encoder: Encoder,
    head: MaskedLanguageModelHead,
    rows: Sequence[int],
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
    name: str,
) -> float:
    """Mean loss per masked token of all these sentences together, in nats, dropout off.

    The losses of all tokens are summed and divided by their number. A mean of the means of batches
    would be another number: a short sentence's token would count for more than a long one's. The
    models' training modes are given back as they were.

    Args:
        rows: of `table`.
        name: of the text; the masks follow from it alone, so that two models are asked the same.

    Returns:
        nan when no token of these sentences was masked.
    """
    ordered = sorted(rows, key=table.length)
    generator = generator_for("frozen masks", name)
    total, tokens = 0.0, 0
    with evaluating(encoder, head):
        for start in range(0, len(ordered), BATCH):
            batch = ordered[start : start + BATCH]
            asked = predict_masked(encoder, head, batch, table, recipe, context, generator)
            if asked is not None:
                count = len(asked[1])
                total += losses.masked_language_model(*asked).item() * count
                tokens += count
    return total / tokens if tokens else math.nan


def perplexity(loss: float) -> float:
    """exp(loss): as many equally likely pieces as would give this loss.

    Args:
        loss: nats per token, 0 or more; nan, which `masked_loss` gives for nothing, stays nan.

    Raises:
        ValueError: a loss below 0, or so large that its perplexity is no number any more.
    """
    if not math.isnan(loss):
        checks.within("loss", loss, "[0, 700]", "mean nats per token of a cross-entropy")
    return math.exp(loss)
