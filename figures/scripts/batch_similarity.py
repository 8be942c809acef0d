"""One batch as the ranking loss sees it, before and after: 16 paraphrases of the lab's dev set.

Needs the encoder after ranking (lab, seed 0): taken from the stage cache, or trained in about 20 s
when the cache does not have it.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from minbert.course.session import Session
from minbert.course.tiers import choose_tier
from minbert.encoder import Encoder
from minbert.inference import encode
from minbert.threads import share_the_machine
from minbert.viz.explorers.ranking.compute import RankedBatch, rank_batch
from minbert.viz.explorers.ranking.draw import draw_batches

PAIRS = 16


def draw() -> tuple[Figure, str]:
    """Cosines above, probabilities below, before and after side by side."""
    share_the_machine(1)
    lab = Session("figures", choose_tier("lab"))
    figure, said = draw_batches(
        {
            "before": batch(lab, lab.encoder),
            "after": batch(lab, lab.encoder_after("mnrl")),
        }
    )
    return figure, f"Question pairs of the classroom corpus (synthetic), encoder tiny. {said}"


def batch(lab: Session, encoder: Encoder) -> RankedBatch:
    """The first paraphrases of dev as one batch, at the recipe's scale."""
    pairs = [pair for pair in lab.data.quora.dev if pair.label == 1][:PAIRS]
    first, second = (
        encode([getattr(pair, side) for pair in pairs], encoder, lab.tokenizer,
               lab.recipe.pooling, precision="fp32")
        for side in ("sentence1", "sentence2")
    )  # fmt: skip
    return rank_batch(first, second, scale=lab.recipe.scale)
