"""What is trained on own data, and how long: the defaults, each with its reason.

Ranking for pairs (scale 20, both directions: `docs/labs.md` has what each is worth); the cosine
itself for scores and for yes and no, so that the vectors that are searched are those that were
trained; a linear layer for classes. What was measured of it, and what not: `docs/own_data.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from minbert import checks
from minbert.config import SIZES, ModelConfig
from minbert.data.examples import CourseData
from minbert.pooling import POOLINGS
from minbert.training.recipe import RECIPES, Recipe, StageSettings

STAGES = ("mlm", "ranking", "joint")
"""In the order in which they are trained: text, then partners, then scores and classes."""


@dataclass(frozen=True)
class OwnSettings:
    """How long and how fast each stage trains."""

    mlm: StageSettings
    ranking: StageSettings
    heads: StageSettings
    """Of heads on the frozen encoder, before everything is trained together; also the control."""
    joint: StageSettings

    def values(self) -> dict[str, Any]:
        """As plain data, for results.json."""
        return asdict(self)


_STEADY = {
    "schedule": "linear",
    "warmup_share": 0.1,
    "weight_decay": 0.01,
    "max_gradient_norm": 1.0,
}

DEFAULT = OwnSettings(
    mlm=StageSettings(3, 32, 5e-5, **_STEADY),
    ranking=StageSettings(1, 32, 5e-5, **_STEADY),
    heads=StageSettings(20, 32, 1e-3),
    joint=StageSettings(2, 16, 8e-5, **_STEADY),
)
"""For encoders from the size of MiniLM on: few passes, since a sentence encoder knows most of it
and each costs as much again. The rate of `joint` is that of the recipe `best`, which was chosen for
MiniLM on held-out training data."""

TINY = OwnSettings(
    mlm=replace(DEFAULT.mlm, epochs=5, learning_rate=1e-3),
    ranking=replace(DEFAULT.ranking, epochs=8, learning_rate=1e-3),
    heads=replace(DEFAULT.heads, epochs=30, learning_rate=3e-3),
    joint=replace(DEFAULT.joint, epochs=8, learning_rate=5e-4),
)
"""For encoders of the size of `tiny`: a narrow model takes higher rates, and its passes are
short."""


def settings_for(config: ModelConfig) -> OwnSettings:
    """The defaults for an encoder of this size."""
    return TINY if config.size == SIZES["tiny"].size else DEFAULT


def recipe_for_own(
    data: CourseData,
    pooling: str | None,
    scale: float = 20.0,
    symmetric: bool = True,
) -> Recipe:
    """The recipe: heads of pairs compare by the cosine, unless there are classes of pairs.

    Args:
        data: of one's own.
        pooling: that the encoder was made for; `mean` where nobody knows.
        scale: of the ranking loss, the inverse temperature.
        symmetric: whether it ranks both ways.
    """
    checks.within("scale", scale, "(0, inf)", "of the ranking loss, the inverse of a temperature")
    classes_of_pairs = any(task.pairs and task.head == "classifier" for task in data.tasks)
    return replace(
        RECIPES["paper"],
        name="own",
        scale=scale,
        symmetric=symmetric,
        pooling=pooling if pooling in POOLINGS else "mean",
        paraphrase_compares=True,
        dropout=0.1,
        pairs="bi-encoder" if classes_of_pairs else "cosine",
    )


def default_stages(data: CourseData, has_mlm_head: bool) -> tuple[str, ...]:
    """What these data can be trained on, in order.

    Text goes first only where the encoder brings a trained masked-language-model head, or where
    there is nothing else: with a fresh head, hiding words takes a sentence encoder away from what
    it can do before it teaches it anything (README: MLM and MiniLM).
    """
    others = bool(data.tasks)
    found = []
    if data.text and (has_mlm_head or not others):
        found.append("mlm")
    if any(task.metric == "partner" for task in data.tasks):
        found.append("ranking")
    if data.joint:
        found.append("joint")
    return tuple(found)


def check_stages(stages: Sequence[str], data: CourseData) -> tuple[str, ...]:
    """The stages in order, if these data have something for each.

    Raises:
        ValueError: an unknown stage, one named twice, none, or one that no data are for.
    """
    for stage in stages:
        if stage not in STAGES:
            raise ValueError(f"stages must be some of {', '.join(STAGES)}, got {stage!r}")
    if not stages or len(set(stages)) < len(stages):
        raise ValueError(f"stages must be named once each, got {' '.join(stages) or 'none'}")
    if "ranking" in stages and all(task.similar_from is None for task in data.tasks):
        raise ValueError("the stage ranking needs pairs, got none: give pairs:FILE")
    if "joint" in stages and not data.joint:
        raise ValueError(
            "the stage joint needs labels or scores, got none: give labelled:FILE, or pairs with a "
            "label or a score"
        )
    return tuple(stage for stage in STAGES if stage in stages)
