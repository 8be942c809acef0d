"""What silencing an attention head changes."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from minbert.analysis.attribution import Score, score_of
from minbert.encoder import Encoder


def head_ablation(
    encoder: Encoder, batch: dict[str, Tensor], score: Score
) -> Float[np.ndarray, "layer head"]:
    """Change of the score when one head says nothing, for each head of each layer.

    What the head mixed for the tokens is set to zero before the output projection; everything else
    goes on as it would. All heads of a layer are one batch. Dropout is off.

    Args:
        encoder: left as it was, training mode included.
        batch: one text as the tokenizer gives it.
        score: what is explained.

    Returns:
        score without the head - score: negative where the head supports the score. The changes do
        not add up: a head may stand in for another one.

    Raises:
        ValueError: there is more than one text.

    Source: Michel et al. (2019), section 3.2.
    """
    if len(batch["input_ids"]) != 1:
        raise ValueError(f"expected one text, got {len(batch['input_ids'])}")
    copies = {
        name: value.repeat(encoder.config.num_attention_heads, 1) for name, value in batch.items()
    }
    before, changes = score_of(encoder, batch, score), []
    for layer in encoder.encoder.layer:
        hook = layer.attention.output.dense.register_forward_pre_hook(_silence_one_each)
        try:
            changes.append(score_of(encoder, copies, score) - before)
        finally:
            hook.remove()
    return torch.stack(changes).double().cpu().numpy()


def _silence_one_each(
    dense: nn.Module, inputs: tuple[Float[Tensor, "head seq hidden"]]
) -> tuple[Float[Tensor, "head seq hidden"]]:
    """Row h of the batch loses the slice of head h."""
    (mixed,) = inputs
    heads = len(mixed)
    others = 1 - torch.eye(heads, dtype=mixed.dtype, device=mixed.device)
    by_head = mixed.unflatten(-1, (heads, -1))
    return ((by_head * others[:, None, :, None]).flatten(2),)
