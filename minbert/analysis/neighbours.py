"""Which sentences lie next to which, and what neighbours have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from minbert import checks
from minbert.analysis.geometry import as_array

QUERIES_AT_ONCE = 1024
"""Rows of the cosine matrix that are in memory at a time."""


@dataclass(frozen=True)
class Neighbours:
    """The nearest sentences of each sentence, nearest first."""

    rows: Int[np.ndarray, "query k"]
    cosines: Float[np.ndarray, "query k"]


def cosine_matrix(
    first: Float[np.ndarray, "query hidden"], second: Float[np.ndarray, "sentence hidden"]
) -> Float[np.ndarray, "query sentence"]:
    """Cosine of every vector of `first` with every one of `second`; a zero vector gives 0.

    Raises:
        ValueError: no vectors, of two widths, or one that is not finite.
    """
    first, second = np.asarray(first), np.asarray(second)
    checks.shapes(
        "vectors of one encoder",
        first=(first, "query hidden", "number"),
        second=(second, "sentence hidden", "number"),
    )
    return _unit(first) @ _unit(second).T


def nearest(
    vectors: Float[np.ndarray, "sentence hidden"], k: int, queries: Sequence[int] | None = None
) -> Neighbours:
    """The k nearest neighbours by cosine; a sentence is not its own neighbour.

    Equal cosines are ordered by row, so that the answer does not depend on the machine's sort.

    Args:
        vectors: one a sentence.
        k: neighbours wanted.
        queries: rows to look for; all of them without.

    Raises:
        ValueError: k is below 1, there are not k other sentences, a query is no row, or a vector
            is not finite.
    """
    vectors = _unit(vectors)
    if not isinstance(k, int | np.integer) or not 1 <= k < len(vectors):
        raise ValueError(f"k must be from 1 to {len(vectors) - 1} (all others), got {k}")
    wanted = np.arange(len(vectors)) if queries is None else np.asarray(queries)
    checks.shapes(queries=(wanted, "query", "int"))
    if wanted.min() < 0 or wanted.max() >= len(vectors):
        wrong = wanted[(wanted < 0) | (wanted >= len(vectors))][0]
        raise ValueError(f"queries must be rows from 0 to {len(vectors) - 1}, got {wrong}")
    rows, cosines = [], []
    for start in range(0, len(wanted), QUERIES_AT_ONCE):
        some = wanted[start : start + QUERIES_AT_ONCE]
        scores = vectors[some] @ vectors.T
        scores[np.arange(len(some)), some] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        rows.append(best)
        cosines.append(np.take_along_axis(scores, best, axis=1))
    return Neighbours(np.concatenate(rows), np.concatenate(cosines))


def purity(neighbours: Neighbours, labels: Sequence) -> float:
    """Mean share of neighbours that carry the sentence's own label; 0 to 1.

    Without meaning it is the chance that two different sentences agree: hold it against the same
    neighbours with shuffled labels.

    Args:
        neighbours: of all sentences, line i those of sentence i.
        labels: one a sentence.

    Raises:
        ValueError: the numbers of labels and of lines differ.
    """
    labels = np.asarray(labels)
    if len(labels) != len(neighbours.rows):
        raise ValueError(
            f"labels must be one a sentence, got {len(labels)} labels for {len(neighbours.rows)}"
        )
    return float((labels[neighbours.rows] == labels[:, None]).mean())


def partner_found(neighbours: Neighbours, partners: Mapping[int, set[int]]) -> float:
    """Share of sentences that have at least one known partner among their neighbours.

    Args:
        neighbours: of all sentences, line i those of sentence i.
        partners: per sentence that has any, the rows that say the same.

    Raises:
        ValueError: nobody has a partner.
    """
    if not partners:
        raise ValueError("partners must name a sentence, got none: no sentence has a partner")
    outside = [row for row in partners if not 0 <= row < len(neighbours.rows)]
    if outside:
        raise ValueError(
            f"partners must be of rows 0 to {len(neighbours.rows) - 1}, got {outside[0]}"
        )
    return float(
        np.mean([bool(known & set(neighbours.rows[row])) for row, known in partners.items()])
    )


def shared_neighbours(before: Neighbours, after: Neighbours) -> float:
    """Mean share of neighbours that stayed the same; 0 to 1.

    Unlike a distance moved it does not care whether the whole space was turned or stretched.

    Raises:
        ValueError: the two have different shapes.
    """
    if before.rows.shape != after.rows.shape:
        raise ValueError(
            "before and after must have the same queries and k: their shapes differ, got "
            f"{before.rows.shape} and {after.rows.shape}"
        )
    both = [len(set(a) & set(b)) for a, b in zip(before.rows, after.rows, strict=True)]
    return float(np.mean(both) / before.rows.shape[1])


def times_chosen(neighbours: Neighbours, sentences: int) -> Int[np.ndarray, " sentence"]:
    """How often each sentence is a neighbour: k on average; much more makes it a hub.

    Source: Radovanović, Nanopoulos and Ivanović (2010), section 2.

    Raises:
        ValueError: a neighbour is none of so many sentences.
    """
    checks.whole("sentences", sentences, int(neighbours.rows.max()) + 1, "rows that are neighbours")
    return np.bincount(neighbours.rows.ravel(), minlength=sentences)


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = as_array(vectors)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-12)
