"""Intervals and tests: closed forms, other implementations, and coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from minbert.evaluation.metrics import overall_2024, overall_mean, pearson
from minbert.evaluation.statistics import (
    bootstrap_p_value,
    compare,
    fisher_z_interval,
    mcnemar,
    measure,
    resampled_scores,
    summarise,
    wilson_interval,
    with_seeds,
)
from minbert.tasks import PAPER_TASKS

generator = np.random.default_rng(7)

MEASURES = [task.measure for task in PAPER_TASKS]


def correlated(total: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    golds = draw.uniform(0, 5, total)
    return golds + noise * draw.normal(size=total), golds


def course_like(seed: int, skill: float) -> tuple[dict, dict]:
    """Golds (always the same) and predictions that are right with probability about `skill`."""
    fixed = np.random.default_rng(0)
    golds = {
        "sst": fixed.integers(0, 5, 300).astype(float),
        "quora": fixed.integers(0, 2, 400).astype(float),
        "sts": fixed.uniform(0, 5, 200),
    }
    draw = np.random.default_rng(seed)
    predictions = {
        task: np.where(draw.random(len(values)) < skill, values, (values + 1) % high)
        for (task, values), high in zip(golds.items(), (5, 2, 5), strict=True)
    }
    return golds, predictions


def test_wilson_closed_form() -> None:
    k, n, z = 37, 120, stats.norm.ppf(0.975)
    centre = (k / n + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert wilson_interval(k, n) == pytest.approx((centre - half, centre + half), abs=1e-12)
    assert wilson_interval(0, 10)[0] == pytest.approx(0)


def test_fisher_z_is_scipys() -> None:
    x, y = correlated(80, 2.0, 1)
    theirs = stats.pearsonr(x, y).confidence_interval(0.95)
    assert fisher_z_interval(pearson(x, y), 80) == pytest.approx(tuple(theirs), abs=1e-12)
    assert fisher_z_interval(1.0, 80) == (1.0, 1.0)
    assert fisher_z_interval(0.9, 3) == (-1.0, 1.0)


def test_bootstrap_agrees_with_a_plain_one() -> None:
    """Weighted sums give what drawing and scoring row by row gives."""
    x, y = correlated(150, 2.0, 2)
    ours = resampled_scores("sts", y, [x])
    draw = np.random.default_rng(3)
    plain = []
    for _ in range(2000):
        rows = draw.integers(0, 150, 150)
        plain.append(stats.pearsonr(x[rows], y[rows]).statistic)
    assert ours.mean() == pytest.approx(np.mean(plain), abs=0.005)
    assert ours.std() == pytest.approx(np.std(plain), rel=0.1)
    right = (np.arange(150) % 3 > 0).astype(float)
    shares = resampled_scores("sst", np.ones(150), [right])
    assert shares.mean() == pytest.approx(2 / 3, abs=0.005)
    assert shares.std() == pytest.approx(np.sqrt(2 / 9 / 150), rel=0.1)


def test_a_constant_resample_scores_zero() -> None:
    assert np.all(resampled_scores("sts", np.arange(9.0), [np.full(9, 2.0)]) == 0)


def test_one_seed_and_several() -> None:
    golds, first = course_like(1, 0.6)
    _, second = course_like(2, 0.8)
    one = summarise("sst", golds["sst"], [first["sst"]])
    correct = int((first["sst"] == golds["sst"]).sum())
    assert tuple(one["ci95"]) == wilson_interval(correct, 300)
    two = summarise("sst", golds["sst"], [first["sst"], second["sst"]])
    assert two["value"] == pytest.approx(np.mean(two["per_seed"]))
    assert two["per_seed"][0] == one["value"]
    assert two["ci95"][0] < two["value"] < two["ci95"][1]
    with pytest.raises(ValueError, match="at least one seed's, got none"):
        summarise("sst", golds["sst"], [])


def test_measure_gives_every_metric_and_both_overall_scores() -> None:
    golds, predictions = course_like(1, 0.6)
    values = measure(golds, [predictions])
    assert list(values) == [*MEASURES, "overall_mean", "overall_2024"]
    scores = [values[name]["value"] for name in MEASURES]
    assert values["overall_mean"]["value"] == pytest.approx(overall_mean(*scores))
    assert values["overall_2024"]["value"] == pytest.approx(overall_2024(*scores))
    for value in values.values():
        assert value["ci95"][0] <= value["value"] <= value["ci95"][1]


def test_mcnemar_against_the_binomial() -> None:
    a = np.array([True] * 60 + [False] * 40)
    b = np.array([True] * 45 + [False] * 15 + [True] * 5 + [False] * 35)
    tail = sum(stats.binom.pmf(k, 20, 0.5) for k in range(15, 21))
    assert mcnemar(a, b) == pytest.approx(2 * tail)
    assert mcnemar(a, a) == 1.0


def test_compare_sees_a_difference_and_does_not_see_none() -> None:
    golds, weak = course_like(1, 0.5)
    _, weak_too = course_like(2, 0.5)
    _, strong = course_like(3, 0.9)
    for test in compare(golds, [strong], [weak]):
        assert test["difference"] > 0 and test["p_value"] < 0.01
        assert test["ci95"][0] > 0
    same = compare(golds, [weak], [weak])
    assert all(test["difference"] == 0 and test["p_value"] == 1.0 for test in same)
    assert all(test["p_value"] > 0.001 for test in compare(golds, [weak_too], [weak]))
    methods = {test["metric"]: test["method"] for test in compare(golds, [strong], [weak])}
    assert methods["sst_accuracy"] == "McNemar, exact"
    assert methods["sts_pearson"] == "paired bootstrap"
    several = compare(golds, [strong, strong], [weak, weak_too])
    assert {test["method"] for test in several} == {"paired bootstrap"}


def test_p_values_never_claim_more_than_the_resamples_show() -> None:
    assert bootstrap_p_value(np.ones(1999)) == pytest.approx(2 / 2000)
    assert bootstrap_p_value(np.zeros(1999)) == 1.0


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """95 % intervals of 400 made-up experiments: neither too rarely nor always right."""
    wilson = fisher = 0
    draw = np.random.default_rng(11)
    rho = 0.6
    for _ in range(400):
        low, high = wilson_interval(draw.binomial(200, 0.45), 200)
        wilson += low <= 0.45 <= high
        x, y = draw.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=100).T
        low, high = fisher_z_interval(pearson(x, y), 100)
        fisher += low <= rho <= high
    for covered in (wilson, fisher):
        assert stats.binomtest(int(covered), 400, 0.95).pvalue > 0.001


def test_an_interval_over_seeds_and_examples_holds_what_it_promises() -> None:
    """Arms that are equally good, whose seeds differ: over examples alone zero is missed often."""
    draw = np.random.default_rng(11)
    missed = {"examples": 0, "both": 0}
    for _ in range(400):
        of_sample = draw.normal(0, 0.01)  # these examples favour one of the two
        per_seed = of_sample + draw.normal(0, 0.02, size=4)
        mean = float(per_seed.mean())
        ci95 = [mean - 1.96 * 0.01, mean + 1.96 * 0.01]
        low, high = with_seeds(per_seed, ci95, 1000)
        missed["examples"] += not ci95[0] <= 0 <= ci95[1]
        missed["both"] += not low <= 0 <= high
    assert missed["examples"] > 400 * 0.10
    assert missed["both"] < 400 * 0.09


def test_without_luck_of_seeds_it_is_the_interval_over_examples() -> None:
    low, high = with_seeds([0.1, 0.1, 0.1], [0.05, 0.15], 2000)
    assert (low, high) == pytest.approx((0.05, 0.15), abs=2e-4)
    assert with_seeds([0.2, 0.2], [0.2, 0.2], 50) == (0.2, 0.2)
    values = [0.1, 0.14, 0.06]
    error = np.std(values, ddof=1) / np.sqrt(3)
    expected = stats.t.interval(0.95, 2, np.mean(values), error)
    assert with_seeds(values, [0.1, 0.1], 50) == pytest.approx(expected)
    with pytest.raises(ValueError, match="two seeds or more"):
        with_seeds([0.1], [0.0, 0.2], 50)
