"""Which pairs are drawn, and numbers of spaces that are small enough to check by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minbert.analysis.geometry import alignment, anisotropy, uniformity
from minbert.analysis.pair_cosines import (
    DIFFERENT,
    RANDOM,
    SIMILAR,
    compute_spread,
    sample_pairs,
)
from minbert.data.examples import PairExample


def pairs(*labels: float | None) -> list[PairExample]:
    return [
        PairExample(f"p{n}", f"first {n}", f"second {n}", label) for n, label in enumerate(labels)
    ]


def test_half_of_the_pairs_are_similar_where_there_are_enough() -> None:
    sample = sample_pairs(pairs(*[1.0] * 50, *[0.0] * 200), most=40)
    assert (len(sample.similar), sample.similar.sum()) == (40, 20)
    assert "40 of 250 pairs, drawn at random: 20 labelled similar" in sample.note
    assert len(sample.sentences) == 80


@pytest.mark.parametrize("similar, different", [(5, 200), (200, 5), (0, 200), (200, 0), (3, 3)])
def test_what_one_kind_lacks_the_other_fills(similar: int, different: int) -> None:
    sample = sample_pairs(pairs(*[1.0] * similar, *[0.0] * different), most=40)
    assert len(sample.similar) == min(40, similar + different)
    assert min(similar, 35) == sample.similar.sum() or different == 0


def test_rows_lead_back_to_the_sentences() -> None:
    given = pairs(*[1.0, 0.0] * 30)
    sample = sample_pairs(given, most=20, seed=3)
    by_text = {pair.texts: pair.label == 1 for pair in given}
    for first, second, similar in zip(sample.first, sample.second, sample.similar, strict=True):
        assert by_text[sample.sentences[first], sample.sentences[second]] == similar
    assert sample_pairs(given, most=20, seed=3).sentences == sample.sentences
    assert sample_pairs(given, most=20, seed=4).sentences != sample.sentences


def test_a_sentence_in_two_pairs_stands_once() -> None:
    twice = [PairExample("a", "one", "two", 1.0), PairExample("b", "two", "one", 0.0)]
    sample = sample_pairs(twice)
    assert sample.sentences == ("one", "two")
    assert (sample.first.tolist(), sample.second.tolist()) == ([0, 1], [1, 0])


def test_similarities_have_their_own_threshold() -> None:
    assert sample_pairs(pairs(3.9, 4.0, 5.0), similar_from=4.0).similar.tolist() == [
        False,
        True,
        True,
    ]


def test_pairs_without_label_or_words_are_left_out_and_counted() -> None:
    blank = [PairExample("a", " \t", "two", 1.0), PairExample("b", "one", "", 0.0)]
    sample = sample_pairs([*blank, *pairs(None, math.nan, 1.0)])
    assert sample.sentences == ("first 2", "second 2")
    assert "4 pairs lack a label or a sentence" in sample.note
    empty = sample_pairs([])
    assert empty.sentences == () and "0 of 0 pairs" in empty.note


SAMPLE = sample_pairs(pairs(1.0, 1.0, 0.0, 0.0))
"""Sentence 2n belongs to 2n + 1."""


def plane(*degrees: float, length: float = 1.0) -> np.ndarray:
    radians = np.radians(degrees)
    return length * np.stack([np.cos(radians), np.sin(radians)], axis=1)


def test_four_pairs_in_the_plane() -> None:
    vectors = plane(0, 60, 0, 90, 10, 70.001, 0, 120, length=3.0)
    spread = compute_spread(vectors, SAMPLE)
    assert np.allclose(spread.groups[SIMILAR], [0.5, 0.0])
    assert np.allclose(spread.groups[DIFFERENT], [0.49998, -0.5], atol=1e-4)
    assert spread.auc == 3 / 4, ".5 above both, 0 above one"
    assert spread.alignment == pytest.approx(((2 - 1) + (2 - 0)) / 2)
    assert spread.mean(SIMILAR) == pytest.approx(0.25)
    assert spread.quantile(SIMILAR, 0.5) == pytest.approx(0.25)
    assert spread.without_direction == 0
    assert len(spread.groups[RANDOM]) == 8 * 7 / 2


def test_the_numbers_are_those_of_the_geometry() -> None:
    vectors = np.random.default_rng(0).normal(size=(8, 5)) + 1
    spread = compute_spread(vectors, SAMPLE)
    assert spread.anisotropy == pytest.approx(anisotropy(vectors), abs=1e-9)
    assert spread.uniformity == pytest.approx(uniformity(vectors))
    first, second = vectors[SAMPLE.first[:2]], vectors[SAMPLE.second[:2]]
    assert spread.alignment == pytest.approx(alignment(first, second))
    above = [a > b for a in spread.groups[SIMILAR] for b in spread.groups[RANDOM]]
    ties = [a == b for a in spread.groups[SIMILAR] for b in spread.groups[RANDOM]]
    assert spread.auc_random == pytest.approx(np.mean(above) + np.mean(ties) / 2)


def test_subtracting_the_mean_takes_the_anisotropy() -> None:
    draw = np.random.default_rng(1)
    sample = sample_pairs(pairs(*[1.0, 0.0] * 50))
    vectors = draw.normal(size=(200, 30)) + 5 * np.ones(30)
    before, after = (compute_spread(vectors, sample, centre) for centre in (False, True))
    assert before.anisotropy > 0.9
    assert abs(after.anisotropy) < 0.02
    by_hand = compute_spread(vectors - vectors.mean(axis=0), sample)
    assert np.array_equal(after.groups[SIMILAR], by_hand.groups[SIMILAR])


def test_vectors_that_differ_by_rounding_have_no_order() -> None:
    one = np.random.default_rng(2).normal(size=16).astype(np.float32)
    noise = np.random.default_rng(3).choice([-1, 1], size=(8, 16)) * np.float32(6e-8)
    spread = compute_spread(one * (1 + noise), SAMPLE)
    assert spread.auc == spread.auc_random == 0.5
    assert spread.anisotropy == 1
    centred = compute_spread(one * (1 + noise), SAMPLE, centre=True)
    assert not centred.groups and centred.without_direction == 8
    assert math.isnan(centred.auc) and math.isnan(centred.uniformity)


def test_a_vector_of_length_zero_is_in_no_pair() -> None:
    vectors = np.random.default_rng(4).normal(size=(8, 5))
    vectors[1] = 0
    vectors[4] = np.nan
    spread = compute_spread(vectors, SAMPLE)
    assert spread.without_direction == 2
    assert {name: len(kind) for name, kind in spread.groups.items()} == {
        SIMILAR: 1,
        DIFFERENT: 1,
        RANDOM: 15,
    }
    for centre in (False, True):
        spread = compute_spread(vectors, SAMPLE, centre)
        assert np.isfinite([spread.auc, spread.alignment, spread.uniformity]).all()


def test_one_kind_of_label_has_no_auc() -> None:
    spread = compute_spread(plane(0, 10, 50, 90), sample_pairs(pairs(0.0, 0.0)))
    assert SIMILAR not in spread.groups and math.isnan(spread.alignment)
    assert math.isnan(spread.auc) and math.isnan(spread.auc_random)
    assert not math.isnan(spread.anisotropy)


def test_as_many_vectors_as_sentences() -> None:
    with pytest.raises(ValueError, match="8 sentences need as many vectors: 3"):
        compute_spread(plane(0, 1, 2), SAMPLE)
