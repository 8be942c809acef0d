"""The map of sentences: placed, grouped, searched, and drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from threadpoolctl import threadpool_limits

from minbert.analysis.directions import principal_components
from minbert.viz.explorers.embeddings.labelled_sentences import Groups
from minbert.viz.explorers.embeddings.neighbours import Nearest
from minbert.viz.plots.points import marked_point_map
from minbert.viz.table import Table
from minbert.viz.text import drawable, plain

TSNE, UMAP = "t-SNE", "UMAP"
ALL_STAGES, OWN = "all stages together", "each stage its own"
"""Whose directions of largest variance a PCA map is drawn on, besides those of a named stage."""
MOST_EMBEDDED = 2_000
"""Rows that t-SNE and UMAP place themselves: some seconds on two cores."""
FEW = 300
"""Rows below which t-SNE takes one thread."""
COMPONENTS_FIRST = 50
"""Principal components that both start from. Source: van der Maaten and Hinton (2008)."""

Flat = Float[np.ndarray, "sentence 2"]
Vectors = Float[np.ndarray, "sentence hidden"]


@dataclass(frozen=True)
class SentenceMap:
    """Places of sentences in the plane."""

    positions: Flat
    frame: tuple[float, float, float, float]
    """Left, right, bottom, top: of this map and of all that are drawn on the same directions."""
    axes: tuple[str, str]
    said: str
    """How it was made, and what moves between stages mean on it."""


def check_vectors(vectors: Vectors, stage: str) -> None:
    """Whether there is a map of these.

    Raises:
        ValueError: NaN or infinity among them, or all are the same.
    """
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise ValueError(
            f"{len(broken):,} of {len(vectors):,} vectors of {stage} hold NaN or infinity, the "
            f"first in row {broken[0]}: has the training diverged?"
        )
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.var(axis=0).sum() <= 1e-12 * np.square(vectors).sum(axis=1).mean():
        raise ValueError(f"all vectors of {stage} are the same: a map would be a single point")


def pca_maps(
    vectors: Mapping[str, np.ndarray], directions: str = ALL_STAGES
) -> dict[str, SentenceMap]:
    """A map of each stage, all on the same two directions of largest variance where that can be.

    On shared directions a move between stages is a move of the vector, as far as two directions
    show it. A stage of another width, and all but the first on their `OWN` directions, are turned
    and mirrored to fit the first map, which leaves distances as they are.

    Args:
        vectors: (sentence, hidden) per stage; those that `check_vectors` refuses get no map.
        directions: `ALL_STAGES`, `OWN`, or the name of a stage.
    """
    sound = {name: rows for name, rows in vectors.items() if _is_sound(rows, name)}
    if not sound:
        return {}
    first = directions if directions in sound else next(iter(sound))
    alike = {n: rows for n, rows in sound.items() if rows.shape[1] == sound[first].shape[1]}
    if directions == OWN:
        alike = {first: sound[first]}
    maps = _maps_on_shared(alike, first, together=directions == ALL_STAGES and len(alike) > 1)
    for name in [name for name in sound if name not in maps]:
        own = principal_components(sound[name], 2).project(sound[name])
        turned = turn_to(own, maps[first].positions)
        shares = _shares(turned, sound[name])
        said = (
            f"PCA on directions of its own, which carry {sum(shares):z.0%} of the variance of "
            f"{name}. The map is turned and mirrored to fit that of {first}: moves between the two "
            "show what turning cannot undo."
        )
        axes = tuple(f"own direction, turned ({share:z.0%})" for share in shares)
        maps[name] = SentenceMap(turned, _frame([turned]), axes, said)
    return maps


def _maps_on_shared(
    vectors: Mapping[str, np.ndarray], first: str, together: bool
) -> dict[str, SentenceMap]:
    fit_on = np.concatenate(list(vectors.values())) if together else vectors[first]
    fitted = principal_components(fit_on, 2)
    whose = ALL_STAGES if together else first
    flat = {name: fitted.project(rows) for name, rows in vectors.items()}
    frame, maps = _frame(flat.values()), {}
    for name, positions in flat.items():
        shares = _shares(positions, vectors[name])
        said = (
            f"PCA on the two directions of largest variance of {whose}; they carry "
            f"{sum(shares):z.0%} of the variance of {name}."
        )
        if len(flat) > 1:
            said += " The stages share these directions: where a point moves, its vector moved."
        axes = tuple(f"direction {at} of {whose} ({shares[at - 1]:z.0%})" for at in (1, 2))
        maps[name] = SentenceMap(positions, frame, axes, said)
    return maps


def turn_to(positions: Flat, reference: Flat) -> Flat:
    """Positions, centred, turned and mirrored to lie as near to others as that allows.

    Source: Schönemann (1966), the orthogonal Procrustes problem.
    """
    centred = positions - positions.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ (reference - reference.mean(axis=0)))
    return centred @ (left @ right)


def neighbour_map(
    vectors: Mapping[str, np.ndarray], stage: str, method: str = TSNE, seed: int = 0
) -> SentenceMap:
    """A map by t-SNE or UMAP, which keep neighbourhoods and give up distances.

    It starts from the stage's PCA map, turned to fit the first stage's: so maps of several stages
    lie alike, though they share no directions. Of more than `MOST_EMBEDDED` sentences a sample is
    placed, and every other one beside its nearest among them.

    Args:
        vectors: (sentence, hidden) per stage.
        stage: which of them.
        method: `TSNE` or `UMAP`.
        seed: of the sample and of the method.

    Raises:
        ValueError: see `check_vectors`; or UMAP is wanted and not installed.
    """
    if method == UMAP and not umap_is_there():
        raise ValueError(
            "UMAP needs the package umap-learn, which is not installed: pip install umap-learn, "
            "and restart the notebook. Choose PCA or t-SNE until then."
        )
    check_vectors(vectors[stage], stage)
    start = pca_maps(vectors, OWN)[stage].positions
    rows = vectors[stage]
    if rows.shape[1] > COMPONENTS_FIRST and len(rows) > COMPONENTS_FIRST:
        rows = principal_components(rows, COMPONENTS_FIRST).project(rows)
    placed = np.arange(len(rows))
    if len(rows) > MOST_EMBEDDED:
        draw = np.random.default_rng(seed)
        placed = np.sort(draw.choice(len(rows), MOST_EMBEDDED, replace=False))
    embed = {TSNE: _tsne, UMAP: _umap}[method]
    flat = embed(np.asarray(rows[placed], np.float32), start[placed], seed).astype(np.float64)
    said = (
        f"{method} of {stage}: it keeps neighbourhoods; distances, gaps and sizes on it mean "
        "little, and moves between stages as little."
    )
    if len(placed) < len(rows):
        flat = _place_rest(rows, placed, flat, seed)
        said += (
            f" {len(placed):,} sentences drawn with seed {seed} were placed by it, every other one "
            "stands beside its nearest among them."
        )
    return SentenceMap(flat, _frame([flat]), (f"{method} 1", f"{method} 2"), said)


def umap_is_there() -> bool:
    """Whether umap-learn is installed."""
    return find_spec("umap") is not None


def map_ranks(positions: Flat, row: int, others: Sequence[int]) -> list[int]:
    """Which nearest on the map some points are to one point: 1 for its nearest there."""
    far = np.square(positions - positions[row]).sum(axis=1)
    far[row] = np.inf
    return [1 + int((far < far[other]).sum()) for other in others]


def _tsne(rows: Vectors, start: Flat, seed: int) -> Flat:
    from sklearn.manifold import TSNE as Method

    init = (start / start[:, 0].std() * 1e-4).astype(np.float32)
    perplexity = min(30.0, (len(rows) - 1) / 3)
    method = Method(2, init=init, perplexity=perplexity, random_state=seed)
    # Thousands of short steps: with few rows, threads only wait for each other.
    with threadpool_limits(1 if len(rows) < FEW else None):
        return method.fit_transform(rows)


def _umap(rows: Vectors, start: Flat, seed: int) -> Flat:
    from umap import UMAP as Method

    near, init = min(15, len(rows) - 1), (10 * start / np.abs(start).max()).astype(np.float32)
    return Method(n_neighbors=near, init=init, random_state=seed, n_jobs=1).fit_transform(rows)


def _place_rest(
    rows: Vectors, placed: Int[np.ndarray, " p"], flat: Float[np.ndarray, "p 2"], seed: int
) -> Flat:
    """Each row beside its nearest placed one; those that were placed, where they are."""
    some = rows[placed]
    far = np.square(some).sum(axis=1) - 2 * rows @ some.T  # squared distance, up to a constant
    shake = np.random.default_rng(seed).normal(scale=0.004, size=(len(rows), 2))
    positions = flat[far.argmin(axis=1)] + shake * np.ptp(flat, axis=0)
    positions[placed] = flat
    return positions


def _frame(maps: Iterable[Flat]) -> tuple[float, float, float, float]:
    points = np.concatenate(list(maps))
    (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
    return float(left), float(right), float(bottom), float(top)


def _shares(positions: Flat, vectors: Vectors) -> list[float]:
    """Of the variance of vectors, along each axis of their map."""
    total = np.asarray(vectors, dtype=np.float64).var(axis=0).sum()
    return (positions.var(axis=0) / total).tolist()


def _is_sound(vectors: Vectors, stage: str) -> bool:
    try:
        check_vectors(vectors, stage)
    except ValueError:
        return False
    return True


MOST_LISTED = 20
"""Found sentences that are in the table; all of them are marked on the map."""


def draw_map(placed: SentenceMap, groups: Groups, near: Nearest, found: Sequence[int]) -> Axes:
    """Points with the chosen one ringed, lines to its neighbours, black edges around found ones."""
    names = [drawable(name) for name in groups.names]
    labels = [names[number] for number in groups.of]
    along, up = (drawable(name, 60) for name in placed.axes)
    return marked_point_map(
        placed.positions, labels, near.row, near.rows, found, (along, up), names
    )[0]


def describe_map(
    placed: SentenceMap, groups: Groups, near: Nearest, found: Sequence[int], text: str, by: str
) -> str:
    """What is to be seen on it.

    Args:
        placed, groups, near, found: as drawn.
        text: what was searched for.
        by: title of the column that gives the colours; may be empty.
    """
    counts = [
        f"{name} ({count:,})" for name, count in zip(groups.names, groups.counts, strict=True)
    ]
    shown = ", ".join(counts[:7]) + (f" and {len(counts) - 7} groups more" if counts[7:] else "")
    coloured = f", coloured by {plain(by, 30)}" if by else ""
    edges = f" Black edges mark those that contain “{plain(text, 40)}”: {len(found):,}."
    return (
        f"{len(groups.of):,} sentences{coloured}: {shown}. {placed.said}"
        f"{edges if text.strip() else ''} The ring is point {near.row}; lines lead to its "
        f"{len(near.rows)} nearest in the full space."
    )


def map_table(
    placed: SentenceMap,
    groups: Groups,
    near: Nearest,
    found: Sequence[int],
    sentences: Sequence[str],
) -> Table:
    """Centres of the groups; the chosen sentence; the first `MOST_LISTED` found ones."""
    is_found = np.zeros(len(sentences), dtype=bool)
    is_found[np.asarray(found, dtype=int)] = True

    def place(position: np.ndarray) -> list[str]:
        return [f"{value:z.2f}" for value in position]

    rows = [
        [
            f"centre of {name}",
            *place(placed.positions[groups.of == number].mean(axis=0)),
            f"{count:,} sentences, {is_found[groups.of == number].sum():,} found",
        ]
        for number, (name, count) in enumerate(zip(groups.names, groups.counts, strict=True))
    ]
    for kind, listed in (("chosen", [near.row]), ("found", found[:MOST_LISTED])):
        rows += [
            [f"point {row} ({kind})", *place(placed.positions[row]), plain(sentences[row], 120)]
            for row in listed
        ]
    return Table(["what", *(plain(name, 60) for name in placed.axes), "sentence"], rows)
