"""How sure a number is, and whether two differ.

All intervals are 95 % and speak of the sample of test sentences: another dev set of the same kind
would give another number. With several seeds they hold for the mean over those seeds; they do not
contain the spread between seeds, which stands in `per_seed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import stats

from minbert.evaluation.metrics import (
    TASK_METRICS,
    overall_2024,
    overall_mean,
    score,
)

RESAMPLES = 2000
BOOTSTRAP_SEED = 20240607
CONFIDENCE = 0.95
TASKS = tuple(TASK_METRICS)

Value = dict[str, Any]
"""{"value": mean over seeds, "ci95": [low, high], "per_seed": [...]}."""


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """Interval of an accuracy. Source: Wilson (1927), through scipy."""
    interval = stats.binomtest(correct, total).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def fisher_z_interval(r: float, total: int) -> tuple[float, float]:
    """Interval of Pearson's r: atanh(r) is nearly normal with deviation 1/sqrt(n - 3).

    Source: Fisher (1915). For r = ±1 the interval is that point.
    """
    if total <= 3:
        return -1.0, 1.0
    if abs(r) >= 1:
        return r, r
    half = stats.norm.ppf(0.5 + CONFIDENCE / 2) / np.sqrt(total - 3)
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def resampled_scores(
    task: str, golds: np.ndarray, predictions: Sequence[np.ndarray], resamples: int = RESAMPLES
) -> np.ndarray:
    """The seed mean of a task's metric on each bootstrap resample of its examples.

    The same resamples are drawn for all predictions of a task (fixed seed), so that differences
    of two results are paired. Source: Efron (1979).

    Returns:
        (resamples,) float64.
    """
    golds = np.asarray(golds, dtype=np.float64)
    total = len(golds)
    counts = _draws(TASKS.index(task), total, resamples)
    means = np.zeros(resamples)
    for values in predictions:
        values = np.asarray(values, dtype=np.float64)
        if task == "sts":
            means += _weighted_pearson(counts, values, golds)
        else:
            means += counts @ (values == golds).astype(np.float32) / total
    return means / len(predictions)


@lru_cache(maxsize=3)
def _draws(task_number: int, total: int, resamples: int) -> np.ndarray:
    """How often each example is drawn in each resample, (resamples, example).

    Sums over a resample are then matrix products. Kept, since every arm uses the same draws.
    """
    generator = np.random.default_rng([BOOTSTRAP_SEED, task_number, total])
    drawn = generator.multinomial(total, np.full(total, 1 / total), size=resamples)
    return drawn.astype(np.float32)


def _weighted_pearson(counts: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's r of each resample, from weighted sums of centred values."""
    x, y, total = x - x.mean(), y - y.mean(), len(x)
    sums = counts.astype(np.float64) @ np.stack([x, y, x * y, x * x, y * y], axis=1) / total
    mx, my, mxy, mxx, myy = sums.T
    spread = np.sqrt(np.clip((mxx - mx**2) * (myy - my**2), 0, None))
    return np.divide(mxy - mx * my, spread, out=np.zeros_like(spread), where=spread > 1e-12)


def summarise(task: str, golds: np.ndarray, predictions: Sequence[np.ndarray]) -> Value:
    """A task's metric with its interval.

    One seed: Wilson for an accuracy, Fisher's z for r. Several: bootstrap of the seed mean.

    Args:
        task: `sst`, `quora`, `sts`; any other name (`cfimdb`) is measured by accuracy.
        golds: labels, (example,).
        predictions: per seed, (example,).

    Raises:
        ValueError: no predictions, or of another length than the labels.
    """
    if not predictions:
        raise ValueError("at least one seed's predictions are needed, got none")
    task = task if task in TASKS else "sst"
    per_seed = [score(task, values, golds) for values in predictions]
    if len(predictions) > 1:
        low, high = percentile_interval(resampled_scores(task, golds, predictions))
    elif task == "sts":
        low, high = fisher_z_interval(per_seed[0], len(golds))
    else:
        low, high = wilson_interval(round(per_seed[0] * len(golds)), len(golds))
    return {"value": float(np.mean(per_seed)), "ci95": [low, high], "per_seed": per_seed}


