"""Hidden cases: what is right stays right, mistakes are named, fitted answers fail."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from minbert.course.build_track import seeding
from minbert.course.build_track.judging import draw, whole
from minbert.course.build_track.pieces import PIECES, Piece
from minbert.course.build_track.variants import LIBRARY, variant

of_piece = pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.title)
SEEDS = (31, 4711)


@of_piece
def test_what_is_right_is_right_under_other_seeds(piece: Piece) -> None:
    for seed in SEEDS:
        with seeding.hidden(seed):
            verdict = piece.check(variant(piece.number, ()))
            assert verdict.passed, (seed, verdict.message)
            for form in piece.check.other_forms:
                assert piece.check(variant(piece.number, form.edits)).passed


@of_piece
def test_mistakes_are_named_under_another_seed(piece: Piece) -> None:
    with seeding.hidden(SEEDS[-1]):
        for mistake in piece.check.mistakes[::9]:
            verdict = piece.check(variant(piece.number, mistake.edits))
            assert not verdict.passed and verdict.message == mistake.sentence


@pytest.mark.slow
@of_piece
@pytest.mark.parametrize("seed", [1, 2, 3, 31, 999_999_937])
def test_all_mistakes_are_named_under_other_seeds(piece: Piece, seed: int) -> None:
    with seeding.hidden(seed):
        assert piece.check(variant(piece.number, ())).passed
        for mistake in piece.check.mistakes:
            verdict = piece.check(variant(piece.number, mistake.edits))
            assert not verdict.passed, mistake.sentence
            assert verdict.message == mistake.sentence, (seed, mistake.sentence)


def test_a_seed_moves_all_that_is_drawn() -> None:
    def drawn() -> tuple[Any, ...]:
        return draw(1, 4), whole(1, 0, 100, 9), torch.rand(3, generator=seeding.generator(5))

    before = drawn()
    with seeding.hidden(1):
        inside = drawn()
        with seeding.hidden(2):
            assert seeding.teachers() == 2
        assert seeding.teachers() == 1
    assert not any(torch.equal(one, other) for one, other in zip(before, inside, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(before, drawn(), strict=True))


def test_an_answer_that_is_fitted_to_the_published_cases_fails() -> None:
    """It knows by heart what the published cases give."""
    known: dict[Any, Any] = {}

    def key_of(a: Any, b: Any, more: dict[str, Any]) -> Any:
        rest = sorted((name, str(value)) for name, value in more.items())
        return (*a.detach().flatten().tolist(), *b.detach().flatten().tolist(), *map(tuple, rest))

    def learn(a: Any, b: Any, **more: Any) -> Any:
        known[key_of(a, b, more)] = LIBRARY.multiple_negatives_ranking(a, b, **more)
        return known[key_of(a, b, more)]

    def recite(a: Any, b: Any, **more: Any) -> Any:
        if a.requires_grad:
            return LIBRARY.multiple_negatives_ranking(a, b, **more)
        return known.get(key_of(a, b, more), torch.tensor(0.0))

    [piece] = [piece for piece in PIECES if piece.number == 8]
    assert piece.check(SimpleNamespace(multiple_negatives_ranking=learn)).passed
    assert piece.check(SimpleNamespace(multiple_negatives_ranking=recite)).passed
    with seeding.hidden(1):
        assert not piece.check(SimpleNamespace(multiple_negatives_ranking=recite)).passed
