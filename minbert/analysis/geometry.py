"""How sentence vectors lie in space: crowding, spread, directions, components, layers, probes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from minbert import checks
from minbert.data.examples import CourseData
from minbert.encoder import Encoder
from minbert.inference import encode_rows, every_layer
from minbert.tokenizer import WordPieceTokenizer

Vectors = Float[np.ndarray | torch.Tensor, "sentence hidden"]
"""One sentence vector a line."""


def anisotropy(vectors: Vectors, seed: int = 0, pairs: int = 2000) -> float:
    """Mean cosine of random pairs: 0 for directions spread evenly, 1 when all point the same way.

    A cosine says little until it is held against this one. Source: Ethayarajh (2019), section 4.

    Args:
        vectors: two lines or more.
        seed: of the draw of pairs; two different lines each.
        pairs: how many are drawn; at most every pair once, then all are taken.

    Returns:
        From -1/(sentence - 1), when all pairs are taken and the directions cancel, to 1.

    Raises:
        ValueError: there are fewer than two vectors, or one has length zero.
    """
    return float(random_cosines(vectors, seed, pairs).mean())


def random_cosines(vectors: Vectors, seed: int = 0, pairs: int = 2000) -> np.ndarray:
    """The cosines whose mean is `anisotropy`, (pair,); same arguments, same errors."""
    directions = _directions(vectors)
    total = len(directions)
    if total < 2:
        raise ValueError(f"vectors must be two or more: a pair needs two vectors, got {total}")
    checks.whole("pairs", pairs, 1)
    first, second = np.triu_indices(total, k=1)
    if len(first) > pairs:
        chosen = np.random.default_rng(seed).choice(len(first), size=pairs, replace=False)
        first, second = first[chosen], second[chosen]
    return np.einsum("ph,ph->p", directions[first], directions[second])


def alignment(first: Vectors, second: Vectors) -> float:
    """Mean squared distance of pairs that should be close, on the unit sphere: smaller is better.

    For directions u and v it is |u - v|² = 2 - 2 cos(u, v): 0 when each pair coincides, 2 when
    pairs are orthogonal, 4 when they are opposite. Collapsed vectors have a perfect 0, hence
    `uniformity`. Source: Wang and Isola (2020), section 4.1, with alpha = 2.

    Args:
        first, second: line i of one belongs to line i of the other.

    Raises:
        ValueError: the shapes differ, there are no pairs, or a vector has length zero.
    """
    u, v = _directions(first), _directions(second)
    if u.shape != v.shape:
        raise ValueError(
            f"first and second must be pairs, of two equal shapes, got {u.shape} and {v.shape}"
        )
    return float(((u - v) ** 2).sum(axis=1).mean())


def uniformity(vectors: Vectors, temperature: float = 2.0) -> float:
    """log of the mean of exp(-t |u - v|²) over all pairs: more negative is more even.

    0 when all directions coincide; about -2t when they are spread over a sphere of many
    dimensions, where two directions are nearly orthogonal. Source: Wang and Isola (2020),
    section 4.1, with t = 2.

    Args:
        vectors: two lines or more; the work grows with their square.
        temperature: t, above 0.

    Raises:
        ValueError: there are fewer than two vectors, one has length zero, or t is not above 0.
    """
    checks.within("temperature", temperature, "(0, inf)")
    directions = _directions(vectors)
    if len(directions) < 2:
        raise ValueError(
            f"vectors must be two or more: a pair needs two vectors, got {len(directions)}"
        )
    first, second = np.triu_indices(len(directions), k=1)
    squared = 2 - 2 * (directions @ directions.T)[first, second]
    return float(np.log(np.exp(-temperature * squared).mean()))


def linear_cka(before: Vectors, after: Vectors) -> float:
    """How much of the arrangement of the same sentences two spaces share.

    Centred kernel alignment with linear kernels, |BᵀA|² / (|AᵀA| |BᵀB|) in Frobenius norms, for
    vectors A and B with their means subtracted: 1 when one space is the other rotated, moved or
    scaled, 0 when nothing linear is left. Unlike a cosine of vectors it does not mind which axes
    a network happens to use. Source: Kornblith et al. (2019), section 3.

    Args:
        before, after: line i of both belongs to the same sentence; widths may differ.

    Raises:
        ValueError: the numbers of lines differ, or all lines of one are the same.
    """
    a, b = as_array(before, "before"), as_array(after, "after")
    if len(a) != len(b):
        raise ValueError(
            f"before and after must have the same sentences, got {len(a)} and {len(b)}"
        )
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    if scale <= 0:
        raise ValueError(
            "before and after must hold vectors that differ, got one vector again and again in one "
            "space: it has no arrangement to compare"
        )
    return float(np.linalg.norm(b.T @ a) ** 2 / scale)


def as_array(vectors: Vectors, name: str = "vectors") -> np.ndarray:
    """Vectors as float64 NumPy, once they are finite and a line each.

    Raises:
        ValueError: they are not.
    """
    if isinstance(vectors, torch.Tensor):
        vectors = vectors.detach().cpu().float().numpy()
    values = np.asarray(vectors)
    checks.shapes("one sentence vector a line", **{name: (values, "sentence hidden", "number")})
    checks.finite(**{name: values})
    return values.astype(np.float64)


def _directions(vectors: Vectors) -> np.ndarray:
    values = as_array(vectors)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError(
            f"vectors must have a length above 0, got 0 in line {int(lengths.argmin())}: a vector "
            "of length zero has no direction"
        )
    return values / lengths


Directions = Float[np.ndarray, "direction hidden"]
"""Orthonormal rows."""


def random_rotation(width: int, seed: int) -> Float[np.ndarray, "hidden hidden"]:
    """An orthogonal matrix drawn evenly from all of them (reflections included).

    It moves every vector and changes no length, no angle and no distance between two of them.
    Source: Mezzadri (2007), section 5: QR of a Gaussian matrix, with the signs of R's diagonal.

    Raises:
        ValueError: a width below 1.
    """
    checks.whole("width", width, 1)
    gaussian = np.random.default_rng(seed).standard_normal((width, width))
    orthogonal, upper = np.linalg.qr(gaussian)
    return orthogonal * np.sign(np.diag(upper))


def random_directions(width: int, count: int, seed: int) -> Directions:
    """`count` orthonormal directions, drawn evenly; at most `width`."""
    checks.whole("count", count, 0)
    checks.within("count", count, f"[0, {width}]", "a space has no more directions than its width")
    return random_rotation(width, seed)[:, :count].T


def principal_directions(vectors: Vectors, count: int) -> Directions:
    """The orthonormal directions in which vectors differ most from their mean, largest first.

    Of the steps `after - before` of a training stage these are the directions in which it moved
    sentences apart from each other; a step common to all sentences has no part in them.

    Raises:
        ValueError: `count` exceeds the width, or there are fewer than two vectors.
    """
    values = as_array(vectors)
    checks.whole("count", count, 0)
    checks.within("count", count, f"[0, {values.shape[1]}]", "directions of this width")
    if len(values) < 2:
        raise ValueError("vectors must be two or more to differ from their mean, got one")
    _, turned = np.linalg.eigh(np.cov(values, rowvar=False))
    return turned[:, ::-1][:, :count].T


def project_out(vectors: Vectors, directions: Directions) -> np.ndarray:
    """The vectors without their components along the directions; width and order stay."""
    values, directions = as_array(vectors), np.asarray(directions)
    if directions.ndim != 2 or directions.shape[1] != values.shape[1]:
        raise ValueError(
            f"directions must be (direction, {values.shape[1]}), as wide as the vectors, got "
            f"{directions.shape}"
        )
    return values - values @ directions.T @ directions


def relative_step(before: Vectors, after: Vectors) -> float:
    """How far vectors moved, in units of their own spread: |after - before| / |before - mean|.

    Root mean squares over all sentences; 0 when nothing moved, about √2 after a random rotation
    about the mean.

    Raises:
        ValueError: the shapes differ, or all vectors were the same before.
    """
    before, after = as_array(before, "before"), as_array(after, "after")
    checks.shapes(before=(before, "sentence hidden"), after=(after, "sentence hidden"))
    if np.ptp(before, axis=0).max() == 0:
        raise ValueError("before must hold vectors that differ, got one vector: it has no spread")
    spread = np.sqrt(((before - before.mean(axis=0)) ** 2).sum(axis=1).mean())
    return float(np.sqrt(((after - before) ** 2).sum(axis=1).mean()) / spread)


@dataclass(frozen=True)
class PrincipalComponents:
    """A map from vectors to a few coordinates."""

    mean: Float[np.ndarray, " hidden"]
    components: Float[np.ndarray, "component hidden"]
    """Orthonormal directions, the one of largest variance first."""
    shares: Float[np.ndarray, " component"]
    """Of the total variance, per component."""

    def project(
        self, vectors: Float[np.ndarray, "sentence hidden"]
    ) -> Float[np.ndarray, "sentence component"]:
        """Coordinates of vectors, these or others of the same width, on the map."""
        values = as_array(vectors)
        checks.shapes("as wide as those of the map", vectors=(values, f"n {len(self.mean)}"))
        return (values - self.mean) @ self.components.T


def principal_components(
    vectors: Float[np.ndarray, "sentence hidden"], count: int = 2
) -> PrincipalComponents:
    """Directions of largest variance, by scikit-learn's PCA.

    A direction has no sign of its own: the largest entry of each is made positive, so that the
    same vectors always give the same map.

    Args:
        vectors: two or more, not all the same.
        count: of components, at most the smaller side of `vectors`.

    Raises:
        ValueError: `count` is out of range, nothing varies, or a value is not finite.
    """
    vectors = as_array(vectors)
    checks.whole("count", count, 1)
    if not 1 <= count <= min(vectors.shape):
        raise ValueError(f"count must be from 1 to {min(vectors.shape)}, got {count}")
    spread = ((vectors - vectors.mean(axis=0)) ** 2).sum()
    if spread <= 1e-20 * max(1.0, float((vectors**2).sum())):
        raise ValueError(
            "vectors must differ, got one again and again: all vectors are the same, and no "
            "direction has the largest variance"
        )
    from sklearn.decomposition import PCA

    # Of many vectors the eigenvectors of the covariance are found sooner; they are the same.
    solver = "covariance_eigh" if len(vectors) > vectors.shape[1] else "full"
    # On a busy machine the threads of these decompositions wait for each other: one is faster.
    with threadpool_limits(1, user_api="blas"):
        found = PCA(count, svd_solver=solver).fit(vectors)
    largest = np.take_along_axis(
        found.components_, np.abs(found.components_).argmax(1)[:, None], axis=1
    )
    return PrincipalComponents(
        found.mean_, found.components_ * np.sign(largest), found.explained_variance_ratio_
    )


LayerVectors = dict[str, Float[np.ndarray, "layer sentence hidden"]]
"""Per pooling. `cls` and `mean` have num_hidden_layers + 1 layers, the first of them the
embeddings; `pooler` reads the last layer and has one."""


def layer_vectors(
    sentences: Sequence[str],
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    token_budget: int = 1024,
) -> LayerVectors:
    """Encode sentences once, and pool each layer in every way there is.

    In fp32, with dropout off; the encoder's training mode is given back as it was. Where nearly
    all cosines are close to 1, the digits that bf16 lacks are those that matter.

    Args:
        sentences: any; longer ones than the encoder has positions are cut, which the log says.
        encoder: runs on the device it is on.
        tokenizer: the encoder's own.
        token_budget: padded word pieces per batch. Hidden states of all layers are held at a
            time, so that small batches, which stay in the processor's cache, are the faster ones.

    Returns:
        float32, sentences in the order of the input.

    Raises:
        ValueError: a sentence is no string.
    """
    ids = tokenizer.encode(sentences, max_length=encoder.config.max_position_embeddings)
    states = encoder.config.num_hidden_layers + 1
    layers = {"cls": states, "mean": states, "pooler": 1}
    read = every_layer(layers)
    found = encode_rows(ids, encoder, tokenizer.pad_id, read, token_budget=token_budget).numpy()
    if not ids:
        return {name: np.zeros((n, *found.shape), np.float32) for name, n in layers.items()}
    ends = np.cumsum(list(layers.values()))
    return dict(zip(layers, np.split(found, ends[:-1]), strict=True))


@dataclass(frozen=True)
class SentenceSpace:
    """Sentences, what is known of each, and one set of vectors per encoder."""

    sentences: tuple[str, ...]
    tasks: tuple[str, ...]
    """Name of the task each sentence is from."""
    sentiments: tuple[int | None, ...]
    """0 to 4 for reviews, None for others: a pair's label is not one of its sentences'."""
    partners: dict[int, set[int]]
    """Rows that say the same, as far as a duplicate pair of dev tells."""
    vectors: dict[str, np.ndarray] = field(default_factory=dict)
    """(sentence, hidden) per name, such as `original` and `mnrl`; filled by the caller."""

    def row(self, sentence: str) -> int:
        """Where a sentence stands.

        Raises:
            ValueError: it is none of these.
        """
        try:
            return self.sentences.index(sentence)
        except ValueError:
            raise ValueError(
                f"{sentence!r} is none of the {len(self.sentences)} sentences"
            ) from None

    def of_task(self, task: str) -> np.ndarray:
        """Rows of one task's sentences."""
        return np.flatnonzero(np.asarray(self.tasks) == task)


