"""The paper against ours: three tasks, before and after fine-tuning, on real and synthetic data."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from minbert import paper
from minbert.course.recorded import recorded
from minbert.course.result_tables import ARMS, dots, ladder_rows
from minbert.course.scoreboard import RUNS, STAGES
from minbert.experiments.markdown import number
from minbert.viz.plots.intervals import intervals
from minbert.viz.style import REFERENCE

TITLES = {
    "sst_accuracy": "Sentiment: accuracy",
    "quora_accuracy": "Paraphrase: accuracy",
    "sts_pearson": "Similarity: Pearson's r",
}
LADDER = "best rung of the ladder, real data"
"""What counting words gives, without any deep learning."""
TABLES = {"heads": "Table 1", "sst_finetune": "Table 2"}
SHORT = {"sst_accuracy": "sentiment", "quora_accuracy": "paraphrase", "sts_pearson": "similarity"}


def draw() -> tuple[Figure, str]:
    """Two rows (frozen, fine-tuned) of three dot plots; marks differ in colour and in shape."""
    runs = {title: recorded(name) for name, title in RUNS.items()}
    rungs = ladder_rows(next(iter(runs.values())).results)
    figure, grid = plt.subplots(
        2, 3, figsize=(11.5, 7.2), layout="constrained", sharey=True, sharex="col"
    )
    for line, (stage, shown) in zip(grid, STAGES.items(), strict=True):
        for axes, metric in zip(line, paper.METRICS, strict=True):
            intervals(dots(runs, stage, metric), axes)
            axes.axvline(
                rungs[metric][1], color=REFERENCE, linewidth=1.2, linestyle=":", label=LADDER
            )
            axes.get_legend().remove()
            if stage == "heads":
                axes.set_title(TITLES[metric], fontsize=12)
            axes.tick_params(labelsize=11)
        line[0].set_ylabel(f"{TABLES[stage]}: encoder {shown}", fontsize=12)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=12,
        markerscale=1.4,
    )  # fmt: skip
    return figure, _alt(runs)


def _alt(runs: dict) -> str:
    real, lab = runs.values()
    above = [
        f"{arm} {number(value['value'])} on real data, {number(other['value'])} on the lab"
        for arm in ARMS[1:4]
        for value, other in [
            (real.value(arm, "heads", "sts_pearson"), lab.value(arm, "heads", "sts_pearson"))
        ]
    ]
    rungs = ladder_rows(real.results)
    ladder = ", ".join(f"{SHORT[metric]} {number(rungs[metric][1])}" for metric in paper.METRICS)
    return (
        "Six dot plots: sentiment, paraphrase and similarity, frozen above and fine-tuned below; "
        "the paper's values without intervals, ours on real data and on the synthetic lab with "
        f"95 % intervals. Similarity, frozen: {'; '.join(above)}; the paper's mnrl "
        f"{number(paper.TABLES['table1']['mnrl']['sts_pearson'])}. A dotted line marks what "
        f"counting words gives on the real data: {ladder}."
    )
