"""What ranking does to the cosines of paraphrases and of random pairs, on the lab's dev questions.

Needs the encoder after ranking (lab, seed 0): taken from the stage cache, or trained in about 20 s
when the cache does not have it.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from minbert.course.session import Session
from minbert.course.tiers import choose_tier
from minbert.encoder import Encoder
from minbert.inference import encode
from minbert.threads import share_the_machine
from minbert.viz.explorers.ranking.draw import draw_cosines


def draw() -> tuple[Figure, str]:
    """Two panels, before and after."""
    share_the_machine(1)
    lab = Session("figures", choose_tier("lab"))
    spaces = {
        "before ranking": cosines(lab, lab.encoder),
        "after ranking": cosines(lab, lab.encoder_after("mnrl")),
    }
    figure, said = draw_cosines(spaces)
    figure.set_size_inches(8.4, 3.6)
    for axes in figure.axes:
        axes.get_legend().remove()
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="outside lower center", ncols=3, frameon=False,
    )  # fmt: skip
    means = {
        name: {group: values.mean() for group, values in groups.items()}
        for name, groups in spaces.items()
    }
    moved = {
        group: f"from {means['before ranking'][group]:.2f} to {means['after ranking'][group]:.2f}"
        for group in means["before ranking"]
    }
    return figure, (
        "Histograms of cosines of question pairs (classroom corpus, synthetic; encoder tiny), "
        "before and after ranking. The mean of paraphrases goes "
        f"{moved['paraphrases']}, that of pairs labelled 0 {moved['labelled 0']}, that of random "
        f"pairs {moved['random pairs']}: ranking pushes apart more than it pulls together."
    )


def cosines(lab: Session, encoder: Encoder) -> dict[str, np.ndarray]:
    """Cosines of the dev questions' pairs by group."""

    def of(pairs: list, shift: int = 0) -> np.ndarray:
        sides = [
            encode([getattr(pair, side) for pair in pairs], encoder, lab.tokenizer,
                   lab.recipe.pooling, precision="fp32")
            for side in ("sentence1", "sentence2")
        ]  # fmt: skip
        first, second = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in sides)
        return (first * np.roll(second, shift, axis=0)).sum(axis=1)

    positive = [pair for pair in lab.data.quora.dev if pair.label == 1]
    negative = [pair for pair in lab.data.quora.dev if pair.label == 0]
    return {
        "paraphrases": of(positive),
        "labelled 0": of(negative),
        "random pairs": of(positive, shift=1),
    }
