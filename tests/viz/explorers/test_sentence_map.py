"""Maps of sentence vectors: what is shared between stages, what is refused, what is said."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from minbert.analysis.directions import principal_components
from minbert.viz.explorers.embeddings import map as sentence_map
from minbert.viz.explorers.embeddings.map import (
    OWN,
    TSNE,
    UMAP,
    check_vectors,
    map_ranks,
    neighbour_map,
    pca_maps,
    turn_to,
)


def cloud(rows: int, hidden: int, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return (draw.normal(size=(rows, hidden)) * np.arange(hidden, 0, -1)).astype(np.float32)


STAGES = {"before": cloud(40, 6), "after": cloud(40, 6, seed=1) + 3}


def distances(positions: np.ndarray) -> np.ndarray:
    return np.linalg.norm(positions[:, None] - positions, axis=2)


def test_all_stages_lie_on_directions_fitted_to_all_of_them() -> None:
    maps = pca_maps(STAGES)
    fitted = principal_components(np.concatenate(list(STAGES.values())), 2)
    for name, vectors in STAGES.items():
        assert maps[name].positions == pytest.approx(fitted.project(vectors))
        assert "all stages together" in maps[name].said and name in maps[name].said
        assert "where a point moves, its vector moved" in maps[name].said
    assert maps["before"].frame == maps["after"].frame
    both = np.concatenate([found.positions for found in maps.values()])
    left, right, bottom, top = maps["before"].frame
    assert (left, right) == (both[:, 0].min(), both[:, 0].max())
    assert (bottom, top) == (both[:, 1].min(), both[:, 1].max())


def test_the_directions_of_one_stage_carry_all_stages() -> None:
    maps = pca_maps(STAGES, "after")
    fitted = principal_components(STAGES["after"], 2)
    assert maps["before"].positions == pytest.approx(fitted.project(STAGES["before"]))
    assert f"{fitted.shares.sum():.0%} of the variance of after" in maps["after"].said
    assert maps["after"].axes[0] == f"direction 1 of after ({fitted.shares[0]:.0%})"


def test_own_directions_keep_distances_and_are_turned_to_fit() -> None:
    maps = pca_maps(STAGES, OWN)
    own = principal_components(STAGES["after"], 2).project(STAGES["after"])
    assert distances(maps["after"].positions) == pytest.approx(distances(own))
    assert "turned and mirrored to fit that of before" in maps["after"].said
    assert maps["after"].frame != maps["before"].frame


def test_a_turned_and_mirrored_map_is_turned_back() -> None:
    positions = np.random.default_rng(3).normal(size=(20, 2))
    positions -= positions.mean(axis=0)
    turn = np.array([[0.6, 0.8], [0.8, -0.6]])
    assert turn_to(positions @ turn + 7, positions) == pytest.approx(positions)


def test_a_stage_of_another_width_is_turned_to_fit() -> None:
    wide = np.concatenate([STAGES["before"], np.zeros((40, 3), np.float32)], axis=1)
    maps = pca_maps({"before": STAGES["before"], "wide": wide})
    assert maps["wide"].positions == pytest.approx(
        maps["before"].positions - maps["before"].positions.mean(axis=0), abs=1e-4
    )
    assert "its own" in maps["wide"].said
    assert "directions of largest variance of before" in maps["before"].said


def test_stages_without_a_map_do_not_spoil_the_others() -> None:
    broken = np.full((40, 6), np.nan, np.float32)
    maps = pca_maps({"broken": broken, "flat": np.ones((40, 6), np.float32), **STAGES})
    assert set(maps) == {"before", "after"}
    assert maps["after"].positions == pytest.approx(pca_maps(STAGES)["after"].positions)
    assert pca_maps({"broken": broken}) == {}


def test_points_on_a_line_have_a_map() -> None:
    line = np.outer(np.arange(5.0), [1.0, 2.0, 2.0]).astype(np.float32)
    positions = pca_maps({"line": line})["line"].positions
    assert np.diff(positions[:, 0]) == pytest.approx([3.0] * 4)
    assert positions[:, 1] == pytest.approx(np.zeros(5), abs=1e-5)


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (np.array([[0, 1], [np.nan, 1], [np.inf, 2]]), "2 of 3 .* of x hold NaN or inf.* in row 1"),
        (np.full((4, 3), 0.1, np.float32), "all vectors of x are the same"),
        (np.zeros((4, 3)), "all vectors of x are the same"),
    ],
)
def test_what_has_no_map_is_refused(vectors: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_vectors(vectors, "x")
    with pytest.raises(ValueError, match=said):
        neighbour_map({"x": vectors}, "x")


def islands(rows: int, hidden: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Two far clouds."""
    side = np.arange(rows) % 2
    return cloud(rows, hidden) + 200 * side[:, None].astype(np.float32), side


