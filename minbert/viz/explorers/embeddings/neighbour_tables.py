"""The sentence explorer: neighbours of a sentence, and how alike two typed ones are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minbert.analysis.geometry import random_cosines
from minbert.analysis.layers import layer_vectors
from minbert.analysis.neighbours import cosine_matrix
from minbert.analysis.sentence_space import SentenceSpace
from minbert.encoder import Encoder
from minbert.inference import encode
from minbert.pooling import POOLINGS
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.style import COLOURS, new_axes, subplots, tidy
from minbert.viz.table import Table


@dataclass(frozen=True)
class Hit:
    """One neighbour of a sentence."""

    sentence: str
    task: str
    cosine: float


def look_up(
    query: np.ndarray, space: SentenceSpace, name: str, k: int = 5, leave_out: str | None = None
) -> list[Hit]:
    """The sentences of a space that lie nearest to a vector, nearest first.

    Args:
        query: (hidden,) by the same encoder and pooling as the space's vectors.
        space: where to look.
        name: which of its sets of vectors.
        k: how many.
        leave_out: a sentence that is not to be found: the one that is asked with.
    """
    cosines = cosine_matrix(query[None], space.vectors[name])[0]
    order = np.argsort(-cosines, kind="stable")
    rows = [row for row in order[: k + 1] if space.sentences[row] != leave_out][:k]
    return [Hit(space.sentences[row], space.tasks[row], float(cosines[row])) for row in rows]


def neighbour_table(query: str, hits: Mapping[str, Sequence[Hit]], digits: int = 2) -> Table:
    """Neighbours of one sentence in several spaces, one block a space."""
    rows = [
        [name if at == 0 else "", f"{hit.cosine:.{digits}f}", hit.task, hit.sentence]
        for name, found in hits.items()
        for at, hit in enumerate(found)
    ]
    return Table(["space", "cosine", "task", "sentence"], rows, caption=f"Neighbours of: {query}")


TIE = 1e-6
"""Cosines closer than this are equal: the rest is how sentences were batched."""


@dataclass(frozen=True)
class Comparison:
    """How alike two sentences are, and whether that is much."""

    cosine: float
    percentile: float
    """Share of random pairs that are less alike, 0 to 1."""
    random: np.ndarray
    """Cosines of random pairs, (pair,)."""


def compare(first: np.ndarray, second: np.ndarray, random: np.ndarray) -> Comparison:
    """The cosine of two vectors, held against cosines of random pairs.

    Args:
        first, second: (hidden,) by the same encoder and pooling.
        random: `minbert.analysis.geometry.random_cosines` of other sentences' vectors, which do
            not depend on the two: compute them once.
    """
    cosine = float(cosine_matrix(first[None], second[None])[0, 0])
    return Comparison(cosine, float(np.mean(random < cosine - TIE)), random)


def compare_with(
    sentence: str,
    texts: Mapping[str, str],
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    others: Sequence[str],
    pooling: str = "mean",
    seed: int = 0,
) -> dict[str, Comparison]:
    """Cosines of a sentence with several texts, held against random pairs of other sentences.

    Args:
        sentence: compared with each of `texts`.
        texts: by name, for example a paraphrase and its controls.
        others: sentences of which the random pairs are drawn, some hundred or more.
        pooling: `cls`, `pooler` or `mean`.
        seed: of the draw.
    """
    texts_and_others = [sentence, *texts.values(), *others]
    # Not bf16 where a machine has it: a percentile would depend on the machine.
    vectors = encode(texts_and_others, encoder, tokenizer, pooling, precision="fp32")
    random = random_cosines(vectors[1 + len(texts) :], seed)
    return {
        name: compare(vectors[0], vector, random)
        for name, vector in zip(texts, vectors[1 : 1 + len(texts)], strict=True)
    }


def compare_sentences(
    first: str,
    second: str,
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    others: Sequence[str],
    pooling: str = "mean",
) -> Comparison:
    """Cosine of two sentences under one pooling; see `compare_with`."""
    return compare_with(first, {"": second}, encoder, tokenizer, others, pooling)[""]


def vectors_by_pooling(
    sentences: Sequence[str], encoder: Encoder, tokenizer: WordPieceTokenizer
) -> dict[str, np.ndarray]:
    """Sentence vectors under `pooler`, `cls` and `mean`, (sentence, hidden), encoded once."""
    layers = layer_vectors(sentences, encoder, tokenizer)
    return {pooling: layers[pooling][-1] for pooling in POOLINGS}


def compare_under_all_poolings(
    first: str,
    second: str,
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    others: Sequence[str],
) -> dict[str, Comparison]:
    """`compare_sentences` under `pooler`, `cls` and `mean`."""
    vectors = vectors_by_pooling([first, second, *others], encoder, tokenizer)
    return {
        pooling: compare(*rows[:2], random_cosines(rows[2:])) for pooling, rows in vectors.items()
    }


def _above(percentile: float) -> str:
    """Rounded, but 100% only where it is all of them."""
    return f"{percentile if percentile == 1 else min(percentile, 0.99):z.0%}"


def draw_comparisons(comparisons: Mapping[str, Comparison]) -> tuple[Figure, str]:
    """One panel a pooling: random pairs as a histogram, the two sentences as a line.

    Args:
        comparisons: by name.
    """
    figure, panels = subplots(
        1, len(comparisons), figsize=(0.6 + 2.6 * len(comparisons), 2.8), sharex=True
    )
    low = min(min(c.random.min(), c.cosine) for c in comparisons.values()) - 0.02
    said = []
    for axes, (name, found) in zip(panels[0], comparisons.items(), strict=True):
        counts, edges = np.histogram(np.minimum(found.random, 1.0), np.linspace(low, 1.0, 41))
        tidy(axes).stairs(counts, edges, fill=True, color=COLOURS[4])
        axes.axvline(found.cosine, color=COLOURS[3], linewidth=2.0)
        above = _above(found.percentile)
        axes.set_title(f"{name}: {found.cosine:z.2f}, above {above}", fontsize=10)
        axes.set_xlabel("cosine")
        axes.set_yticks([])
        said.append(f"{name}: cosine {found.cosine:z.2f}, above {above} of them")
    panels[0, 0].set_ylabel("random pairs")
    return figure, f"Cosine of two sentences among those of random pairs. {'; '.join(said)}."


def comparisons_table(comparisons: Mapping[str, Comparison]) -> Table:
    """The cosine under each pooling, beside where those of random pairs lie."""
    rows = [
        [
            name,
            f"{found.cosine:z.3f}",
            f"{found.percentile:z.2%}",
            *(f"{np.quantile(found.random, share):z.3f}" for share in (0.05, 0.5, 0.95)),
            f"{found.random.mean():z.3f}",
            len(found.random),
        ]
        for name, found in comparisons.items()
    ]
    quantiles = ["5 % are below", "median", "95 % are below"]
    header = ["pooling", "cosine", "above random pairs"]
    return Table([*header, *(f"random: {title}" for title in [*quantiles, "mean", "pairs"])], rows)


def draw_hubs(times: np.ndarray, k: int, title: str = "") -> tuple[Axes, str]:
    """How often sentences are neighbours, as a histogram with k, the mean, marked.

    Args:
        times: `minbert.analysis.neighbours.times_chosen`.
        k: neighbours that each sentence has.
        title: above the picture and first in the alt sentence.
    """
    axes = tidy(new_axes(6.0, 3.0))
    axes.hist(times, bins=np.arange(-0.5, times.max() + 1.5), color=COLOURS[0])
    axes.axvline(k, color=COLOURS[3], linestyle="--", label=f"mean: k = {k}")
    axes.set_xlabel(f"times among the {k} nearest of another sentence")
    axes.set_ylabel("sentences")
    axes.set_title(title)
    axes.legend(frameon=False, fontsize=8)
    return axes, (
        f"{title or 'Hubs'}: of {len(times)} sentences {np.mean(times == 0):z.0%} are nobody's "
        f"neighbour, and the most popular one is a neighbour {times.max()} times."
    )
