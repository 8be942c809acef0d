"""One number per task, and one for all three."""

from __future__ import annotations

import logging

import numpy as np

from minbert import checks
from minbert.tasks import Task, find_task

logger = logging.getLogger(__name__)


def accuracy(predictions: np.ndarray, golds: np.ndarray) -> float:
    """Share of right answers, 0 to 1.

    Args:
        predictions, golds: classes as whole numbers, (example,).

    Raises:
        ValueError: the shapes differ, there is no example, or a value is no class.
    """
    predictions, golds = paired(predictions, golds)
    for name, values in (("predictions", predictions), ("golds", golds)):
        wrong = values[values != np.round(values)]
        if len(wrong):
            raise ValueError(
                f"{name} must be classes (whole numbers), got {wrong[0]:g}: probabilities are to "
                "be turned into classes first, and scores are measured by Pearson's r"
            )
    return float(np.mean(predictions == golds))


def pearson(predictions: np.ndarray, golds: np.ndarray) -> float:
    """Pearson's correlation, -1 to 1: whether scores rise together, on whatever scale.

    A constant prediction has none: 0 is returned, the value of a prediction that says nothing,
    and the log says so.

    Args:
        predictions, golds: finite numbers, (example,), two or more.

    Raises:
        ValueError: the shapes differ, there are fewer than two examples, or a value is not finite.
    """
    predictions, golds = paired(predictions, golds)
    if len(predictions) < 2:
        raise ValueError("predictions must hold two examples or more for a correlation, got one")
    if np.ptp(predictions) == 0 or np.ptp(golds) == 0:
        logger.warning("a constant has no correlation: Pearson's r is taken as 0")
        return 0.0
    return float(np.clip(_direction(predictions) @ _direction(golds), -1.0, 1.0))


def spearman(predictions: np.ndarray, golds: np.ndarray) -> float:
    """Spearman's correlation, -1 to 1: Pearson's of the ranks; equal values have their mean rank.

    Args, raises: as for `pearson`. Source: Spearman (1904).
    """
    from scipy.stats import rankdata  # slow to import, and not needed to grade

    predictions, golds = paired(predictions, golds)
    return pearson(rankdata(predictions), rankdata(golds))


def roc_auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Area under the ROC curve, 0 to 1: how often a positive's score is above a negative's.

    Of all couples of the two; equal scores count half, so chance is .5.

    Args:
        positive, negative: finite scores, (example,) each, one or more.

    Raises:
        ValueError: a side has no scores or more than one axis, or a value is not finite.

    Source: Hanley and McNeil (1982).
    """
    for name, scores in (("positive", positive), ("negative", negative)):
        if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
            raise ValueError(
                f"{name} must hold finite scores (example,), one or more, got shape {scores.shape}"
            )
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float(np.mean(below + not_above) / (2 * len(negative)))


def macro_f1(predictions: np.ndarray, golds: np.ndarray) -> float:
    """Mean over the classes that occur of F1 = 2 right / (answered + there), 0 to 1.

    Each class counts alike, however rare it is. A class that is answered but never right has 0.

    Args, raises: as for `accuracy`.
    """
    accuracy(predictions, golds)  # refuses what is no class
    predictions, golds = paired(predictions, golds)
    found = []
    for one in np.union1d(predictions, golds):
        answered, there = predictions == one, golds == one
        found.append(2 * np.sum(answered & there) / (np.sum(answered) + np.sum(there)))
    return float(np.mean(found))


def _direction(values: np.ndarray) -> np.ndarray:
    """Deviations from the mean as a vector of length 1, however small or large they are."""
    deviations = values - values.mean()
    deviations /= np.abs(deviations).max()
    return deviations / np.linalg.norm(deviations)


def overall_mean(*scores: float) -> float:
    """The paper's overall score: the plain mean of the tasks' metrics, two accuracies and r."""
    return sum(scores) / len(scores)


def overall_2024(sst: float, quora: float, sts: float) -> float:
    """The course's formula of 2024, which moves r from [-1, 1] to [0, 1] first."""
    return (sst + quora + (sts + 1) / 2) / 3


def score(task: Task | str, predictions: np.ndarray, golds: np.ndarray) -> float:
    """The task's own metric: accuracy of classes and of partners found, correlation of scores.

    Raises:
        ValueError: an unknown task; otherwise as `accuracy` and `pearson`.
    """
    formulas = {
        "accuracy": accuracy,
        "partner": accuracy,
        "pearson": pearson,
        "spearman": spearman,
    }
    return formulas[find_task(task).metric](predictions, golds)


def paired(predictions: np.ndarray, golds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64, once it is sure that line i of one belongs to line i of the other.

    Raises:
        ValueError: the shapes differ or are no lists, there is no example, or a value is not a
            finite number.
    """
    predictions, golds = np.asarray(predictions), np.asarray(golds)
    checks.shapes(
        "one prediction an example, in the order of the labels",
        predictions=(predictions, "example", "number"),
        golds=(golds, "example", "number"),
    )
    checks.finite(predictions=predictions, golds=golds)
    return predictions.astype(np.float64), golds.astype(np.float64)
