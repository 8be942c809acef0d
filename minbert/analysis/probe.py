"""What a linear reader finds in vectors that nobody trained for it."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from minbert import checks
from minbert.analysis.geometry import Vectors, as_array

OtherSentences = Float[np.ndarray | torch.Tensor, "other hidden"]
"""As wide, of as many sentences as there are."""
SHRINKAGE = 0.01
"""Share of the covariance that is replaced by the same variance in every direction."""


def linear_probe(train: Vectors, labels: np.ndarray, test: OtherSentences) -> np.ndarray:
    """Classes of the test vectors, by linear discriminant analysis of the training vectors.

    Unlike a head trained by AdamW for ten epochs it is solved in closed form, and knows no axes:
    turning or shifting all vectors changes no answer, and a direction that is gone is just not
    read. Source: Fisher (1936); as a probe of hidden layers: Alain and Bengio (2016).

    Args:
        train, test: one sentence vector a line.
        labels: of the training vectors, (sentence,).

    Raises:
        ValueError: not one label a training vector, one class alone, or other widths.
    """
    train, test, labels = as_array(train, "train"), as_array(test, "test"), np.asarray(labels)
    checks.shapes(
        "one label a training vector; test vectors as wide as these",
        train=(train, "sentence hidden"),
        labels=(labels, "sentence", "number"),
        test=(test, "other hidden"),
    )
    if len(np.unique(labels)) < 2:
        raise ValueError(f"labels must be of two classes or more, got {labels[0]:g} alone")
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE)
    model.fit(train, labels)
    return model.predict(test)
