"""The paper's numbers are the preset's, and `quick` changes only what it may."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict

import pytest

from minbert import paper
from minbert.experiments.arms import ARMS, stages_of
from minbert.training.recipe import PRESETS, RECIPES, StageSettings, find, recipe_for

STAGES = ("mlm", "mnrl", "heads", "sst_finetune")


def test_the_papers_hyperparameters() -> None:
    """Section 5.3, written out a second time."""
    for stage in STAGES:
        values = paper.HYPERPARAMETERS[stage]
        assert (values["epochs"], values["batch_size"], values["dropout"]) == (10, 8, 0.3)
        assert values["learning_rate"] == (1e-3 if stage == "heads" else 1e-5)
    assert paper.MASKING_PROBABILITY == 0.15
    assert paper.SIMILAR_FROM == 4
    assert paper.SWEEP_LEARNING_RATES == (1e-3, 1e-4, 1e-5)


@pytest.mark.parametrize("stage", STAGES)
def test_the_paper_preset_is_the_paper(stage: str) -> None:
    settings = getattr(PRESETS["paper"], stage)
    values = paper.HYPERPARAMETERS[stage]
    assert settings.epochs == values["epochs"]
    assert settings.batch_size == values["batch_size"]
    assert settings.learning_rate == values["learning_rate"]
    # What the paper does not mention is not done.
    assert settings.schedule == "constant"
    assert settings.warmup_share == settings.weight_decay == 0.0
    assert settings.max_gradient_norm is None
    assert RECIPES["paper"].dropout == values["dropout"]


def test_the_paper_recipe_is_the_paper() -> None:
    recipe = RECIPES["paper"]
    assert recipe.masking.probability == paper.MASKING_PROBABILITY
    assert (recipe.masking.mask, recipe.masking.random) == (1.0, 0.0)
    assert recipe.similar_from == paper.SIMILAR_FROM
    assert (recipe.scale, recipe.symmetric, recipe.pooling) == (1.0, False, "pooler")
    assert not recipe.paraphrase_compares
    assert PRESETS["paper"].precision == "fp32"


def test_quick_changes_only_epochs_batch_rate_schedule_and_precision() -> None:
    free = {"epochs", "batch_size", "learning_rate", "schedule"}
    for stage in STAGES:
        slow, quick = (asdict(getattr(PRESETS[name], stage)) for name in ("paper", "quick"))
        assert {name for name in slow if slow[name] != quick[name]} <= free


def test_a_quick_run_of_tiny_takes_the_lab_recipe_unless_told() -> None:
    assert recipe_for(None, "quick", "tiny").name == "lab"
    assert recipe_for("paper", "quick", "tiny").name == "paper"
    assert recipe_for(None, "paper", "tiny").name == "paper"
    assert recipe_for(None, "quick", "minilm").name == "paper"
    with pytest.raises(ValueError, match="recipe must be one of paper, lab"):
        recipe_for("home", "quick", "tiny")


def test_the_lab_recipe_keeps_the_papers_data_and_masking() -> None:
    theirs, ours = (asdict(RECIPES[name]) for name in ("paper", "lab"))
    changed = {name for name in theirs if theirs[name] != ours[name]}
    assert changed == {
        "name", "scale", "symmetric", "pooling", "paraphrase_compares", "dropout",
        "attention_dropout",
    }  # fmt: skip


def test_arms_are_the_papers_and_their_control() -> None:
    assert [arm for arm in ARMS if arm != "heads_only"] == list(paper.ARMS)
    assert stages_of("baseline") == ("untrained",)
    assert stages_of("heads_only") == ("heads", "sst_finetune")


def test_settings_are_checked_and_frozen() -> None:
    for wrong in ((0, 8, 1e-3), (1, 0, 1e-3), (1, 8, 0.0)):
        with pytest.raises(ValueError, match="at least 1"):
            StageSettings(*wrong)
    with pytest.raises(ValueError, match="max_gradient_norm must be above 0"):
        StageSettings(1, 8, 1e-3, max_gradient_norm=0.0)
    with pytest.raises(FrozenInstanceError):
        PRESETS["paper"].precision = "bf16"
    with pytest.raises(ValueError, match="preset must be one of paper, quick"):
        find(PRESETS, "slow", "preset")
