"""The paper's story, sentence by sentence, held against what was measured on several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minbert import checks
from minbert.evaluation.statistics import Value, over_seeds

SMALL = 0.05
"""A difference below this, in accuracy or r, counts as little."""
HEADS, FINETUNED = "heads", "sst_finetuned"
SHORT = {"sst_accuracy": "sentiment", "quora_accuracy": "paraphrase", "sts_pearson": "similarity"}


@dataclass(frozen=True)
class Finding:
    """One expectation and what came of it."""

    statement: str
    expected: str
    value: Value
    """Mean over seeds, its 95 % interval (Student's t) and the value of each seed."""
    verdict: str
    """`yes`; `less than expected`: the right direction, beyond noise, but smaller; `no`."""


def findings(results: dict[str, Any]) -> list[Finding]:
    """Every sentence of the story for which the run has the arms, in the story's order.

    Args:
        results: content of results.json, of two seeds or more: an interval over seeds is what
            tells a finding from luck.

    Raises:
        ValueError: there is only one seed, or one stands there twice.
    """
    if len(results["seeds"]) < 2:
        raise ValueError(
            f"seeds must be at least two seeds, got {results['seeds']}: with one, nothing is "
            "known of luck"
        )
    checks.distinct_seeds(results["seeds"])
    arms = results["arms"]
    found = []
    for task, losses in (results.get("mlm_held_out") or {}).items():
        statement = f"MLM lowers the perplexity of held-out text: {task}"
        found.append(_beyond(statement, losses["relative_change"]["per_seed"], -0.30))
    if "mnrl" in arms:
        for metric, least in (("sts_pearson", 0.15), ("quora_accuracy", 0.0)):
            for other in ("heads_only", "mlm"):
                if other in arms:
                    gain = _difference(results, ("mnrl", HEADS), (other, HEADS), metric)
                    found.append(_beyond(f"MNRL raises {SHORT[metric]} over {other}", gain, least))
        found += _beats_the_ladder(results)
    for arm in ("mlm", "mnrl"):
        if {arm, "heads_only"} <= set(arms):
            gain = _difference(results, (arm, HEADS), ("heads_only", HEADS), "sst_accuracy")
            statement = f"{arm} does not help sentiment while the encoder is frozen"
            found.append(_less_than_small(statement, gain, sign=1))
    for arm in arms:
        if arm != "baseline":
            gain = _difference(results, (arm, FINETUNED), (arm, HEADS), "sst_accuracy")
            found.append(_beyond(f"fine-tuning raises sentiment: {arm}", gain, 0.10))
    for arm in ("mnrl", "mlm+mnrl"):
        if arm in arms:
            for metric in ("quora_accuracy", "sts_pearson"):
                gain = _difference(results, (arm, FINETUNED), (arm, HEADS), metric)
                statement = f"fine-tuning costs {SHORT[metric]} little: {arm}"
                found.append(_less_than_small(statement, gain, sign=-1))
    return found


def _beats_the_ladder(results: dict[str, Any]) -> list[Finding]:
    """mnrl against the best rung of each task: each task at its own stage, then one model."""
    found = []
    stages = {"sst_accuracy": FINETUNED, "quora_accuracy": HEADS, "sts_pearson": HEADS}
    for metric, own in stages.items():
        rung, best = max(
            ((name, value["value"]) for name, value in results["ladder"][metric].items()),
            key=lambda item: item[1],
        )
        for stage in dict.fromkeys((own, FINETUNED)):
            above = np.array(_per_seed(results, "mnrl", stage, metric)) - best
            when = "fine-tuned" if stage == FINETUNED else "frozen"
            name = rung.replace("_", " ")
            found.append(
                _beyond(f"mnrl ({when}) beats the best rung of {SHORT[metric]}, {name}", above, 0.0)
            )
    return found


def _per_seed(results: dict[str, Any], arm: str, stage: str, metric: str) -> list[float]:
    return results["arms"][arm][stage][metric]["per_seed"]


def _difference(
    results: dict[str, Any], one: tuple[str, str], other: tuple[str, str], metric: str
) -> np.ndarray:
    return np.subtract(_per_seed(results, *one, metric), _per_seed(results, *other, metric))


def _beyond(statement: str, per_seed: Sequence[float], bound: float) -> Finding:
    """Expects a change in the direction of `bound` (0 counts as up), and at least as large."""
    sign = -1.0 if bound < 0 else 1.0
    value = over_seeds(per_seed)
    if min(sign * end for end in value["ci95"]) <= 0:
        verdict = "no"
    else:
        verdict = "yes" if sign * value["value"] >= sign * bound else "less than expected"
    words = f"{bound:+z.2f} or {'more' if sign > 0 else 'less'}" if bound else "above 0"
    return Finding(statement, words, value, verdict)


def _less_than_small(statement: str, per_seed: Sequence[float], sign: float) -> Finding:
    """Expects that a gain (`sign` 1) or a loss (-1) is surely smaller than `SMALL`."""
    value = over_seeds(per_seed)
    verdict = "yes" if max(sign * end for end in value["ci95"]) < SMALL else "no"
    words = f"surely {'below' if sign > 0 else 'above'} {sign * SMALL:+z.2f}"
    return Finding(statement, words, value, verdict)
