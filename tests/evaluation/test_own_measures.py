"""Measures of own data against other implementations and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import f1_score

from minbert.evaluation.intervals import (
    _draws,
    macro_f1_interval,
    resampled_scores,
    spearman_interval,
)
from minbert.evaluation.metrics import macro_f1, score, spearman
from minbert.evaluation.partners import PartnerSearch
from minbert.evaluation.statistics import compare, summarise
from minbert.tasks import STS

RANKED = replace(STS, name="ranked", metric="spearman", bootstrap=31)


@pytest.fixture
def numbers() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(5)
    golds = draw.integers(0, 6, 60).astype(float)
    return golds + draw.normal(0, 1.5, 60).round(1), golds


def test_spearman_is_scipys(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    values, golds = numbers
    assert spearman(values, golds) == pytest.approx(spearmanr(values, golds).statistic)
    assert score(RANKED, np.exp(values), golds) == pytest.approx(spearman(values, golds))


def test_resampled_spearman_ranks_each_resample_anew(
    numbers: tuple[np.ndarray, np.ndarray],
) -> None:
    values, golds = numbers
    found = resampled_scores(RANKED, golds, [values], resamples=25)
    counts = _draws(RANKED.bootstrap, len(golds), 25).astype(int)
    naive = [
        spearmanr(np.repeat(values, times), np.repeat(golds, times)).statistic for times in counts
    ]
    np.testing.assert_allclose(found, naive, atol=1e-6)


def test_its_interval_is_about_the_bootstraps(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    values, golds = numbers
    found = summarise(RANKED, golds, [values])
    low, high = np.quantile(resampled_scores(RANKED, golds, [values]), [0.025, 0.975])
    assert found["ci95"] == pytest.approx([low, high], abs=0.06)
    assert spearman_interval(0.5, 3) == (-1.0, 1.0) and spearman_interval(1.0, 9) == (1.0, 1.0)
    [test] = compare({"ranked": golds}, [{"ranked": golds}], [{"ranked": values}], [RANKED])
    assert test["p_value"] < 0.01 and test["difference"] > 0


@pytest.mark.parametrize("seed", range(3))
def test_macro_f1_is_sklearns(seed: int) -> None:
    draw = np.random.default_rng(seed)
    golds, values = draw.integers(0, 4, 80), draw.integers(0, 5, 80)
    wanted = f1_score(golds, values, average="macro", zero_division=0)
    assert macro_f1(values, golds) == pytest.approx(wanted)
    low, high = macro_f1_interval(values, golds)
    assert low < wanted < high and high - low < 0.4


def test_a_partner_of_the_same_cluster_counts_and_the_question_itself_does_not() -> None:
    pairs = [("a", "b"), ("b", "c"), ("x", "y"), ("p", "q")]
    search = PartnerSearch.of(pairs)
    assert search.candidates == ("b", "c", "y", "q")
    assert search.golds.tolist() == [0, 0, 1, 2]
    nearest_is_itself = np.array(
        [[0.1, 0.9, 0.0, 0.0], [1.0, 0.0, 0.5, 0.0], [0.0, 0.9, 0.1, 0.0], [0.0, 0.0, 0.0, 1.0]]
    )
    # a finds c, which says what b says; b may not find b, and takes y; x finds c; p finds q
    assert search.answers(nearest_is_itself).tolist() == [0, 1, 0, 2]