def test_tsne_keeps_islands_apart_and_is_repeatable() -> None:
    vectors, side = islands(60)
    found = neighbour_map({"x": vectors}, "x", TSNE, seed=1)
    far = distances(found.positions)
    np.fill_diagonal(far, np.inf)
    assert np.array_equal(side[far.argmin(axis=1)], side)
    assert np.array_equal(found.positions, neighbour_map({"x": vectors}, "x", TSNE, 1).positions)
    assert "moves between stages as little" in found.said


def test_three_sentences_are_enough_for_tsne() -> None:
    found = neighbour_map({"x": cloud(3, 4)}, "x")
    assert np.isfinite(found.positions).all()


def test_of_many_sentences_a_sample_is_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_map, "MOST_EMBEDDED", 50)
    monkeypatch.setattr(sentence_map, "COMPONENTS_FIRST", 5)
    vectors, side = islands(120)
    got = []

    def flatten(rows: np.ndarray, start: np.ndarray, seed: int) -> np.ndarray:
        got.append((rows.shape, start.shape, seed))
        return np.asarray(rows[:, :2])

    monkeypatch.setattr(sentence_map, "_tsne", flatten)
    found = neighbour_map({"x": vectors}, "x", TSNE, seed=4)
    assert got == [((50, 5), (50, 2), 4)]
    assert "50 sentences drawn with seed 4 were placed by it" in found.said
    flat = principal_components(vectors, 5).project(vectors)
    placed = np.flatnonzero(np.isclose(found.positions, flat[:, :2], atol=1e-3).all(axis=1))
    assert len(placed) == 50
    far = np.linalg.norm(flat[:, None] - flat[placed], axis=2)
    beside = found.positions[placed][far.argmin(axis=1)]
    assert np.abs(found.positions - beside).max() < 0.03 * np.ptp(found.positions)


def test_umap_is_named_as_missing_or_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_map, "umap_is_there", lambda: False)
    with pytest.raises(ValueError, match="pip install umap-learn"):
        neighbour_map(STAGES, "before", UMAP)
    asked = {}

    class Pretended:
        def __init__(self, **settings: object) -> None:
            asked.update(settings)

        def fit_transform(self, rows: np.ndarray) -> np.ndarray:
            return rows[:, :2]

    module = ModuleType("umap")
    module.UMAP = Pretended
    monkeypatch.setitem(sys.modules, "umap", module)
    monkeypatch.setattr(sentence_map, "umap_is_there", lambda: True)
    found = neighbour_map(STAGES, "before", UMAP, seed=5)
    assert found.positions == pytest.approx(STAGES["before"][:, :2])
    assert asked["random_state"] == 5 and asked["n_neighbors"] == 15
    assert asked["init"].shape == (40, 2)
    assert found.said.startswith("UMAP of before")


def test_ranks_on_the_map_count_who_is_nearer() -> None:
    positions = np.array([[0.0, 0.0], [3.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    assert map_ranks(positions, 0, [2, 3, 1]) == [1, 2, 3]
    assert map_ranks(positions, 1, [3]) == [3]
