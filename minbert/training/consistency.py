"""R-Drop: two readings of one sentence, under other dropout, should say the same."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from minbert import checks


def disagreement(
    one: Float[Tensor, "batch label"], other: Float[Tensor, "batch label"]
) -> Float[Tensor, ""]:
    """How far two readings lie apart: the mean of the two Kullback-Leibler divergences, in nats.

    With p and q the distributions of a sentence's classes: ½ (KL(p ‖ q) + KL(q ‖ p)), which is
    ½ Σ (p − q)(log p − log q), averaged over the batch. 0 where both say the same.

    Args:
        one, other: logits of the same sentences.

    Source: Liang et al. (2021), equation 2.
    """
    checks.shapes(
        "logits of the same sentences",
        one=(one, "batch label", "float"),
        other=(other, "batch label", "float"),
    )
    log_p, log_q = F.log_softmax(one, dim=-1), F.log_softmax(other, dim=-1)
    return 0.5 * ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(dim=-1).mean()
