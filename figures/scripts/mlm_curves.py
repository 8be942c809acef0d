"""Recorded loss of masked-language-model pre-training: the lab's seeds, one run on real data."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minbert.config import SIZES
from minbert.course.recorded import Recorded, recorded
from minbert.experiments.report import TIERS
from minbert.viz.plots.curves import curves
from minbert.viz.style import REFERENCE

NAMES = {"sst": "SST", "quora": "Quora", "sts": "STS"}
SMOOTH = 5
"""Points of a curve that are averaged: a batch holds few masked tokens, so single ones jump."""


def draw() -> tuple[Figure, str]:
    """Two panels over the same scale of steps: lab on the left, real data on the right."""
    figure, panels = plt.subplots(1, 2, figsize=(11.0, 4.4), sharey=True, layout="constrained")
    said = []
    for axes, name in zip(panels, ("lab-tiny-quick", "real-minilm-quick"), strict=True):
        said.append(_panel(axes, recorded(name)))
    panels[1].set_ylabel("")
    panels[1].get_legend().remove()
    return figure, (
        "Training loss of in-domain pre-training over steps, one line per data set, which ends "
        "where round robin has used that data set up. " + " ".join(said)
    )


def _panel(axes: Axes, run: Recorded) -> str:
    points = run.curves.query("stage == 'mlm'")
    lines = {}
    for task in NAMES:
        wide = points[points.source == task].pivot(index="step", columns="seed", values="loss")
        lines[NAMES[task]] = (wide.index.to_numpy(), wide.to_numpy().T)
    seeds = points.seed.nunique()
    encoder = run.results["encoder"]
    title = f"{TIERS[run.results['tier']]}, {encoder}, " + (
        f"mean and range of {seeds} seeds" if seeds > 1 else "one seed"
    )
    curves(lines, axes, title, x_label="step (logarithmic)", smooth=SMOOTH)
    axes.set_xscale("log")
    vocabulary = _vocabulary(encoder)
    axes.axhline(math.log(vocabulary), color=REFERENCE, linewidth=1.0, linestyle=(0, (1, 1)))
    axes.annotate(
        f"uniform guess: ln {vocabulary:,} = {math.log(vocabulary):.1f}",
        (1, math.log(vocabulary)), xycoords=("axes fraction", "data"), ha="right", va="bottom",
        fontsize=9, color=REFERENCE,
    )  # fmt: skip
    ends = ", ".join(
        f"{name} from {np.mean(y[:, :SMOOTH]):.1f} to {np.mean(y[:, -SMOOTH:]):.1f}"
        for name, (_, y) in lines.items()
    )
    return (
        f"{title[0].upper()}{title[1:]}: {ends} nats, a uniform guess {math.log(vocabulary):.1f}."
    )


def _vocabulary(encoder: str) -> int:
    return SIZES[encoder].vocab_size
