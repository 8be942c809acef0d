"""Metrics and both overall scores, against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from minbert import paper
from minbert.evaluation.metrics import (
    accuracy,
    overall_2024,
    overall_mean,
    pearson,
    roc_auc,
    score,
)


def test_accuracy() -> None:
    assert accuracy(np.array([1, 2, 3, 4]), np.array([1.0, 2.0, 0.0, 4.0])) == 0.75
    with pytest.raises(ValueError, match=r"got predictions \(2,\), golds \(1,\)"):
        accuracy(np.array([1, 2]), np.array([1]))


def test_pearson_is_scipys_and_scale_free() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 50))
    assert pearson(x, y) == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-15)
    assert pearson(3 * x - 7, y) == pytest.approx(pearson(x, y))
    assert pearson(-x, x) == pytest.approx(-1)


@pytest.mark.parametrize("values", [3, 1000], ids=["many ties", "few ties"])
def test_the_area_under_the_curve_is_scikit_learns(values: int) -> None:
    generator = np.random.default_rng(values)
    positive = generator.integers(0, values, 60) / values + 0.1
    negative = generator.integers(0, values, 47) / values
    labels = np.repeat([1, 0], [60, 47])
    expected = metrics.roc_auc_score(labels, np.concatenate([positive, negative]))
    assert roc_auc(positive, negative) == pytest.approx(expected, abs=1e-15)
    assert roc_auc(positive, positive) == 0.5


@pytest.mark.parametrize("wrong", [np.array([]), np.array([np.nan]), np.zeros((2, 1))])
def test_the_area_under_the_curve_refuses_what_has_no_order(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="negative must hold finite scores"):
        roc_auc(np.array([0.5]), wrong)


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e9, 1e200])
def test_pearson_minds_no_scale_however_far(scale: float) -> None:
    x, y = np.random.default_rng(1).normal(size=(2, 30))
    assert pearson(scale * x, y) == pytest.approx(pearson(x, y), abs=1e-12)


def test_a_constant_prediction_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert pearson(np.full(5, 2.5), np.arange(5)) == 0.0
    assert "a constant has no correlation" in caplog.text


def test_overall_scores() -> None:
    assert overall_mean(0.3, 0.6, 0.9) == pytest.approx(0.6)
    assert overall_2024(0.3, 0.6, 0.8) == pytest.approx(0.6)
    # The paper's test column and its overall score agree.
    theirs = paper.TABLES["table3"]["mnrl"]
    assert overall_mean(*theirs.values()) == pytest.approx(paper.OVERALL_TEST, abs=5e-4)


def test_each_task_has_its_metric() -> None:
    x, y = np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 5.0])
    assert score("sst", x, y) == score("quora", x, y) == pytest.approx(2 / 3)
    assert score("sts", x, y) == pearson(x, y)
