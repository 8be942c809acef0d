"""A soup is the mean of trainings from one start, survives an interruption, and says its steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from toy_loop import toy_training

from minbert.training import RECIPES
from minbert.training.loop import History
from minbert.training.recipe import StageSettings

INPUTS = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
TARGETS = INPUTS.sum(1).sin()
SETTINGS = StageSettings(2, 8, 1e-2, schedule="linear", warmup_share=0.2)  # 16 steps a training


def fresh() -> nn.Module:
    """With dropout, and a layer that nothing reads."""
    torch.manual_seed(1)
    read = nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.2), nn.Tanh(), nn.Linear(8, 1))
    return nn.ModuleDict({"read": read, "idle": nn.Linear(5, 5)})


def trained(model: nn.Module, members: int, steps: list | None = None, **how: object) -> History:
    return toy_training(model, INPUTS, TARGETS, SETTINGS, steps, members=members, **how)


@pytest.mark.parametrize("optimizer", ["fused", "adamw"])
def test_it_is_the_mean_of_trainings_from_one_start(optimizer: str) -> None:
    """The first of them is the plain training, the next begins where that began."""
    plain, soup, steps = fresh(), fresh(), []
    trained(plain, 1, optimizer=optimizer)
    history = trained(soup, 3, steps, optimizer=optimizer)
    assert history.steps == 48 == len(steps)
    for first in (0, 16, 32):
        assert all(torch.equal(steps[first][name], value) for name, value in steps[0].items())
    differ = [steps[first + 8]["read.0.weight"] for first in (0, 16, 32)]
    assert not torch.equal(differ[0], differ[1]) and not torch.equal(differ[1], differ[2])
    rates = [point["learning_rate"] for point in history.points]
    assert rates[: len(rates) // 3] == rates[len(rates) // 3 : 2 * len(rates) // 3]
    assert torch.equal(soup["idle"].weight, fresh()["idle"].weight)
    assert not history.frozen_moved and not history.stood_still

    two = fresh()
    trained(two, 2, optimizer=optimizer)
    name = "0.weight"
    first = plain["read"].state_dict()[name]
    second = 2 * two["read"].state_dict()[name] - first
    third = 3 * soup["read"].state_dict()[name] - first - second
    for one, other in ((first, second), (second, third), (first, third)):
        assert 1e-4 < (one - other).norm() < (one - steps[0]["read.0.weight"]).norm()


@pytest.mark.parametrize("stop_at", [1, 15, 16, 17, 32, 40, 48])
def test_an_interrupted_run_ends_with_the_same_mean(tmp_path: Path, stop_at: int) -> None:
    whole, path = fresh(), tmp_path / "checkpoint.pt"
    trained(whole, 3)
    with pytest.raises(KeyboardInterrupt):
        trained(fresh(), 3, checkpoint=path, stop_at=stop_at)
    again, steps = fresh(), []
    trained(again, 3, steps, checkpoint=path)
    assert len(steps) == 48 - stop_at
    for name, value in whole.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)


def test_a_checkpoint_of_another_number_of_trainings_is_not_gone_on_with(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(KeyboardInterrupt):
        trained(fresh(), 2, checkpoint=path, stop_at=5)
    again, whole = fresh(), fresh()
    trained(again, 3, checkpoint=path)
    trained(whole, 3)
    assert "other members" in caplog.text
    assert torch.equal(again["read"][0].weight, whole["read"][0].weight)


def test_a_recipe_says_what_does_not_fit() -> None:
    assert RECIPES["best"].members == 2
    with pytest.raises(ValueError, match="members must be"):
        replace(RECIPES["best"], members=0)
    with pytest.raises(ValueError, match="averaged must be 0 where members is 2, got 0.5"):
        replace(RECIPES["best"], averaged=0.5)
