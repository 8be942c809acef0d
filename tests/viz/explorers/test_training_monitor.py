"""The training monitor: hears a real training, draws seldom, and stays as a picture."""

from __future__ import annotations

import pytest
import torch
from explorers import check_every_control, check_sound, check_static
from torch import nn

from minbert.progress import Progress, report
from minbert.training.loop import RunContext, train
from minbert.training.recipe import StageSettings
from minbert.viz.explorers.training.curves import StageCurves, draw_training, training_table
from minbert.viz.explorers.training.explorer import EVERY_S, TrainingMonitor

INPUTS = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))


def point(step: int, loss: float, source: str = "sst") -> dict:
    return {"epoch": 0, "step": step, "source": source, "loss": loss, "learning_rate": 1e-3}


def curves(*losses: float, source: str = "sst") -> StageCurves:
    stage = StageCurves(total_steps=10)
    stage.add(point(step, loss, source) for step, loss in enumerate(losses, start=1))
    return stage


def train_toy(name: str = "toy", epochs: int = 2) -> list[dict]:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Dropout(0.2), nn.Linear(3, 1))
    history = train(
        model,
        lambda generator: [("made up", rows.tolist()) for rows in torch.arange(40).split(8)],
        lambda batch, generator: model(INPUTS[batch[1]]).square().mean(),
        StageSettings(epochs=epochs, batch_size=8, learning_rate=1e-2, schedule="linear"),
        RunContext(torch.device("cpu"), "fp32", seed=3),
        name=name,
    )
    return history.points


def test_a_picture_has_a_column_a_stage_and_all_its_points() -> None:
    stages = {"mlm": curves(3.0, 2.0, 1.0), "mnrl": curves(4.0, 3.5, source="quora")}
    stages["mnrl"].metrics["accuracy"] = [(2, 0.5), (4, 0.75)]
    figure, alt = draw_training(stages, with_rates=True)
    assert len(figure.axes) == 6  # loss, metric, learning rate
    line = figure.axes[0].get_lines()[0]
    assert line.get_xdata().tolist() == [1, 2, 3] and line.get_ydata().tolist() == [3, 2, 1]
    assert "Loss of mlm, loss (nats) over step: sst from 3.00 to 1.00" in alt
    assert "accuracy from 0.50 to 0.75" in alt
    rows = training_table(stages).rows
    assert rows[0] == ["mlm", "loss, sst", "3", "3.000", "1.000", "1.000"]
    assert rows[2] == ["mnrl", "accuracy", "4", "0.500", "0.750", "0.750"]


def test_the_axis_of_a_single_metric_has_its_name() -> None:
    stage = curves(3.0, 2.0)
    stage.metrics["accuracy on dev"] = [(1, 0.3), (2, 0.4)]
    assert draw_training({"sst": stage})[0].axes[1].get_ylabel() == "accuracy on dev"
    stage.metrics["r"] = [(1, 0.1), (2, 0.2)]
    assert draw_training({"sst": stage})[0].axes[1].get_ylabel() == "metric"


def test_smoothing_and_scale_are_drawn() -> None:
    stages = {"mlm": curves(4.0, 2.0, 3.0, 1.0)}
    figure, _ = draw_training(stages, smooth=2, logarithmic=True)
    assert figure.axes[0].get_lines()[0].get_ydata().tolist() == [3.0, 2.5, 2.0]
    assert figure.axes[0].get_yscale() == "log"


def test_before_the_first_step_there_is_a_sentence() -> None:
    monitor = TrainingMonitor()
    assert "nothing was trained yet" in monitor.panels["Curves"].note
    check_sound(monitor)


def test_it_hears_a_training_and_keeps_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    with TrainingMonitor({"weight": lambda model: model[1].weight.abs().sum()}) as monitor:
        points = train_toy()
    stage = monitor.stages["toy"]
    assert stage.losses["made up"] == [(p["step"], p["loss"]) for p in points]
    assert [step for step, _ in stage.metrics["weight"]] == [5, 10]
    assert "weight" in monitor.panels["Curves"].alt
    assert monitor.panels["Curves"].note == "toy: step 10 of 10."
    check_every_control(monitor)
    check_static(monitor, monkeypatch)
    train_toy("later")
    assert "later" not in monitor.stages


def test_a_stage_that_begins_anew_gets_curves_of_its_own() -> None:
    with TrainingMonitor() as monitor:
        train_toy()
        train_toy(epochs=1)
        train_toy()
    assert [stage.step for stage in monitor.stages.values()] == [10, 5, 10]
    assert list(monitor.stages) == ["toy", "toy #2", "toy #3"]


def test_stages_may_be_given_names() -> None:
    with TrainingMonitor(names=["slow", "fast"]) as monitor:
        for _ in range(3):
            train_toy(epochs=1)
    assert list(monitor.stages) == ["slow", "fast", "toy"]
    assert "Loss of slow" in monitor.panels["Curves"].alt


def test_metrics_change_nothing_and_may_fail() -> None:
    seen = []

    def measured(model: nn.Module) -> float:
        seen.append((model.training, model[0].training, torch.is_grad_enabled()))
        return 1.0

    def broken(model: nn.Module) -> float:
        raise KeyError("no such thing")

    alone = train_toy()
    with TrainingMonitor({"fine": measured, "broken": broken}) as monitor:
        assert train_toy() == alone
    assert seen == [(False, False, False)] * 2
    assert "Metric 'broken' failed in toy" in monitor.panels["Curves"].note


def test_it_draws_no_more_often_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monitor = TrainingMonitor(clock=lambda: now[0])
    drawn: list[float] = []

    def draw() -> None:
        drawn.append(now[0])
        now[0] += 0.2  # what a picture costs

    monkeypatch.setattr(monitor.panel, "refresh", draw)
    for step in range(1, 101):
        now[0] += 0.1
        monitor.hear(Progress("mlm", step, 100, 0, False, [point(step, 1.0)], nn.Identity()))
    pauses = [later - earlier for earlier, later in zip(drawn, drawn[1:], strict=False)]
    assert len(drawn) > 3
    assert min(pauses) >= max(EVERY_S, 9 * 0.2)


def test_what_came_from_the_cache_is_replayed() -> None:
    with TrainingMonitor() as monitor:
        monitor.replay({"mlm": {"points": [point(1, 3.0), point(2, 2.0)]}})
        report(Progress("mnrl", 1, 4, 0, False, [point(1, 5.0)], nn.Identity()))
        monitor.replay({"mnrl": {"points": [point(9, 9.0)]}})  # was heard live
    assert monitor.stages["mlm"].losses == {"sst": [(1, 3.0), (2, 2.0)]}
    assert monitor.stages["mlm"].total_steps == 2
    assert monitor.stages["mnrl"].losses == {"sst": [(1, 5.0)]}


def test_a_training_that_fails_leaves_its_curves() -> None:
    with pytest.raises(RuntimeError), TrainingMonitor() as monitor:
        train_toy()
        raise RuntimeError("stopped")
    assert monitor.panels["Curves"].png
    with TrainingMonitor() as other:
        pass
    assert not other.stages
