"""Negatives that are none: how often a batch holds two pairs that say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from scipy.special import gammaln

from minbert import checks
from minbert.data.examples import PairExample


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
