"""Is the partner found? For each first sentence of a pair, the nearest of all second ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from minbert.data.check import same_text
from minbert.data.groups import components


def partner_share(
    first: Float[np.ndarray, "pair hidden"], second: Float[np.ndarray, "pair hidden"]
) -> float:
    """Share of first vectors whose nearest second one, by the cosine, is their own partner.

    The strict form: a candidate that says the same as the partner counts as wrong. Where several
    pairs say the same, `PartnerSearch` counts it as right.

    Args:
        first, second: vectors of both sides; their lengths do not matter.

    Raises:
        ValueError: other than two arrays of one shape, with rows.
    """
    if first.ndim != 2 or first.shape != second.shape or not len(first):
        raise ValueError(
            "first and second must be (pair, hidden), with a row for each pair, got "
            f"{first.shape} and {second.shape}"
        )
    unit = [
        side / np.linalg.norm(side, axis=1, keepdims=True).clip(1e-12) for side in (first, second)
    ]
    nearest = (unit[0] @ unit[1].T).argmax(axis=1)
    return float((nearest == np.arange(len(first))).mean())


@dataclass(frozen=True)
class PartnerSearch:
    """What is asked and what may be answered, of some pairs that belong together."""

    questions: tuple[str, ...]
    """The first sentence of each pair."""
    candidates: tuple[str, ...]
    """Distinct second sentences: N of them."""
    clusters: np.ndarray
    """Of each candidate: sentences joined by any chain of pairs say the same, (candidate,)."""
    golds: np.ndarray
    """Of each question, (pair,)."""
    barred: np.ndarray
    """Where a candidate is the question itself: it is no answer, (pair, candidate)."""

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]]) -> PartnerSearch:
        """The search among the second sentences of pairs, all of which belong together."""
        golds = np.array(components(pairs))
        of_candidate: dict[str, int] = {}
        for (_, second), number in zip(pairs, golds, strict=True):
            of_candidate.setdefault(second, int(number))
        candidates = tuple(of_candidate)
        words = np.array([same_text(one) for one in candidates], dtype=object)
        barred = np.array([words == same_text(first) for first, _ in pairs]).astype(bool)
        return cls(
            tuple(first for first, _ in pairs),
            candidates,
            np.array(list(of_candidate.values())),
            golds,
            barred,
        )

    def answers(self, similarities: np.ndarray) -> np.ndarray:
        """Number of the cluster in which the nearest candidate is; right where it is `golds`.

        Args:
            similarities: (pair, candidate).
        """
        open_ones = np.where(self.barred, -np.inf, similarities)
        found = self.clusters[np.argmax(open_ones, axis=1)]
        return np.where(self.barred.all(axis=1), -1, found)
