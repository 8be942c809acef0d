"""Listeners hear all of a training, and change nothing in it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from minbert.progress import Progress, listening, report
from minbert.training.loop import RunContext, train
from minbert.training.recipe import StageSettings

INPUTS = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))


def run() -> tuple[nn.Module, list[dict]]:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Dropout(0.2), nn.Linear(3, 1))
    history = train(
        model,
        lambda generator: [("toy", rows.tolist()) for rows in torch.arange(40).split(8)],
        lambda batch, generator: model(INPUTS[batch[1]]).square().mean(),
        StageSettings(epochs=2, batch_size=8, learning_rate=1e-2, schedule="linear"),
        RunContext(torch.device("cpu"), "fp32", seed=3),
        name="toy",
    )
    return model, history.points


def test_a_listener_hears_every_point_once() -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        _, points = run()
    assert [point for progress in heard for point in progress.points] == points
    assert [progress.step for progress in heard] == list(range(1, 11))
    assert {progress.total_steps for progress in heard} == {10}
    assert [progress.step for progress in heard if progress.epoch_done] == [5, 10]
    assert [progress.epoch for progress in heard] == [0] * 5 + [1] * 5


def test_a_listener_that_draws_random_numbers_changes_no_weight() -> None:
    alone, _ = run()

    def nosy(progress: Progress) -> None:
        torch.rand(7)
        assert progress.model.training

    with listening(nosy):
        heard, _ = run()
    for expected, parameter in zip(alone.parameters(), heard.parameters(), strict=True):
        assert torch.equal(expected, parameter)


def test_listeners_may_be_nested_and_end_with_their_block() -> None:
    said = Progress("toy", 1, 1, 0, True, [], nn.Identity())
    outer: list[Progress] = []
    inner: list[Progress] = []
    with listening(outer.append):
        with listening(inner.append):
            report(said)
        report(said)
    report(said)
    assert (len(outer), len(inner)) == (2, 1)


def test_what_a_listener_raises_stops_the_training() -> None:
    def stop(progress: Progress) -> None:
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError), listening(stop):
        run()
