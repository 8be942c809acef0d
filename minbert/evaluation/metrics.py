"""One number per task, and one for all three."""

from __future__ import annotations

import logging

import numpy as np
from scipy import stats

logger = logging.getLogger(__name__)

TASK_METRICS = {"sst": "sst_accuracy", "quora": "quora_accuracy", "sts": "sts_pearson"}


def accuracy(predictions: np.ndarray, golds: np.ndarray) -> float:
    """Share of right answers, 0 to 1; nan for no example at all."""
    _check_lengths(predictions, golds)
    return float(np.mean(np.asarray(predictions) == np.asarray(golds))) if len(golds) else np.nan


def pearson(predictions: np.ndarray, golds: np.ndarray) -> float:
    """Pearson's correlation, -1 to 1: whether scores rise together, on whatever scale.

    A constant prediction has none: 0 is returned, the value of a prediction that says nothing,
    and the log says so.
    """
    _check_lengths(predictions, golds)
    predictions = np.asarray(predictions, dtype=np.float64)
    if len(predictions) < 2 or np.ptp(predictions) == 0 or np.ptp(golds) == 0:
        logger.warning("a constant has no correlation: Pearson's r is taken as 0")
        return 0.0
    return float(stats.pearsonr(predictions, np.asarray(golds, dtype=np.float64)).statistic)


def overall_mean(sst: float, quora: float, sts: float) -> float:
    """The paper's overall score: the plain mean of two accuracies and r."""
    return (sst + quora + sts) / 3


def overall_2024(sst: float, quora: float, sts: float) -> float:
    """The course's formula of 2024, which moves r from [-1, 1] to [0, 1] first."""
    return (sst + quora + (sts + 1) / 2) / 3


def score(task: str, predictions: np.ndarray, golds: np.ndarray) -> float:
    """The task's own metric: accuracy for `sst` and `quora`, Pearson's r for `sts`."""
    return (pearson if task == "sts" else accuracy)(predictions, golds)


def _check_lengths(predictions: np.ndarray, golds: np.ndarray) -> None:
    if len(predictions) != len(golds):
        raise ValueError(f"{len(predictions)} predictions for {len(golds)} labels")
