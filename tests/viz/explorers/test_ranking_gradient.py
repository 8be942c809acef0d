"""The ranking loss cell by cell: against the library's loss, autograd, and a batch by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from minbert.analysis.ranking import effective_negatives, gradient_on_cosines
from minbert.losses import multiple_negatives_ranking
from minbert.viz.explorers.ranking.compute import rank_batch
from minbert.viz.explorers.ranking.draw import draw_cells, draw_losses, draw_row
from minbert.viz.explorers.ranking.tables import (
    MOST_CELLS,
    SHOWN,
    cells_table,
    pairs_table,
    row_table,
    shown_values,
    two_digits,
)

CLUSTERS = [0, 1, 2, 1, 3, 2, 2, 4]
EYE = np.eye(4)


def vectors(pairs: int = 8, hidden: int = 24, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    first = draw.normal(size=(pairs, hidden))
    return first, first + draw.normal(size=(pairs, hidden))


@pytest.mark.parametrize("scale", [1.0, 20.0, 100.0])
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("mask", [False, True])
def test_loss_and_gradient_are_those_of_the_library(
    scale: float, symmetric: bool, mask: bool
) -> None:
    first, second = vectors()
    batch = rank_batch(first, second, CLUSTERS, scale=scale, symmetric=symmetric, mask=mask)
    a, b = (torch.tensor(side, dtype=torch.float32, requires_grad=True) for side in (first, second))
    clusters = torch.tensor(CLUSTERS) if mask else None
    loss = multiple_negatives_ranking(a, b, scale=scale, symmetric=symmetric, clusters=clusters)
    assert batch.loss == pytest.approx(loss.item(), rel=1e-4, abs=1e-6)

    # More dimensions than pairs: only one matrix of cells gives these gradients on the vectors.
    wanted = torch.autograd.grad(loss, (a, b))
    cosines = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T
    cells = torch.tensor(batch.gradient, dtype=torch.float32)
    through_cells = torch.autograd.grad((cells * cosines).sum(), (a, b))
    for ours, theirs in zip(through_cells, wanted, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4 * float(theirs.abs().max()))


@pytest.mark.parametrize("symmetric", [False, True])
def test_autograd_on_the_cosines_says_the_same(symmetric: bool) -> None:
    batch = rank_batch(*vectors(), CLUSTERS, scale=5, symmetric=symmetric, mask=True)
    leaf = torch.tensor(batch.cosines, requires_grad=True)
    scores = (5 * leaf).masked_fill(torch.tensor(batch.masked), -torch.inf)
    loss = F.cross_entropy(scores, torch.arange(8))
    if symmetric:
        loss = (loss + F.cross_entropy(scores.T, torch.arange(8))) / 2
    loss.backward()
    assert np.allclose(batch.gradient, leaf.grad, atol=1e-12)
    assert (batch.gradient[batch.masked] == 0).all() and batch.masked.sum() == 8


def test_without_options_it_is_the_gradient_of_the_course() -> None:
    batch = rank_batch(*vectors(), scale=20)
    assert np.allclose(batch.gradient, gradient_on_cosines(batch.cosines, 20))
    assert np.allclose(batch.negatives_pushed, effective_negatives(batch.cosines, 20))
    assert not batch.alike.any() and batch.couples == [] and batch.push_on_alike == 0


def test_four_pairs_by_hand() -> None:
    batch = rank_batch(EYE, EYE[[0, 2, 1, 3]], [0, 1, 1, 2], scale=1)
    right, wrong = np.exp(1) / (np.exp(1) + 3), 1 / (np.exp(1) + 3)
    assert np.allclose(batch.probabilities[1], [wrong, wrong, right, wrong])
    assert np.allclose(batch.losses, -np.log([right, wrong, wrong, right]))
    assert batch.gradient[1, 2] == pytest.approx(right / 4)
    assert batch.gradient[0, 0] == pytest.approx((right - 1) / 4)
    assert batch.ranks.tolist() == [1, 4, 4, 1], "who is as near stands before the partner"
    assert batch.couples == [(1, 2)]
    assert batch.push_on_alike == pytest.approx(2 * right / (2 * 3 * wrong + 2 * (1 - wrong)))
    assert batch.indifference == pytest.approx(np.log(4)) and batch.floor is not None

    masked = rank_batch(EYE, EYE[[0, 2, 1, 3]], [0, 1, 1, 2], scale=1, mask=True)
    assert np.allclose(masked.losses[1], np.log(3)), "three equal ones are left"
    assert masked.gradient[1, 2] == masked.gradient[2, 1] == masked.push_on_alike == 0
    assert masked.indifference == pytest.approx((2 * np.log(4) + 2 * np.log(3)) / 4)
    assert masked.floor is None


def test_where_all_say_the_same_nothing_is_left() -> None:
    batch = rank_batch(*vectors(4), [7] * 4, symmetric=True, mask=True)
    assert batch.loss == 0 and not batch.gradient.any() and not batch.negatives_pushed.any()
    assert batch.ranks.tolist() == [1] * 4
    for shown in SHOWN:
        assert "there are no negatives left" in draw_cells(batch, shown)[1]
    assert "nothing is pushed" in draw_row(batch, 0, ["one", *"abcd"])[1]
    assert pairs_table(batch).rows[0][-1] == "none"


def test_collapsed_vectors_know_nothing() -> None:
    ones = np.ones((8, 3))
    batch = rank_batch(ones, ones, symmetric=True)
    assert batch.loss == pytest.approx(np.log(8)) and (batch.ranks == 8).all()
    assert np.allclose(batch.negatives_pushed, 7)
    assert "0 of 8 partners rank first, 0 in the other direction" in draw_losses(batch)[1]


def test_what_makes_no_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="a batch of 1 has no negatives"):
        rank_batch(EYE[:1], EYE[:1])
    with pytest.raises(ValueError, match="a cluster for each of 4 pairs, got 3"):
        rank_batch(EYE, EYE, [0, 1, 2])
    with pytest.raises(ValueError, match="scale must be above 0"):
        rank_batch(EYE, EYE, scale=0)
    with pytest.raises(ValueError, match="not finite"):
        rank_batch(EYE, np.full((4, 4), np.nan))


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize("symmetric", [False, True])
def test_the_heat_map_shows_these_numbers(shown: str, symmetric: bool) -> None:
    batch = rank_batch(*vectors(), CLUSTERS, scale=5, symmetric=symmetric)
    figure, alt = draw_cells(batch, shown)
    axes = figure.axes[0]
    values = {
        "cosines": batch.cosines,
        "probabilities": (batch.probabilities + batch.backward) / 2
        if symmetric
        else batch.probabilities,
        "gradient per cell": batch.gradient,
    }[shown]
    assert np.allclose(axes.images[0].get_array(), values)
    low, high = axes.images[0].get_clim()
    off = ~np.eye(8, dtype=bool)
    assert low <= values[off].min() and values[off].max() <= high
    marks = {
        line.get_label(): set(zip(*map(tuple, line.get_data()), strict=True)) for line in axes.lines
    }
    assert marks["partners"] == {(i, i) for i in range(8)}
    assert marks["say the same"] == {
        (i, j) for i in range(8) for j in range(8) if i != j and CLUSTERS[i] == CLUSTERS[j]
    }
    assert "scale 5 (temperature 0.2)" in alt
    assert "4 couples of pairs say the same (2 and 4; 3 and 6; 3 and 7; …): 8 cells" in alt
    worst = np.unravel_index(np.where(off, values, -9).argmax(), (8, 8))
    assert f"a{worst[0] + 1} with b{worst[1] + 1}" in alt
    if shown == "gradient per cell" and not symmetric:
        assert np.allclose(shown_values(batch, shown).sum(axis=1), 0)


def test_masked_cells_are_crossed() -> None:
    figure, alt = draw_cells(rank_batch(*vectors(), CLUSTERS, mask=True), "cosines")
    labels = [line.get_label() for line in figure.axes[0].lines]
    assert "masked" in labels and "say the same" not in labels
    assert "8 cells, which are masked, so their gradient is zero" in alt


def test_the_bars_are_the_losses_and_the_row() -> None:
    batch = rank_batch(*vectors(), CLUSTERS, scale=5, symmetric=True)
    axes, alt = draw_losses(batch)
    heights = [path.vertices[:, 1].max() for path in axes.collections[0].get_paths()]
    assert np.allclose(heights, batch.losses)
    lines = [line.get_ydata()[0] for line in axes.lines]
    assert np.allclose(lines, [batch.loss, np.log(8), batch.floor])
    assert f"Pair {batch.losses.argmax() + 1} pays most, {batch.losses.max():.2f} nats" in alt

    axes, alt = draw_row(batch, 2, ["what is it", *"abcdefgh"])
    bars = {
        bar.get_label(): [
            (round(path.vertices[:, 0].mean()), path.vertices[:, 1].max())
            for path in bar.get_paths()
        ]
        for bar in axes.collections
    }
    assert bars["partner"] == [(3, pytest.approx(batch.probabilities[2, 2]))]
    assert [place for place, _ in bars["says the same"]] == [6, 7]
    assert [height for _, height in bars["negatives"]] == pytest.approx(
        batch.probabilities[2, [0, 1, 3, 4, 7]]
    )
    assert np.allclose(axes.lines[0].get_ydata(), batch.backward[2])
    assert alt.startswith("a3, “what is it”, and its partner “c”: cosine")
    hardest = int(batch.push[2].argmax())
    assert f"goes to b{hardest + 1}, “{'abcdefgh'[hardest]}”" in alt


def test_a_small_batch_is_a_table_of_all_cells() -> None:
    batch = rank_batch(EYE, EYE[[0, 2, 1, 3]], [0, 1, 1, 2], scale=1)
    table = cells_table(batch, "cosines")
    assert table.header[1:] == ["b1", "b2", "b3", "b4"]
    assert table.rows[1] == ["a2", "0.00", "0.00", "1.00 =", "0.00"]
    assert cells_table(batch, "gradient per cell").rows[0][:3] == ["a1", "-0.13", "+0.044"]
    masked = rank_batch(EYE, EYE[[0, 2, 1, 3]], [0, 1, 1, 2], scale=1, mask=True)
    assert cells_table(masked, "probabilities").rows[1] == ["a2", "0.33", "0.33", "0 ×", "0.33"]


def test_a_larger_one_lists_what_matters() -> None:
    first, second = vectors(40)
    batch = rank_batch(first, second, [*range(38), 0, 5])
    rows = cells_table(batch, "cosines").rows
    assert len(rows) <= MOST_CELLS + 4
    hardest = np.unravel_index(batch.push.argmax(), batch.push.shape)
    assert rows[0][0] == f"a{hardest[0] + 1} with b{hardest[1] + 1}"
    alike = {row[0] for row in rows if row[-1] == "says the same"}
    assert alike == {"a1 with b39", "a39 with b1", "a6 with b40", "a40 with b6"}
    assert len(pairs_table(batch).rows) == 40


def test_the_table_of_pairs_and_of_a_row() -> None:
    batch = rank_batch(EYE, EYE[[0, 2, 1, 3]], [0, 1, 1, 2], scale=1)
    assert pairs_table(batch).rows[1] == ["2", "0.00", "0.17", "1.74", "4", "b3, 1.00"]
    rows = row_table(batch, 1, ["one", "two", "<b>", "\u202efour"]).rows
    assert rows[0] == ["b2", "two", "0.00", "0.17", "-0.21", "partner"]
    assert rows[1] == ["b3", "<b>", "1.00", "0.48", "+0.12", "says the same"]
    assert rows[3][1] == "\ufffdfour"
    masked = rank_batch(EYE, EYE, [0, 1, 1, 2], scale=1, mask=True, symmetric=True)
    last = row_table(masked, 1, "abcd").rows[-1]
    assert last == ["b3", "c", "0.00", "0", "0", "0", "says the same, masked"]


@pytest.mark.parametrize(
    "value, said",
    [(0.4, "0.40"), (1.0, "1.0"), (12.3, "12"), (0.00123, "0.0012"), (1e-6, "<0.0001"), (0, "0")],
)
def test_two_digits_are_said(value: float, said: str) -> None:
    assert two_digits(value) == said
