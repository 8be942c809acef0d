"""Recorded sweeps of learning rates, read over their seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from minbert.course.recorded import Recorded
from minbert.experiments.markdown import number

BEFORE = 0.0
"""Stands for the original encoder among the learning rates: one that is not trained at all."""


def measured(run: Recorded, measure: str) -> dict[float, list[float]]:
    """What was measured on the held-out tenth, per learning rate, one value a seed.

    Rates come in descending order, `BEFORE` last; a run that diverged gives NaN.

    Args:
        run: of `minbert sweep`, with one seed or several.
        measure: for example `mean_loss` (mlm), `ranking_loss`, `sts_pearson`,
            `random_pair_cosine` (mnrl).
    """
    sweeps = list(run.results.get("sweeps", {"": run.results["sweep"]}).values())
    found: dict[float, list[float]] = {}
    for position, rate in enumerate(sweeps[0]["rates"]):
        found[rate["learning_rate"]] = [
            (of_seed["rates"][position]["after"] or {}).get(measure, float("nan"))
            for of_seed in sweeps
        ]
    found = dict(sorted(found.items(), reverse=True))
    return {**found, BEFORE: [of_seed["before"][measure] for of_seed in sweeps]}


def training_curve(run: Recorded, rate: float, smooth: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Training loss of one rate, all data sets together, over the steps.

    Args:
        run: of `minbert sweep`.
        rate: one of its learning rates.
        smooth: mean over this many neighbouring points; data sets take turns, so at least as many
            as there are.

    Returns:
        Steps, (point), and losses, (seed, point).

    Raises:
        ValueError: no such rate, or it diverged and left no curve.
    """
    points = run.curves[np.isclose(run.curves["learning_rate_peak"], rate, rtol=1e-9)]
    if points.empty:
        raise ValueError(f"{run.name} has no curve of the learning rate {rate:g}")
    seeds = points.groupby("seed") if "seed" in points else [(0, points)]
    lines = []
    for _, of_seed in seeds:
        means = of_seed.groupby("step")["loss"].mean()
        lines.append(means.rolling(smooth).mean().dropna())
    return lines[0].index.to_numpy(), np.stack([line.to_numpy() for line in lines])


def spread(values: Sequence[float]) -> str:
    """`.669 (.635 to .688)`: mean, lowest and highest; a single value stands alone."""
    mean = number(float(np.mean(values)))
    if len(values) == 1:
        return mean
    return f"{mean} ({number(min(values))} to {number(max(values))})"


def rate_name(rate: float) -> str:
    """`1e-3` or `3e-3`, as one types it; `BEFORE` by name."""
    if rate == BEFORE:
        return "before"
    figures, power = f"{rate:.0e}".split("e")
    return f"{figures}e{int(power)}"


def best(found: Mapping[float, Sequence[float]], highest: bool = False) -> list[float]:
    """The best rate of each seed: lowest value, or highest; `BEFORE` does not take part."""
    rates = [rate for rate in found if rate != BEFORE]
    choose = max if highest else min
    return [
        choose(rates, key=lambda rate, seed=seed: found[rate][seed])
        for seed in range(len(found[rates[0]]))
    ]
