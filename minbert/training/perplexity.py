"""How well a masked language model knows a kind of text: loss and perplexity, always same masks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead
from minbert.training.loop import Setting, generator_for
from minbert.training.mlm import masked_language_model_loss
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
    setting: Setting,
    name: str,
) -> float:
    """Mean loss per masked token over batches of sentences, in nats, dropout off.

    Args:
        rows: of `table`.
        name: of the text; the masks follow from it alone, so that two models are asked the same.

    Returns:
        nan when no token of these sentences was masked.
    """
    encoder.eval()
    head.eval()
    ordered = sorted(rows, key=table.length)
    generator = generator_for("frozen masks", name)
    losses = []
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        loss = masked_language_model_loss(encoder, head, batch, table, recipe, setting, generator)
        if loss is not None:
            losses.append(loss.item())
    return sum(losses) / len(losses) if losses else math.nan


def perplexity(loss: float) -> float:
    """exp(loss): as many equally likely pieces as would give this loss."""
    return math.exp(loss)
