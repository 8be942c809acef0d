"""How sure one number is: intervals in closed form, and by drawing the examples again.

All intervals are 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from minbert import checks
from minbert.evaluation.metrics import paired
from minbert.tasks import Task, find_task

RESAMPLES = 2000
BOOTSTRAP_SEED = 20240607
CONFIDENCE = 0.95


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """Interval of an accuracy: all shares p that are at most z standard errors of their own away.

    (p̂ + z²/2n ± z √(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n), z = 1.96. Source: Wilson (1927).

    Args:
        correct: right answers, at most `total`.
        total: all answers, one or more.
    """
    checks.whole("total", total, 1, "of nothing there is no share")
    checks.whole("correct", correct, 0)
    checks.within("correct", correct, f"[0, {total}]", "right answers among all of them")
    z, share = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2), correct / total
    middle = share + z**2 / (2 * total)
    half = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    low, high = (end / (1 + z**2 / total) for end in (middle - half, middle + half))
    return max(0.0, float(low)), min(1.0, float(high))


def fisher_z_interval(r: float, total: int) -> tuple[float, float]:
    """Interval of Pearson's r: atanh(r) is nearly normal with deviation 1/sqrt(n - 3).

    Source: Fisher (1915). For r = ±1 the interval is that point.

    Args:
        r: from -1 to 1.
        total: examples, two or more; up to three say nothing.
    """
    checks.within("r", r, "[-1, 1]", "a correlation")
    checks.whole("total", total, 2, "a correlation needs two examples")
    if total <= 3:
        return -1.0, 1.0
    if abs(r) >= 1:
        return r, r
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) / np.sqrt(total - 3)
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def resampled_scores(
    task: Task | str,
    golds: np.ndarray,
    predictions: Sequence[np.ndarray],
    resamples: int = RESAMPLES,
) -> np.ndarray:
    """The seed mean of a task's metric on each bootstrap resample of its examples.

    The same resamples are drawn for all predictions of a task (fixed seed), so that differences
    of two results are paired. Source: Efron (1979).

    Args:
        task: whose metric it is, and whose stream of draws.
        golds: labels, (example,).
        predictions: per seed, (example,); one seed or more.
        resamples: how many.

    Returns:
        (resamples,) float64.

    Raises:
        ValueError: an unknown task, no seed, another number of predictions than labels, or a value
            that is not finite.
    """
    task = find_task(task)
    checks.whole("resamples", resamples, 1)
    if not len(predictions):
        raise ValueError("predictions must hold at least one seed's, got none")
    both = [paired(values, golds) for values in predictions]
    golds, total = both[0][1], len(both[0][1])
    counts = _draws(task.bootstrap, total, resamples)
    means = np.zeros(resamples)
    for values, _ in both:
        if task.metric == "pearson":
            means += _weighted_pearson(counts, values, golds)
        elif task.metric == "spearman":
            means += _weighted_spearman(counts, values, golds)
        else:
            means += counts @ (values == golds).astype(np.float32) / total
    return means / len(predictions)


def macro_f1_interval(
    predictions: np.ndarray, golds: np.ndarray, stream: int = 0
) -> tuple[float, float]:
    """Interval of `minbert.evaluation.metrics.macro_f1`, by bootstrap over the examples.

    Args:
        predictions, golds: classes, (example,).
        stream: of draws, as `Task.bootstrap`.
    """
    predictions, golds = paired(predictions, golds)
    counts = _draws(stream, len(golds), RESAMPLES)
    found = []
    for one in np.union1d(predictions, golds):
        answered, there = predictions == one, golds == one
        right = counts @ (answered & there).astype(np.float32)
        both = counts @ answered.astype(np.float32) + counts @ there.astype(np.float32)
        found.append(np.divide(2 * right, both, out=np.full_like(right, np.nan), where=both > 0))
    return percentile_interval(np.nanmean(found, axis=0))


@lru_cache(maxsize=3)
def _draws(stream: int, total: int, resamples: int) -> np.ndarray:
    """How often each example is drawn in each resample, (resamples, example).

    Sums over a resample are then matrix products. Kept, since every arm uses the same draws.
    """
    generator = np.random.default_rng([BOOTSTRAP_SEED, stream, total])
    drawn = generator.multinomial(total, np.full(total, 1 / total), size=resamples)
    return drawn.astype(np.float32)


def _weighted_pearson(counts: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's r of each resample, from weighted sums of centred values."""
    x, y, total = x - x.mean(), y - y.mean(), len(x)
    sums = counts.astype(np.float64) @ np.stack([x, y, x * y, x * x, y * y], axis=1) / total
    mx, my, mxy, mxx, myy = sums.T
    spread = np.sqrt(np.clip((mxx - mx**2) * (myy - my**2), 0, None))
    return np.divide(mxy - mx * my, spread, out=np.zeros_like(spread), where=spread > 1e-12)


def _weighted_spearman(counts: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Spearman's r of each resample, whose examples are ranked anew, equal ones alike."""
    ranks = []
    for values in (x, y):
        _, group = np.unique(values, return_inverse=True)
        order = np.argsort(group, kind="stable")
        starts = np.flatnonzero(np.diff(group[order], prepend=-1))
        each = np.add.reduceat(counts[:, order].astype(np.float64), starts, axis=1)
        ranks.append((np.cumsum(each, axis=1) - each / 2)[:, group])
    a, b = ranks
    total = counts.sum(axis=1, keepdims=True)
    a = a - (counts * a).sum(axis=1, keepdims=True) / total
    b = b - (counts * b).sum(axis=1, keepdims=True) / total
    spread = np.sqrt((counts * a * a).sum(axis=1) * (counts * b * b).sum(axis=1))
    together = (counts * a * b).sum(axis=1)
    return np.divide(together, spread, out=np.zeros_like(spread), where=spread > 1e-12)


def spearman_interval(r: float, total: int) -> tuple[float, float]:
    """Interval of Spearman's r: as Fisher's z, with the deviation sqrt((1 + r²/2) / (n - 3)).

    Args, raises: as for `fisher_z_interval`. Source: Bonett and Wright (2000).
    """
    checks.within("r", r, "[-1, 1]", "a correlation")
    checks.whole("total", total, 2, "a correlation needs two examples")
    if total <= 3:
        return -1.0, 1.0
    if abs(r) >= 1:
        return r, r
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * np.sqrt((1 + r * r / 2) / (total - 3))
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def bootstrap_p_value(differences: np.ndarray) -> float:
    """Twice the share of resamples on the other side of zero; at least 2 / (resamples + 1).

    Args:
        differences: one a resample, finite.
    """
    differences = np.asarray(differences)
    checks.shapes(differences=(differences, "resample", "number"))
    checks.finite(differences=differences)
    below = (np.sum(differences <= 0) + 1) / (len(differences) + 1)
    above = (np.sum(differences >= 0) + 1) / (len(differences) + 1)
    return float(min(1.0, 2 * min(below, above)))


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """The central 95 % of resampled values, which are finite."""
    values = np.asarray(values)
    checks.shapes(values=(values, "resample", "number"))
    checks.finite(values=values)
    low, high = np.quantile(values, [0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2])
    return float(low), float(high)
