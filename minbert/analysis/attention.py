"""What attention weights show: spread, targets, receivers."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from minbert import checks

Weights = Float[np.ndarray | torch.Tensor, "*heads query_seq seq"]
"""Attention weights of one text, padding cut off: each row sums to 1, or is 0."""
ROUNDING = 0.01
"""By which the sum of a row of bf16 weights may differ from 1."""


def attention_entropy(weights: Weights) -> Float[np.ndarray, "*heads query_seq"]:
    """How spread each row is: -Σ p ln p, in nats.

    0 when all weight lies on one token, ln(seq) when every token gets the same.

    Raises:
        ValueError: a weight below 0, or a row above 1 in all; so for every function here.
    """
    weights = _array(weights)
    safe = np.where(weights > 0, weights, 1.0)
    return -(weights * np.log(safe)).sum(axis=-1) + 0.0


def offset_weight(weights: Weights, offset: int) -> Float[np.ndarray, "*heads"]:
    """Mean weight on the token `offset` places to the right of the one that attends.

    Over the rows that have such a token. A head with a large value at -1 looks at the previous
    token, whatever it is. Source: Clark et al. (2019), section 3.1.

    Args:
        weights: square maps, as self-attention gives.
        offset: 0 the token itself, -1 the previous one, 1 the next.

    Returns:
        From 0 to 1, per head.

    Raises:
        ValueError: no token is that far from another.
    """
    weights = _array(weights)
    most = min(weights.shape[-2:]) - 1
    if not isinstance(offset, int | np.integer) or abs(offset) > most:
        raise ValueError(
            f"offset must be a whole number from {-most} to {most}, got {offset}, which does not "
            f"fit into {weights.shape[-1]} tokens"
        )
    return np.diagonal(weights, offset=offset, axis1=-2, axis2=-1).mean(axis=-1)


def attention_received(
    attentions: Float[np.ndarray | torch.Tensor, "layer head seq seq"],
) -> Float[np.ndarray, " seq"]:
    """Weight each token gets: the mean over layers, heads and attending tokens; sums to 1.

    It is what people mean when they colour words by attention.
    """
    return _maps(attentions).mean(axis=(0, 1, 2))


def rollout(
    attentions: Float[np.ndarray | torch.Tensor, "layer head seq seq"], residual: float = 0.5
) -> Float[np.ndarray, "seq seq"]:
    """How much of each input token is in each output token, were a layer only a weighted mean.

    In each layer a token is `residual` parts itself and 1 - `residual` parts what its heads, on
    average, attend to; the layers' matrices are multiplied, the last one leftmost. What a layer
    does to the values is left out, so this is a picture of the ways, not of what went along them.

    Args:
        attentions: layers from the first to the last.
        residual: share of the residual connection, from 0 (none) to 1 (nothing but itself).

    Returns:
        Rows, one per output token, that sum to 1.

    Raises:
        ValueError: `residual` lies outside [0, 1].

    Source: Abnar and Zuidema (2020), section 3.
    """
    checks.within("residual", residual, "[0, 1]")
    attentions = _maps(attentions)
    itself = np.eye(attentions.shape[-1])
    flow = itself
    for layer in attentions.mean(axis=1):
        flow = (residual * itself + (1 - residual) * layer) @ flow
    return flow


def _array(weights: np.ndarray | torch.Tensor) -> np.ndarray:
    if isinstance(weights, torch.Tensor):
        weights = weights.detach().cpu().float().numpy()
    values = np.asarray(weights)
    checks.shapes("a row a query", weights=(values, "*heads query_seq seq", "number"))
    checks.finite(weights=values)
    sums = values.sum(axis=-1)
    if values.min() < 0 or sums.max() > 1 + ROUNDING:
        raise ValueError(
            "weights must be 0 or more, and no row above 1 in all, got a least one of "
            f"{values.min():g} and a row of {sums.max():g}: scores before softmax?"
        )
    return values.astype(np.float64)


def _maps(attentions: np.ndarray | torch.Tensor) -> np.ndarray:
    """All maps of one text, square."""
    values = _array(attentions)
    checks.shapes("of one text, self-attention", attentions=(values, "layer head seq seq"))
    return values
