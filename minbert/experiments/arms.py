"""The paper's arms and their control, each shared stage computed once.

original ─┬─ (untrained heads)                      baseline
          ├─ heads ─ sst_finetune                   heads_only
          ├─ mlm ─┬─ heads ─ sst_finetune           mlm
          │       └─ mnrl ─ heads ─ sst_finetune    mlm+mnrl
          └─ mnrl ── heads ─ sst_finetune           mnrl
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minbert.tasks import SST

if TYPE_CHECKING:
    from minbert.training.recipe import Recipe  # torch: the parser of commands does without

ARMS: dict[str, tuple[str, ...]] = {
    "baseline": (),
    "heads_only": (),
    "mlm": ("mlm",),
    "mnrl": ("mnrl",),
    "mlm+mnrl": ("mlm", "mnrl"),
}
"""What the encoder goes through before its heads are trained, per arm."""

FINETUNED = SST
"""The task on which the whole model is fine-tuned in the end."""

STAGES = ("untrained", "heads", f"{FINETUNED.name}_finetune")
"""The points at which some arm is evaluated."""


JOINT = "joint"
"""The one point at which a recipe of joint training is evaluated; its arm has the recipe's name."""


def arms_of(recipe: Recipe) -> tuple[str, ...]:
    """The paper's arms; of a recipe that trains all tasks at once, the one that has its name."""
    return tuple(ARMS) if recipe.joint is None else (recipe.name,)


def stages_of(arm: str) -> tuple[str, ...]:
    """The points at which an arm is evaluated: before any training, or after each of two."""
    if arm not in ARMS:
        return (JOINT,)
    return STAGES[:1] if arm == "baseline" else STAGES[1:]


def encoder_path(recipe: Recipe, arm: str) -> tuple[str, ...]:
    """The stages that its encoder goes through before those at which the arm is evaluated."""
    return ARMS.get(arm, recipe.intermediate)
