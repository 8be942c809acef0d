"""The recorded sweeps of learning rates on the lab: loss curves and what they lead to."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from minbert.course.recorded import recorded
from minbert.course.sweeps import BEFORE, measured, rate_name, training_curve
from minbert.viz.plots.curves import curves
from minbert.viz.plots.rates import by_rate

SMOOTH = {"mlm": 15, "mnrl": 9}
PLACES = {rate: place for place, rate in enumerate((1e-2, 1e-3, 1e-4, 1e-5, 3e-3))}
"""One colour a rate, in every panel."""


def draw() -> tuple[Figure, str]:
    """Rows MLM and MNRL: training loss with seed bands, then measures on the held-out tenth."""
    runs = {stage: recorded(f"lab-sweep-{stage}") for stage in ("mlm", "mnrl")}
    figure, grid = plt.subplot_mosaic(
        [["mlm curve", "mlm curve", "mlm curve", "mlm held out"],
         ["mnrl curve", "mnrl curve", "mnrl held out", "mnrl r"]],
        figsize=(12.0, 6.6), layout="constrained",
    )  # fmt: skip
    said = []
    for stage, title in (("mlm", "MLM"), ("mnrl", "MNRL")):
        rates = [rate for rate in measured(runs[stage], _loss(stage)) if rate != BEFORE]
        lines = {
            rate_name(rate): training_curve(runs[stage], rate, SMOOTH[stage]) for rate in rates
        }
        curves(lines, grid[f"{stage} curve"], f"{title}: training loss, mean and range of 3 seeds",
               places={rate_name(rate): place for rate, place in PLACES.items()})  # fmt: skip
        found = measured(runs[stage], _loss(stage))
        by_rate(
            {stage: found}, grid[f"{stage} held out"], f"{title}: held-out loss", "loss (nats)",
            {"before": sum(found[BEFORE]) / len(found[BEFORE])}, PLACES,
        )  # fmt: skip
        said.append(_sentence(title, found))
    similarity = measured(runs["mnrl"], "sts_pearson")
    by_rate(
        {"mnrl": similarity}, grid["mnrl r"], "MNRL: held-out similarity", "Pearson's r",
        {"before": sum(similarity[BEFORE]) / len(similarity[BEFORE])}, PLACES,
    )  # fmt: skip
    seeds = len(similarity[BEFORE])
    return figure, (
        f"Learning rates on the lab (synthetic data), {seeds} seeds each. {' '.join(said)} "
        f"Similarity r after ranking is highest at "
        f"{rate_name(max(set(similarity) - {BEFORE}, key=lambda rate: min(similarity[rate])))}."
    )


def _loss(stage: str) -> str:
    return {"mlm": "mean_loss", "mnrl": "ranking_loss"}[stage]


def _sentence(title: str, found: dict[float, list[float]]) -> str:
    shown = ", ".join(
        f"{sum(values) / len(values):.2f} at {rate_name(rate)}"
        for rate, values in found.items()
        if rate != BEFORE
    )
    return f"{title}, held-out loss: {shown}."
