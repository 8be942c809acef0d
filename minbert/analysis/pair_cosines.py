"""How alike are pairs that say the same, pairs that do not, and any two sentences?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from minbert.analysis.geometry import alignment, random_cosines, uniformity
from minbert.analysis.neighbours import cosine_matrix
from minbert.data.examples import PairExample
from minbert.evaluation.metrics import roc_auc

SIMILAR, DIFFERENT, RANDOM = "labelled similar", "labelled different", "random pairs"
DIGITS = 10
"""Of a cosine; vectors that differ by no more than the rounding of fp32 then have exactly 1."""
SHORTEST = 1e-5
"""Of the longest vector's length: below it a vector is nothing but rounding."""


@dataclass(frozen=True)
class PairSample:
    """Pairs with a label; each sentence once."""

    sentences: tuple[str, ...]
    first: Int[np.ndarray, " pair"]
    second: Int[np.ndarray, " pair"]
    """Rows of `sentences`."""
    similar: Bool[np.ndarray, " pair"]
    note: str
    """How many of which pairs these are."""


def sample_pairs(
    pairs: Sequence[PairExample], similar_from: float = 1.0, most: int = 300, seed: int = 0
) -> PairSample:
    """Draw pairs, half of them similar as far as there are enough.

    Args:
        pairs: those without a label, or with a sentence of nothing but blanks, are left out.
        similar_from: the label from which a pair counts as similar: 1 for Quora's 0 and 1; the
            paper takes 4 for the similarities 0 to 5.
        most: pairs that are taken.
        seed: of the draw.
    """
    usable = [
        pair
        for pair in pairs
        if pair.label is not None
        and not np.isnan(pair.label)
        and all(isinstance(text, str) and text.strip() for text in pair.texts)
    ]
    similar = np.array([pair.label >= similar_from for pair in usable], dtype=bool)
    draw = np.random.default_rng(seed)
    by_label = [draw.permutation(np.flatnonzero(similar == label)) for label in (True, False)]
    wanted = max(most // 2, most - len(by_label[1]))
    alike = by_label[0][:wanted]
    chosen = np.sort(np.concatenate([alike, by_label[1][: most - len(alike)]])).astype(int)

    rows: dict[str, int] = {}
    places = [[rows.setdefault(text, len(rows)) for text in usable[at].texts] for at in chosen]
    first, second = np.array(places, dtype=int).reshape(-1, 2).T
    note = (
        f"{len(chosen):,} of {len(pairs):,} pairs"
        f"{', drawn at random' if len(chosen) < len(usable) else ''}: "
        f"{similar[chosen].sum():,} labelled similar, {(~similar[chosen]).sum():,} labelled "
        f"different; distinct sentences: {len(rows):,}."
    )
    if len(usable) < len(pairs):
        note += f" {len(pairs) - len(usable):,} pairs lack a label or a sentence."
    return PairSample(tuple(rows), first, second, similar[chosen], note)


@dataclass(frozen=True)
class CosineSpread:
    """Cosines of three kinds of pairs in one space, and one number for each thing they show."""

    groups: Mapping[str, Float[np.ndarray, " pair"]]
    """`SIMILAR`, `DIFFERENT`, `RANDOM`; a kind of which there is no pair is absent."""
    alignment: float
    """Of the similar pairs, 0 to 4; like all numbers here nan where there are no pairs for it."""
    uniformity: float
    """Of all sentences, about -4 to 0."""
    without_direction: int
    """Sentences whose vector has length zero, or is not finite; they are in no pair."""

    @property
    def anisotropy(self) -> float:
        """Mean cosine of the random pairs, -1 to 1."""
        return self.mean(RANDOM)

    @cached_property
    def auc(self) -> float:
        """How often a similar pair has a larger cosine than a different one: .5 is chance."""
        return self._above(DIFFERENT)

    @cached_property
    def auc_random(self) -> float:
        """How often a similar pair has a larger cosine than a random one: the easier question."""
        return self._above(RANDOM)

    def mean(self, group: str) -> float:
        """Mean cosine of a group."""
        return float(self.groups[group].mean()) if group in self.groups else np.nan

    def quantile(self, group: str, share: float) -> float:
        """The cosine that a share (0 to 1) of a group does not exceed."""
        return float(np.quantile(self.groups[group], share)) if group in self.groups else np.nan

    def _above(self, other: str) -> float:
        if SIMILAR not in self.groups or other not in self.groups:
            return np.nan
        return roc_auc(self.groups[SIMILAR], self.groups[other])


def compute_spread(
    vectors: Float[np.ndarray, "sentence hidden"], sample: PairSample, centre: bool = False
) -> CosineSpread:
    """The cosines of a sample's pairs, and of random pairs of its sentences.

    Random pairs are those of `minbert.analysis.geometry.anisotropy`: any two of the sentences.

    Args:
        vectors: one for each of `sample.sentences`.
        centre: subtract the mean vector first: what all sentences share is then gone, and with it
            nearly all anisotropy.

    Raises:
        ValueError: not as many vectors as sentences.
    """
    if len(vectors) != len(sample.sentences):
        raise ValueError(f"{len(sample.sentences)} sentences need as many vectors: {len(vectors)}")
    values = np.asarray(vectors, dtype=np.float64)
    finite = np.isfinite(values).all(axis=1)
    values = np.where(finite[:, None], values, 0.0)
    longest = np.linalg.norm(values, axis=1).max(initial=0.0)
    if centre and finite.any():
        values = values - values[finite].mean(axis=0)
    directed = finite & (np.linalg.norm(values, axis=1) > SHORTEST * longest)
    pairs = directed[sample.first] & directed[sample.second]
    first, second, similar = (a[pairs] for a in (sample.first, sample.second, sample.similar))
    cosines = cosine_matrix(values, values)[first, second]
    enough = directed.sum() > 1
    groups: dict[str, Any] = {
        SIMILAR: cosines[similar],
        DIFFERENT: cosines[~similar],
        RANDOM: random_cosines(values[directed]) if enough else np.zeros(0),
    }
    sides = values[first[similar]], values[second[similar]]
    return CosineSpread(
        groups={name: np.round(kind, DIGITS) for name, kind in groups.items() if kind.size},
        alignment=alignment(*sides) if similar.any() else np.nan,
        uniformity=uniformity(values[directed]) if enough else np.nan,
        without_direction=int((~directed).sum()),
    )
