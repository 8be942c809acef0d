"""The mean of the last weights is that mean, survives an interruption, and moves nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from toy_loop import toy_training

from minbert.training.loop import History
from minbert.training.recipe import StageSettings
from minbert.training.weight_average import EVERY

INPUTS = torch.randn(96, 5, generator=torch.Generator().manual_seed(0))
TARGETS = INPUTS @ torch.tensor([1.0, -2.0, 0.5, 0.0, 3.0])
SETTINGS = StageSettings(epochs=5, batch_size=8, learning_rate=1e-2)  # 60 steps


def fresh() -> nn.Module:
    """With a layer that nothing reads."""
    torch.manual_seed(1)
    return nn.ModuleDict({"read": nn.Linear(5, 1), "idle": nn.Linear(5, 5)})


def trained(model: nn.Module, averaged: float, steps: list | None = None, **how: object) -> History:
    return toy_training(model, INPUTS, TARGETS, SETTINGS, steps, averaged=averaged, **how)


@pytest.mark.parametrize(("averaged", "count"), [(0.5, 7), (0.25, 4), (0.1, 2)])
def test_it_is_the_mean_of_every_fifth_of_the_last_weights(averaged: float, count: int) -> None:
    model, last = fresh(), fresh()
    seen: list[dict[str, Tensor]] = []
    history = trained(model, averaged, seen)
    trained(last, 0.0)
    before = [weights["read.weight"] for weights in seen]
    after = [*before[1:], last["read"].weight.detach()]  # after steps 1 to 60
    begins = round(60 * (1 - averaged))
    places = [after[step - 1] for step in range(begins, 61) if step % EVERY == 0]
    assert len(places) == count
    assert torch.allclose(model["read"].weight, torch.stack(places).mean(0), atol=1e-6)
    assert not torch.allclose(model["read"].weight, last["read"].weight, atol=1e-4)
    assert torch.equal(model["idle"].weight, fresh()["idle"].weight)
    assert not history.frozen_moved and not history.stood_still and history.steps == 60


@pytest.mark.parametrize("stop_at", [3, 33, 41, 60])
def test_an_interrupted_run_ends_with_the_same_mean(tmp_path: Path, stop_at: int) -> None:
    whole, path = fresh(), tmp_path / "checkpoint.pt"
    trained(whole, 0.5)
    with pytest.raises(KeyboardInterrupt):
        trained(fresh(), 0.5, checkpoint=path, stop_at=stop_at)
    again = fresh()
    trained(again, 0.5, checkpoint=path)
    assert torch.equal(again["read"].weight, whole["read"].weight)


def test_a_mean_lies_nearer_to_the_solution_than_the_last_step_where_the_loss_is_noisy() -> None:
    """Labels with noise, a rate that does not fall: the case that the mean is for."""
    noisy = TARGETS + 2 * torch.randn(96, generator=torch.Generator().manual_seed(1))
    solution = torch.linalg.lstsq(torch.cat([INPUTS, torch.ones(96, 1)], 1), noisy[:, None])
    settings = StageSettings(epochs=60, batch_size=8, learning_rate=5e-2)
    away = {}
    for averaged in (0.0, 0.5):
        model = fresh()
        toy_training(model, INPUTS, noisy, settings, averaged=averaged)
        found = torch.cat([model["read"].weight[0], model["read"].bias]).detach()
        away[averaged] = (found - solution.solution[:, 0]).norm().item()
    assert away[0.5] < away[0.0] / 2