def measure(
    golds: Mapping[str, np.ndarray], predictions: Sequence[Mapping[str, np.ndarray]]
) -> dict[str, Value]:
    """All three metrics and both overall scores; the latter with a bootstrap over all three sets.

    Args:
        golds: labels per task.
        predictions: per seed, per task.
    """
    per_task = {
        task: summarise(task, golds[task], [seed[task] for seed in predictions]) for task in TASKS
    }
    resampled = [
        resampled_scores(task, golds[task], [seed[task] for seed in predictions]) for task in TASKS
    ]
    values = {TASK_METRICS[task]: value for task, value in per_task.items()}
    for name, formula in (("overall_mean", overall_mean), ("overall_2024", overall_2024)):
        per_seed = [
            formula(*scores)
            for scores in zip(*(per_task[task]["per_seed"] for task in TASKS), strict=True)
        ]
        low, high = percentile_interval(formula(*resampled))
        values[name] = {
            "value": float(np.mean(per_seed)),
            "ci95": [low, high],
            "per_seed": per_seed,
        }
    return values


def over_seeds(per_seed: Sequence[float]) -> Value:
    """Mean over seeds with Student's t interval; one seed has none (ci95 is null)."""
    ci95 = None
    if len(per_seed) > 1:
        spread = stats.sem(per_seed) * stats.t.ppf(0.975, len(per_seed) - 1)
        ci95 = [float(np.mean(per_seed) - spread), float(np.mean(per_seed) + spread)]
    return {"value": float(np.mean(per_seed)), "ci95": ci95, "per_seed": list(map(float, per_seed))}


def compare(
    golds: Mapping[str, np.ndarray],
    predictions_a: Sequence[Mapping[str, np.ndarray]],
    predictions_b: Sequence[Mapping[str, np.ndarray]],
) -> list[dict[str, Any]]:
    """Paired tests of two arms on the same examples: does a do better than b?

    Accuracies of one seed: McNemar's exact test on the examples that only one of them has right.
    Several seeds, and r: paired bootstrap of the difference of seed means.

    Returns:
        Per metric `{"metric", "difference" (a - b), "ci95", "p_value" (two-sided), "method"}`.
    """
    tests = []
    for task in TASKS:
        a = [seed[task] for seed in predictions_a]
        b = [seed[task] for seed in predictions_b]
        difference = np.mean([score(task, x, golds[task]) for x in a]) - np.mean(
            [score(task, x, golds[task]) for x in b]
        )
        resampled = resampled_scores(task, golds[task], a) - resampled_scores(task, golds[task], b)
        low, high = percentile_interval(resampled)
        if task != "sts" and len(a) == len(b) == 1:
            p_value, method = mcnemar(a[0] == golds[task], b[0] == golds[task]), "McNemar, exact"
        else:
            p_value, method = bootstrap_p_value(resampled), "paired bootstrap"
        tests.append(
            {
                "metric": TASK_METRICS[task],
                "difference": float(difference),
                "ci95": [low, high],
                "p_value": p_value,
                "method": method,
            }
        )
    return tests


def mcnemar(right_a: np.ndarray, right_b: np.ndarray) -> float:
    """Two-sided p of the hypothesis that a and b are right equally often.

    Of the examples on which exactly one is right, each should win half. Source: McNemar (1947),
    exact binomial form.
    """
    only_a = int(np.sum(right_a & ~right_b))
    only_b = int(np.sum(right_b & ~right_a))
    if only_a + only_b == 0:
        return 1.0
    return float(stats.binomtest(only_a, only_a + only_b).pvalue)


def bootstrap_p_value(differences: np.ndarray) -> float:
    """Twice the share of resamples on the other side of zero; at least 1 / (resamples + 1)."""
    below = (np.sum(differences <= 0) + 1) / (len(differences) + 1)
    above = (np.sum(differences >= 0) + 1) / (len(differences) + 1)
    return float(min(1.0, 2 * min(below, above)))


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """The central 95 % of resampled values."""
    low, high = np.quantile(values, [0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2])
    return float(low), float(high)
