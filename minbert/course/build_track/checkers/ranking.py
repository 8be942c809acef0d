"""Piece 8: what the ranking loss must do, and what people write instead."""

from __future__ import annotations

from typing import Any

import torch

from minbert.course.build_track.judging import Case, Checker, draw
from minbert.course.build_track.settings import DOUBLE
from minbert.course.build_track.variants import Mistake


def _rank(
    pieces: Any, count: int = 5, width: int = 6, dtype: torch.dtype = torch.float32, **more: Any
) -> Any:
    a, b = (3 * draw(seed, count, width, dtype=dtype) for seed in (1, 2))
    return pieces.multiple_negatives_ranking(a, b, **more)


def _slope(pieces: Any) -> Any:
    a, b = (draw(seed, 4, 3).requires_grad_() for seed in (1, 2))
    return torch.autograd.grad(pieces.multiple_negatives_ranking(a, b, scale=3.0), (a, b))


SIMILAR = torch.tensor([True, False, True, True, False])
CLUSTERS = torch.tensor([4, 1, 4, 2, 1])
GIVEN = "a and b (5, 6)"
CASES = (
    Case("vectors that are not normalised", lambda pieces: _rank(pieces), GIVEN),
    Case("in float64", lambda pieces: _rank(pieces, 3, 8, DOUBLE), "a and b (3, 8)"),
    Case("with scale 20", lambda pieces: _rank(pieces, scale=20.0), GIVEN),
    Case(
        "with pairs that are not similar",
        lambda pieces: _rank(pieces, similar=SIMILAR, scale=5.0),
        f"{GIVEN}, similar (5,)",
    ),
    Case(
        "with clusters",
        lambda pieces: _rank(pieces, clusters=CLUSTERS, scale=5.0),
        f"{GIVEN}, clusters (5,)",
    ),
    Case(
        "with clusters and pairs that are not similar",
        lambda pieces: _rank(pieces, similar=SIMILAR, clusters=CLUSTERS, scale=2.0),
        f"{GIVEN}, similar and clusters (5,)",
    ),
    Case("its gradient", _slope, "a and b (4, 3)"),
)

NORMALISED = "a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)"
PICK = "scores, own = scores[similar], own[similar]"
CROSS = "return F.cross_entropy(scores, own)"
MISTAKES = (
    Mistake(
        "the vectors are not normalised: long ones win, whatever their direction",
        ((NORMALISED, "a = a * 1"),),
    ),
    Mistake("only one side is normalised", ((NORMALISED, "a = F.normalize(a, dim=-1)"),)),
    Mistake(
        "the vectors are normalised over the batch: each should have length 1",
        ((NORMALISED, NORMALISED.replace("dim=-1", "dim=0")),),
    ),
    Mistake("the scale is not used", (("scale * a @ b.T", "a @ b.T"),)),
    Mistake(
        "the cosines are divided by the scale: they are multiplied (it is no temperature)",
        (("scale * a @ b.T", "a @ b.T / scale"),),
    ),
    Mistake(
        "each second sentence picks its first one: here each first one picks its second",
        (("a @ b.T", "b @ a.T"),),
    ),
    Mistake(
        "first sentences are compared with each other: the partner is among the second ones",
        (("a @ b.T", "a @ a.T"),),
    ),
    Mistake(
        "the cluster mask hides the partner itself: keep the diagonal",
        (("        same[own, own] = False\n", ""),),
    ),
    Mistake(
        "clusters are not used: pairs that say the same count as wrong answers",
        (("scores.masked_fill(same, -torch.inf)", "scores * 1"),),
    ),
    Mistake(
        "a hidden score of 0 still takes part, for exp(0) = 1: it must be -inf",
        (("masked_fill(same, -torch.inf)", "masked_fill(same, 0.0)"),),
    ),
    Mistake(
        "the cluster mask is upside down: pairs of one number are hidden, not the others",
        (("clusters[:, None] == clusters", "clusters[:, None] != clusters"),),
    ),
    Mistake(
        "pairs that are not similar get a loss as well",
        ((PICK, "scores = scores * 1"),),
    ),
    Mistake(
        "pairs that are not similar left the batch: they should stay as wrong answers",
        ((PICK, "scores, own = scores[similar][:, similar], own[: int(similar.sum())]"),),
    ),
    Mistake(
        "after the choice of similar pairs the partner's column is counted anew: it stays where "
        "it was",
        ((PICK, "scores, own = scores[similar], own[: int(similar.sum())]"),),
    ),
    Mistake(
        "the loss is divided by all pairs: the mean is over the similar ones",
        ((CROSS, 'return F.cross_entropy(scores, own, reduction="sum") / len(a)'),),
    ),
    Mistake(
        "the loss is a sum: it should be a mean", ((CROSS, f'{CROSS[:-1]}, reduction="sum")'),)
    ),
    Mistake(
        "softmax is taken twice: cross_entropy takes the scores as they are",
        ((CROSS, "return F.cross_entropy(scores.softmax(dim=-1), own)"),),
    ),
)

check = Checker(8, CASES, MISTAKES, "each sentence finds its partner among all others.")
