"""What is minimised: pure functions from tensors to one number."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from minbert import checks
from minbert.masking import IGNORE


def masked_language_model(
    logits: Float[Tensor, "*tokens vocabulary"], labels: Int[Tensor, "*tokens"]
) -> Float[Tensor, ""]:
    """Mean negative log-probability of the original piece at the chosen positions, in nats.

    Positions labelled `IGNORE` (-100) count for nothing, whatever their logits. ln(vocabulary) is
    what a model that knows nothing pays (10.3 for 30,522 pieces); exp of the loss is the
    perplexity.

    Args:
        logits: scores for every position, or for the chosen ones alone (same result, cheaper).
        labels: the original piece, or `IGNORE`.

    Raises:
        ValueError: no position is chosen: the mean of nothing is undefined; or shapes, kinds or
            labels that do not go together.

    Source: Devlin et al. (2019), task #1; the paper, section 4.2.
    """
    checks.shapes(logits=(logits, "*tokens vocabulary", "float"), labels=(labels, "*tokens", "int"))
    chosen = labels[labels != IGNORE]
    if not len(chosen):
        raise ValueError(
            f"labels must hold at least one piece, got {IGNORE} at every place: no token is masked "
            "in this batch, so its loss is undefined: skip it"
        )
    checks.indices("labels", chosen, logits.shape[-1], f"the vocabulary, or {IGNORE} for ignored")
    return F.cross_entropy(logits.flatten(0, -2).float(), labels.flatten(), ignore_index=IGNORE)


def multiple_negatives_ranking(
    a: Float[Tensor, "pair hidden"],
    b: Float[Tensor, "pair hidden"],
    similar: Bool[Tensor, " pair"] | None = None,
    *,
    scale: float = 1.0,
    symmetric: bool = False,
    clusters: Int[Tensor, " pair"] | None = None,
) -> Float[Tensor, ""]:
    r"""Pick each sentence's partner out of the batch: cross-entropy over cosine similarities.

    J = -1/K_s Σ_{i similar} ( s·cos(a_i, b_i) − log Σ_{j=1..K} exp(s·cos(a_i, b_j)) )

    Every b_j of another pair serves as a negative for a_i, so a batch of K pairs gives K − 1
    negatives for free. Needs pairs known to mean the same; pairs that are not similar still serve
    as negatives (the paper's K_s form). With graded scores and no clear positives use a
    regression loss on the cosine instead.

    Args:
        a, b: vectors of the first and second sentences; need not be normalised.
        similar: which pairs are positives (K_s of them); None means all.
        scale: s, the inverse temperature. The paper uses 1: cosines then span only [−1, 1], no
            probability can exceed e²/(e² + K − 1), and the loss stays near ln K. Values around 20
            let the softmax become sharp.
        symmetric: also rank the a's for each b, and average the two directions.
        clusters: pairs of one number say the same thing; they are never each other's negatives
            (false negatives). None trusts that all other pairs are negatives.

    Returns:
        The mean over the similar pairs, in nats; ln K when all cosines are equal.

    Raises:
        ValueError: no pair is similar (the paper's formula divides by zero: skip the batch); there
            is one pair alone, or one cluster, and so no negative; or shapes that do not fit.

    Source: Henderson et al. (2017), section 4.3; the paper, section 4.3.
    """
    checks.shapes(
        "a and b need one line a pair",
        a=(a, "pair hidden", "float"),
        b=(b, "pair hidden", "float"),
        similar=(similar, "pair", "bool"),
        clusters=(clusters, "pair", "int"),
    )
    checks.within("scale", scale, "(0, inf)", "it is the inverse of a temperature")
    pairs = a.shape[0]
    if pairs < 2:
        raise ValueError(
            f"a must hold two pairs or more, got {tuple(a.shape)}: other pairs are the negatives, "
            "and without one the loss is 0 whatever the vectors are: skip such a batch"
        )
    if similar is None:
        similar = torch.ones(pairs, dtype=torch.bool, device=a.device)
    if not similar.any():
        raise ValueError(
            f"similar must be True for one pair or more, got False for all: none of the {pairs} "
            "pairs is similar, so the loss is undefined: skip it"
        )
    # (pair, pair): row i holds the similarity of a_i to every b_j
    scores = scale * F.normalize(a.float(), dim=-1) @ F.normalize(b.float(), dim=-1).T
    if clusters is not None:
        same = clusters[:, None] == clusters[None, :]
        if same.all():
            raise ValueError(
                f"clusters must be two or more, got one for all {pairs} pairs: no negative is left"
            )
        own = torch.eye(pairs, dtype=torch.bool, device=a.device)
        scores = scores.masked_fill(same & ~own, -torch.inf)
    target = torch.arange(pairs, device=a.device)
    loss = F.cross_entropy(scores[similar], target[similar])
    if symmetric:
        loss = (loss + F.cross_entropy(scores.T[similar], target[similar])) / 2
    return loss


def sentiment(
    logits: Float[Tensor, "batch label"], labels: Int[Tensor, " batch"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy of the right class, in nats; ln 5 = 1.61 for a uniform guess.

    Raises:
        ValueError: shapes that do not go together, no rows, or a label that is no class.
    """
    checks.shapes(logits=(logits, "batch label", "float"), labels=(labels, "batch", "int"))
    checks.indices("labels", labels, logits.shape[1], "one class a column of the logits")
    return F.cross_entropy(logits.float(), labels)


def paraphrase(
    logits: Float[Tensor, " batch"], labels: Float[Tensor, " batch"]
) -> Float[Tensor, ""]:
    """Mean binary cross-entropy of "paraphrase" (1) or not (0), in nats; ln 2 = .69 for a coin.

    Raises:
        ValueError: shapes that differ, no rows, or a label outside [0, 1].
    """
    checks.shapes(logits=(logits, "batch", "float"), labels=(labels, "batch", "number"))
    checks.spread("labels", labels, 0, 1, "1 for a paraphrase, 0 for none")
    return F.binary_cross_entropy_with_logits(logits.float(), labels.float())


def similarity(
    scores: Float[Tensor, " batch"], labels: Float[Tensor, " batch"]
) -> Float[Tensor, ""]:
    """Mean squared error on the scale 0 to 5, in squared points.

    The paper trains nothing with it (its similarity head has no weights); later recipes do.

    Raises:
        ValueError: shapes that differ, no rows, or a label outside [0, 5].
    """
    checks.shapes(scores=(scores, "batch", "float"), labels=(labels, "batch", "number"))
    checks.spread("labels", labels, 0, 5, "points")
    return F.mse_loss(scores.float(), labels.float())


LOSSES = {
    "cross_entropy": sentiment,
    "binary_cross_entropy": paraphrase,
    "squared_error": similarity,
}
"""Of a task's answers, by the name that `minbert.tasks.Task.loss` gives."""
