"""What a classifier takes for what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from minbert.viz.plots.matrix import matrix


def confusion_matrix(
    golds: np.ndarray,
    predictions: np.ndarray,
    classes: Sequence[str],
    axes: Axes | None = None,
    title: str = "",
) -> tuple[Axes, str]:
    """Shares of each true class (row) that are predicted as each class (column).

    Args:
        golds, predictions: class numbers, (example,).
        classes: names in the order of their numbers.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
    """
    counts = np.zeros((len(classes), len(classes)))
    np.add.at(counts, (np.asarray(golds, dtype=int), np.asarray(predictions, dtype=int)), 1)
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    axes, _ = matrix(
        shares, classes, classes, axes, title, label="share of the true class", limits=(0, 1)
    )
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    right = ", ".join(
        f"{name} {shares[number, number]:z.2f}" for number, name in enumerate(classes)
    )
    return axes, (
        f"{title or 'Confusion matrix'}: rows are true classes, columns predictions. "
        f"Share predicted right: {right}."
    )