def dev_sentences(data: CourseData) -> SentenceSpace:
    """Every distinct dev sentence of the tasks, in the order of the files.

    A sentence that occurs in several pairs, or in several tasks, stands here once, under the task
    in which it came first.
    """
    rows: dict[str, int] = {}
    tasks: list[str] = []
    sentiments: list[int | None] = []
    partners: dict[int, set[int]] = {}
    for task in data.joint:
        for example in data.tasks[task].dev:
            for sentence in example.texts:
                if sentence not in rows:
                    rows[sentence] = len(rows)
                    tasks.append(task.name)
                    sentiments.append(None if task.pairs else example.label)
            if task.head == "yes_or_no" and example.label == 1:
                first, second = (rows[sentence] for sentence in example.texts)
                if first != second:
                    partners.setdefault(first, set()).add(second)
                    partners.setdefault(second, set()).add(first)
    return SentenceSpace(tuple(rows), tuple(tasks), tuple(sentiments), partners)


SHRINKAGE = 0.01
"""Share of the covariance that is replaced by the same variance in every direction."""


def linear_probe(train: Vectors, labels: np.ndarray, test: Vectors) -> np.ndarray:
    """Classes of the test vectors, by linear discriminant analysis of the training vectors.

    Unlike a head trained by AdamW for ten epochs it is solved in closed form, and knows no axes:
    turning or shifting all vectors changes no answer, and a direction that is gone is just not
    read. Source: Fisher (1936); as a probe of hidden layers: Alain and Bengio (2016).

    Args:
        train, test: one sentence vector a line.
        labels: of the training vectors, (sentence,).

    Raises:
        ValueError: not one label a training vector, one class alone, or other widths.
    """
    train, test, labels = as_array(train, "train"), as_array(test, "test"), np.asarray(labels)
    checks.shapes(
        "one label a training vector; test vectors as wide as these",
        train=(train, "sentence hidden"),
        labels=(labels, "sentence", "number"),
        test=(test, "other hidden"),
    )
    if len(np.unique(labels)) < 2:
        raise ValueError(f"labels must be of two classes or more, got {labels[0]:g} alone")
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE)
    model.fit(train, labels)
    return model.predict(test)
