"""What a batch of similarities tells the ranking loss, and how often a negative is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln, log_softmax, softmax

from minbert import checks
from minbert.data.examples import PairExample

Cosines = Float[np.ndarray, "pair pair"]
"""Row i: the first sentence of pair i against the second sentences of all pairs; -inf leaves a
cell out."""
ROUNDING = 1e-3
"""By which a cosine of bf16 vectors may lie outside [-1, 1]."""


def ranking_probabilities(cosines: Cosines, scale: float = 1.0) -> Float[np.ndarray, "pair pair"]:
    """p_ij = exp(s·cos_ij) / Σ_k exp(s·cos_ik): how likely b_j is taken for the partner of a_i.

    Args:
        cosines: from -1 to 1.
        scale: s, the inverse temperature; 0 makes all equal, a large one names the nearest.

    Returns:
        Rows that sum to 1.

    Raises:
        ValueError: no square of cosines, or a scale below 0.
    """
    return softmax(_scaled(cosines, scale), axis=1)


def ranking_losses(cosines: Cosines, scale: float = 1.0) -> Float[np.ndarray, " pair"]:
    """-log p_ii of each row, in nats; their mean is the loss (one direction, all pairs similar)."""
    return -np.diag(log_softmax(_scaled(cosines, scale), axis=1))


def largest_probability(scale: float, pairs: int) -> float:
    """What no probability of a row can exceed: e^(2s) / (e^(2s) + K - 1).

    Reached by a row whose partner has the cosine 1 and all others -1. One row can have that;
    with more than two pairs not all rows can: see `loss_floor`.

    Args:
        scale: s, the inverse temperature.
        pairs: K, the batch size.

    Raises:
        ValueError: a scale below 0, or no pair.
    """
    checks.within("scale", scale, "[0, inf)")
    checks.whole("pairs", pairs, 1)
    return float(1 / (1 + (pairs - 1) * np.exp(-2.0 * scale)))


def loss_floor(scale: float, pairs: int) -> float:
    """The mean loss that no batch of vectors goes below: log(1 + (K-1) exp(-s K/(K-1))), in nats.

    By Jensen's inequality the mean loss is at least log(1 + (K-1) exp(s·g)), where g is the mean
    of cos_ij - cos_ii over all i ≠ j, and for unit vectors g is at least -K/(K-1). The corners of
    a regular simplex reach it: partners at 1, all others at -1/(K-1). Source: Graf et al. (2021)
    show the same for the supervised contrastive loss.

    Args:
        scale: s, the inverse temperature.
        pairs: K, the batch size, all of them similar; 2 or more.

    Raises:
        ValueError: one pair has no negatives; or a scale below 0.
    """
    checks.within("scale", scale, "[0, inf)")
    checks.whole("pairs", pairs, 2, "a batch of one has no negatives: it needs two pairs or more")
    return float(np.log1p((pairs - 1) * np.exp(-scale * pairs / (pairs - 1))))


def gradient_on_cosines(cosines: Cosines, scale: float = 1.0) -> Float[np.ndarray, "pair pair"]:
    """Derivative of the mean loss by each cosine: s/K · (p_ij - [i = j]).

    Negative on the diagonal (a step of descent raises these cosines), positive elsewhere, and
    each row sums to 0. Source: the derivative of cross-entropy by its logits.
    """
    probabilities = ranking_probabilities(cosines, scale)
    return scale * (probabilities - np.eye(len(probabilities))) / len(probabilities)


def effective_negatives(cosines: Cosines, scale: float = 1.0) -> Float[np.ndarray, " pair"]:
    """How many negatives share the push of a row: exp of the entropy of their shares.

    K - 1 when all are pushed alike, 1 when a single one takes it all.
    """
    scaled = _scaled(cosines, scale)
    pairs = len(scaled)
    if pairs < 2:
        raise ValueError(
            f"cosines must be of two pairs or more, got {scaled.shape}: one has no negatives"
        )
    others = ~np.eye(pairs, dtype=bool)
    logs = log_softmax(scaled[others].reshape(pairs, pairs - 1), axis=1)
    return np.exp(-(np.exp(logs) * logs).sum(axis=1))


def _scaled(cosines: Cosines, scale: float) -> Float[np.ndarray, "pair pair"]:
    """Cosines times the scale, once it is sure that they are cosines of a batch of pairs."""
    values = np.asarray(cosines)
    checks.shapes("each pair against each", cosines=(values, "pair pair", "number"))
    checks.within("scale", scale, "[0, inf)", "the inverse of a temperature")
    values = values.astype(np.float64)
    off = np.isneginf(values) & ~np.eye(len(values), dtype=bool)
    wrong = values[~off & ~(np.abs(values) <= 1 + ROUNDING)]
    if len(wrong):
        raise ValueError(
            f"cosines must lie in [-1, 1], got {wrong[0]:g}: products of vectors that are not "
            "normalised are no cosines, and the scale comes by itself"
        )
    return np.where(off, -np.inf, scale * np.where(off, 0.0, values))


def duplicate_clusters(pairs: Iterable[PairExample]) -> dict[str, int]:
    """Sentences that say the same, as far as the duplicate labels tell: union-find.

    If A is a duplicate of B, and B of C, then A is one of C, though nobody labelled that pair.

    Args:
        pairs: label 1 joins two sentences; other pairs only make them known.

    Returns:
        A cluster number per sentence, from 0, in the order of first appearance.
    """
    parent: dict[str, str] = {}

    def root(sentence: str) -> str:
        parent.setdefault(sentence, sentence)
        while parent[sentence] != sentence:
            parent[sentence] = parent[parent[sentence]]  # halve the path on the way up
            sentence = parent[sentence]
        return sentence

    for pair in pairs:
        first, second = root(pair.sentence1), root(pair.sentence2)
        if pair.label == 1:
            parent[second] = first
    numbers: dict[str, int] = {}
    return {sentence: numbers.setdefault(root(sentence), len(numbers)) for sentence in list(parent)}


def chance_of_false_negative(clusters: Sequence[Hashable], batch_size: int) -> float:
    """Probability that a random batch holds two pairs of one cluster: the birthday problem, exact.

    1 - e_K(n_1, n_2, …) / C(N, K) with the cluster sizes n, where e_K is the elementary symmetric
    polynomial: the number of ways to draw K pairs from K different clusters.

    Args:
        clusters: cluster of each pair, N of them.
        batch_size: K, drawn without replacement.

    Raises:
        ValueError: the batch is larger than the data, or below 1.
    """
    total = len(clusters)
    _check(batch_size, total)
    # logs of e_0 … e_K over the clusters seen so far; the plain numbers overflow
    ways = np.full(batch_size + 1, -np.inf)
    ways[0] = 0.0
    for size in Counter(clusters).values():
        ways[1:] = np.logaddexp(ways[1:], ways[:-1] + np.log(size))
    batches = gammaln(total + 1) - gammaln(batch_size + 1) - gammaln(total - batch_size + 1)
    return float(np.clip(1 - np.exp(ways[-1] - batches), 0.0, 1.0))


def sampled_chance(
    clusters: Sequence[Hashable], batch_size: int, draws: int = 2000, seed: int = 0
) -> float:
    """The same by drawing batches and counting: a check of the formula.

    Args:
        draws: number of batches; the standard error is at most .5 / √draws.

    Raises:
        ValueError: as `chance_of_false_negative`, or no draw.
    """
    checks.whole("draws", draws, 1)
    _check(batch_size, len(clusters))
    numbers = np.unique([str(cluster) for cluster in clusters], return_inverse=True)[1]
    draw = np.random.default_rng(seed)
    hits = sum(
        len(np.unique(draw.choice(numbers, batch_size, replace=False))) < batch_size
        for _ in range(draws)
    )
    return hits / draws


def _check(batch_size: int, total: int) -> None:
    if not isinstance(batch_size, int | np.integer) or not 1 <= batch_size <= total:
        raise ValueError(f"batch_size must be from 1 to {total} (all pairs), got {batch_size}")
