"""How sure a number is, and whether two differ.

All intervals are 95 % and speak of the sample of test sentences: another dev set of the same kind
would give another number. With several seeds they hold for the mean over those seeds; they do not
contain the spread between seeds, which is in `per_seed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minbert import checks
from minbert.evaluation.intervals import (
    bootstrap_p_value,
    fisher_z_interval,
    percentile_interval,
    resampled_scores,
    spearman_interval,
    wilson_interval,
)
from minbert.evaluation.metrics import overall_2024, overall_mean, score
from minbert.tasks import PAPER_TASKS, Task, find_task

Value = dict[str, Any]
"""{"value": mean over seeds, "ci95": [low, high], "per_seed": [...]}."""


def summarise(task: Task | str, golds: np.ndarray, predictions: Sequence[np.ndarray]) -> Value:
    """A task's metric with its interval.

    One seed: Wilson for an accuracy, Fisher's z for r. Several: bootstrap of the seed mean.

    Args:
        task: or the name of one of the course's.
        golds: labels, (example,).
        predictions: per seed, (example,).

    Raises:
        ValueError: an unknown task, no predictions, of another shape than the labels, or a value
            that is not finite, or no class where classes are compared.
    """
    if not len(predictions):
        raise ValueError("predictions must be at least one seed's, got none")
    task = find_task(task)
    per_seed = [score(task, values, golds) for values in predictions]
    if len(predictions) > 1:
        low, high = percentile_interval(resampled_scores(task, golds, predictions))
    elif task.metric == "pearson":
        low, high = fisher_z_interval(per_seed[0], len(golds))
    elif task.metric == "spearman":
        low, high = spearman_interval(per_seed[0], len(golds))
    else:
        low, high = wilson_interval(round(per_seed[0] * len(golds)), len(golds))
    return {"value": float(np.mean(per_seed)), "ci95": [low, high], "per_seed": per_seed}


def measure(
    golds: Mapping[str, np.ndarray],
    predictions: Sequence[Mapping[str, np.ndarray]],
    tasks: Sequence[Task] = PAPER_TASKS,
) -> dict[str, Value]:
    """Each task's metric and the overall scores; the latter with a bootstrap over all dev sets.

    The score of 2024 is the course's, over its three tasks; without them there is none.

    Args:
        golds: labels per task, by its name.
        predictions: per seed, per task.
        tasks: the ones that are measured.

    Raises:
        ValueError: a task is missing; otherwise as `summarise`.
    """
    _check_tasks(tasks, golds, predictions)
    per_task, resampled = {}, {}
    for task in tasks:
        of_seeds = [seed[task.name] for seed in predictions]
        per_task[task] = summarise(task, golds[task.name], of_seeds)
        resampled[task] = resampled_scores(task, golds[task.name], of_seeds)
    values = {task.measure: value for task, value in per_task.items()}
    overall = [("overall_mean", overall_mean, tasks)]
    if set(PAPER_TASKS) <= set(tasks):
        overall.append(("overall_2024", overall_2024, PAPER_TASKS))
    for name, formula, over in overall:
        per_seed = [
            formula(*scores)
            for scores in zip(*(per_task[task]["per_seed"] for task in over), strict=True)
        ]
        low, high = percentile_interval(formula(*(resampled[task] for task in over)))
        values[name] = {
            "value": float(np.mean(per_seed)),
            "ci95": [low, high],
            "per_seed": per_seed,
        }
    return values


def over_seeds(per_seed: Sequence[float], seeds: Sequence[int] | None = None) -> Value:
    """Mean over seeds with Student's t interval; one seed has none (ci95 is null).

    Args:
        per_seed: one value a seed. Equal values of different seeds are fine: where nothing is drawn
            at random they must be equal.
        seeds: their numbers, where they are known; a run counted twice is refused.

    Raises:
        ValueError: no value, one that is not finite, a seed that stands there twice, or not as many
            seeds as values.
    """
    values = np.asarray(per_seed)
    numbers = None if seeds is None else np.asarray(seeds)
    checks.shapes(
        "one value a seed", per_seed=(values, "seed", "number"), seeds=(numbers, "seed", "int")
    )
    checks.finite(per_seed=values)
    if seeds is not None:
        checks.distinct_seeds(seeds)
    ci95 = None
    if len(per_seed) > 1:
        from scipy import special  # slow to import, and not needed to grade

        error = values.std(ddof=1) / np.sqrt(len(values))
        spread = error * special.stdtrit(len(values) - 1, 0.975)
        ci95 = [float(np.mean(per_seed) - spread), float(np.mean(per_seed) + spread)]
    return {"value": float(np.mean(per_seed)), "ci95": ci95, "per_seed": list(map(float, per_seed))}


def with_seeds(
    per_seed: Sequence[float], ci95: Sequence[float], examples: int
) -> tuple[float, float]:
    """The interval of a mean over seeds where another run would have other seeds, too.

    Two sources of luck, added: the sample of examples, whose standard error is in `ci95`, and the
    seeds, whose values differ by s: error² = (half width / 1.96)² + s²/k for k seeds. Its degrees
    of freedom are Satterthwaite's (1946): (e + f)² / (e²/(n - 1) + f²/(k - 1)). An interval over
    examples alone speaks of exactly these trained models and no others.

    Args:
        per_seed: what each seed gives, for example the difference between two arms; two or more.
        ci95: of their mean, over examples.
        examples: that `ci95` is of, two or more.

    Raises:
        ValueError: one seed (nothing is known of its luck), or a value that is not finite.
    """
    values, bounds = np.asarray(per_seed, float), np.asarray(ci95, float)
    checks.shapes(
        "one value a seed, an interval of two ends",
        per_seed=(values, "seed", "number"),
        ci95=(bounds, "2", "number"),
    )
    checks.finite(per_seed=values, ci95=bounds)
    checks.whole("examples", examples, 2)
    if len(values) < 2:
        raise ValueError(f"per_seed must hold two seeds or more, got {len(values)}")
    from scipy import special  # slow to import, and not needed to grade

    of_examples = float(((bounds[1] - bounds[0]) / 2 / special.ndtri(0.975)) ** 2)
    of_seeds = float(values.var(ddof=1) / len(values))
    total = of_examples + of_seeds
    if total == 0:
        return float(values.mean()), float(values.mean())
    freedom = total**2 / (of_examples**2 / (examples - 1) + of_seeds**2 / (len(values) - 1))
    half = float(special.stdtrit(freedom, 0.975) * np.sqrt(total))
    return float(values.mean()) - half, float(values.mean()) + half


def compare(
    golds: Mapping[str, np.ndarray],
    predictions_a: Sequence[Mapping[str, np.ndarray]],
    predictions_b: Sequence[Mapping[str, np.ndarray]],
    tasks: Sequence[Task] = PAPER_TASKS,
) -> list[dict[str, Any]]:
    """Paired tests of two arms on the same examples: does a do better than b?

    Accuracies of one seed: McNemar's exact test on the examples that only one of them has right.
    Several seeds, and r: paired bootstrap of the difference of seed means.

    Returns:
        Per metric `{"metric", "difference" (a - b), "ci95", "p_value" (two-sided), "method"}`.

    Raises:
        ValueError: a task is missing, or an arm has no seed; otherwise as `summarise`.
    """
    _check_tasks(tasks, golds, predictions_a)
    _check_tasks(tasks, golds, predictions_b)
    tests = []
    for task in tasks:
        gold = golds[task.name]
        a = [seed[task.name] for seed in predictions_a]
        b = [seed[task.name] for seed in predictions_b]
        difference = np.mean([score(task, x, gold) for x in a]) - np.mean(
            [score(task, x, gold) for x in b]
        )
        resampled = resampled_scores(task, gold, a) - resampled_scores(task, gold, b)
        low, high = percentile_interval(resampled)
        if task.metric in ("accuracy", "partner") and len(a) == len(b) == 1:
            p_value, method = mcnemar(a[0] == gold, b[0] == gold), "McNemar, exact"
        else:
            p_value, method = bootstrap_p_value(resampled), "paired bootstrap"
        tests.append(
            {
                "metric": task.measure,
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

    Args:
        right_a, right_b: whether each example is answered right, (example,).
    """
    right_a, right_b = np.asarray(right_a), np.asarray(right_b)
    checks.shapes(
        "hand over predictions == golds, of the same examples",
        right_a=(right_a, "example", "bool"),
        right_b=(right_b, "example", "bool"),
    )
    only_a = int(np.sum(right_a & ~right_b))
    only_b = int(np.sum(right_b & ~right_a))
    if only_a + only_b == 0:
        return 1.0
    from scipy import stats  # as slow

    return float(stats.binomtest(only_a, only_a + only_b).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for how many were looked at, by Holm's step-down rule.

    Sorted, p₁ ≤ … ≤ pₘ: the corrected pᵢ is the largest of (m - j + 1) pⱼ over j ≤ i, at most 1.
    What stays below .05 is a difference with a chance of at most 5 % that any of the m is luck.
    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".

    Args:
        p_values: of all tests of one table, two-sided, in [0, 1].

    Returns:
        In the order in which they were given.

    Raises:
        ValueError: one lies outside [0, 1].
    """
    for p_value in p_values:
        checks.within("p_values", p_value, "[0, 1]")
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(np.argsort(p_values, kind="stable")):
        least = max(least, (len(p_values) - rank) * p_values[index])
        corrected[index] = min(1.0, least)
    return corrected


def _check_tasks(
    tasks: Sequence[Task],
    golds: Mapping[str, np.ndarray],
    predictions: Sequence[Mapping[str, np.ndarray]],
) -> None:
    if not len(predictions):
        raise ValueError("predictions must hold at least one seed's, got none")
    names = [task.name for task in tasks]
    for name, per_task in (("golds", golds), *(("predictions", seed) for seed in predictions)):
        missing = [task for task in names if task not in per_task]
        if missing:
            raise ValueError(
                f"{name} must have {', '.join(names)}, got {', '.join(per_task) or 'none'}: "
                f"{', '.join(missing)} is missing"
            )
