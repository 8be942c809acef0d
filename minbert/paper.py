"""Every number of the paper that this package reproduces, as data.

Jadwin and Huang, "Improving minBERT Performance on Multiple Tasks through In-domain Pretraining,
Negatives Ranking Loss Learning, and Hyperparameter Optimization", Stanford CS224N.
"""

from __future__ import annotations

METRICS = ("sst_accuracy", "quora_accuracy", "sts_pearson")
"""The three tasks as the tables list them: accuracy, accuracy, Pearson's r."""


def _column(*values: float) -> dict[str, float]:
    return dict(zip(METRICS, values, strict=True))


TABLES: dict[str, dict[str, dict[str, float]]] = {
    "table1": {
        "baseline": _column(0.318, 0.380, 0.019),
        "mlm": _column(0.332, 0.738, 0.172),
        "mnrl": _column(0.279, 0.769, 0.569),
        "mlm+mnrl": _column(0.246, 0.768, 0.503),
    },
    "table2": {
        "baseline": _column(0.318, 0.380, 0.019),
        "mlm": _column(0.503, 0.722, 0.309),
        "mnrl": _column(0.500, 0.727, 0.605),
        "mlm+mnrl": _column(0.484, 0.748, 0.544),
    },
    "table3": {
        "baseline": _column(0.318, 0.380, 0.019),
        "mnrl": _column(0.514, 0.727, 0.565),
    },
}
"""Tables 1 (dev, frozen encoder), 2 (dev, after sentiment fine-tuning), 3 (test, best arm)."""

OVERALL_TEST = 0.602
"""Overall test score: the plain mean of Table 3's last column."""

HOURS = {"mlm": 19.0, "mnrl": 6.6, "heads": 1.2, "sst_finetune": 1 / 6}
"""Training time per stage, in hours (section 5.3)."""

SINGLE_TASK = {
    "sst": {"frozen": (0.390, 0.007), "finetune": (0.515, 0.004)},
    "cfimdb": {"frozen": (0.780, 0.002), "finetune": (0.966, 0.007)},
}
"""The handout's single-task dev accuracies: mean and standard deviation (section 5.2)."""

MASKING_PROBABILITY = 0.15
"""Chance of each token to be masked; a masked token always becomes [MASK] (section 4.2)."""

SIMILAR_FROM = 4.0
"""STS pairs at or above this similarity, and Quora duplicates, are MNRL's positives (4.3)."""

SWEEP_LEARNING_RATES = (1e-3, 1e-4, 1e-5)
"""Tried for MLM and for MNRL (section 4.4); 1e-5 was kept for both."""

HYPERPARAMETERS = {
    "mlm": {"epochs": 10, "batch_size": 8, "dropout": 0.3, "learning_rate": 1e-5},
    "mnrl": {"epochs": 10, "batch_size": 8, "dropout": 0.3, "learning_rate": 1e-5},
    "heads": {"epochs": 10, "batch_size": 8, "dropout": 0.3, "learning_rate": 1e-3},
    "sst_finetune": {"epochs": 10, "batch_size": 8, "dropout": 0.3, "learning_rate": 1e-5},
}
"""Per stage (section 5.3)."""

ARMS = ("baseline", "mlm", "mnrl", "mlm+mnrl")
"""The paper's columns; `heads_only` is the control that this package adds."""
