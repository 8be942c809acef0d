"""The loop: learns, resumes to the same weights, stops at nonsense and at Ctrl-C."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from minbert.training import loop
from minbert.training.curve import DivergedError
from minbert.training.loop import (
    Batch,
    NothingTrainedError,
    RunContext,
    derive_seed,
    generator_for,
    train,
)
from minbert.training.recipe import StageSettings

INPUTS = torch.randn(48, 5, generator=torch.Generator().manual_seed(0))
TARGETS = INPUTS @ torch.tensor([1.0, -2.0, 0.5, 0.0, 3.0])
SETTINGS = StageSettings(epochs=3, batch_size=8, learning_rate=1e-2, schedule="linear")


def fresh() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Dropout(0.2), nn.Linear(5, 1))


def batches(generator: torch.Generator) -> Sequence[Batch]:
    order = torch.randperm(48, generator=generator)
    return [("made up", rows.tolist()) for rows in order.split(8)]


def loss_of(model: nn.Module) -> Callable[[Batch, torch.Generator], Tensor]:
    def compute(batch: Batch, generator: torch.Generator) -> Tensor:
        # Both sources of randomness of a real stage: torch's own (dropout) and the step's.
        noise = 0.01 * torch.randn(len(batch[1]), generator=generator)
        predicted = model(INPUTS[batch[1]]).squeeze(-1)
        return (predicted - TARGETS[batch[1]] - noise).square().mean()

    return compute


def context(checkpoint: Path | None = None, seed: int = 3) -> RunContext:
    return RunContext(torch.device("cpu"), "fp32", seed, checkpoint, checkpoint_every_s=1e9)


def weights(model: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().ravel() for parameter in model.parameters()])


def run(model: nn.Module, checkpoint: Path | None = None, **options: object):
    compute = options.pop("compute", loss_of(model))
    return train(model, batches, compute, SETTINGS, context(checkpoint), name="toy", **options)


def test_it_learns_and_keeps_a_curve() -> None:
    model = fresh()
    settings = StageSettings(epochs=60, batch_size=8, learning_rate=5e-2)
    history = train(model, batches, loss_of(model), settings, context(), name="toy",
                    count_tokens=lambda batch: len(batch[1]))  # fmt: skip
    assert history.steps == 60 * 6 and history.tokens == 60 * 48 and history.skipped == 0
    losses = [point["loss"] for point in history.points]
    assert sum(losses[-60:]) / 60 < 0.6 * sum(losses[:6]) / 6
    assert history.points[-1]["step"] == 360
    assert {point["source"] for point in history.points} == {"made up"}
    assert history.seconds > 0
    assert not model.training


class Parts(nn.Module):
    """A trained layer, a frozen one, and one that nothing reads."""

    def __init__(self) -> None:
        super().__init__()
        self.free, self.frozen, self.unread = nn.Linear(5, 5), nn.Linear(5, 1), nn.Linear(5, 5)
        self.frozen.requires_grad_(False)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.frozen(self.free(inputs))


@pytest.mark.parametrize("optimizer", ["fused", "adamw"])
def test_what_moved_is_in_the_history(optimizer: str) -> None:
    """A frozen weight that moved, a trained one that did not; the unread one is neither."""
    history = run(Parts(), optimizer=optimizer)
    assert (history.frozen_moved, history.stood_still) == ([], [])

    model = Parts()
    compute = loss_of(model)

    def meddling(batch: Batch, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            model.frozen.bias += 1e-6
        return compute(batch, generator)

    assert run(model, compute=meddling, optimizer=optimizer).frozen_moved == ["frozen.bias"]

    model = Parts()
    history = train(model, batches, loss_of(model), replace(SETTINGS, learning_rate=1e-30),
                    context(), name="toy", optimizer=optimizer)  # fmt: skip
    assert history.stood_still == ["free.bias", "free.weight"]


def test_what_is_around_the_trained_part_is_watched_as_well() -> None:
    around = nn.ModuleDict({"inside": fresh(), "outside": nn.Linear(2, 2)})
    model = around["inside"]
    compute = loss_of(model)
    assert run(model, whole=around).frozen_moved == []

    def meddling(batch: Batch, generator: torch.Generator) -> Tensor:
        nn.init.zeros_(around["outside"].weight)
        return compute(batch, generator)

    assert run(model, compute=meddling, whole=around).frozen_moved == ["outside.weight"]


def test_a_stage_resumed_after_its_last_step_has_moved(tmp_path: Path) -> None:
    """What it is held against is the model that the stage began with, not the checkpoint."""
    model, path = fresh(), tmp_path / "checkpoint.pt"
    compute, seen = loss_of(model), []

    def interrupted(batch: Batch, generator: torch.Generator) -> Tensor:
        seen.append(batch)
        if len(seen) == 3 * 6:
            os.kill(os.getpid(), signal.SIGINT)
        return compute(batch, generator)

    with pytest.raises(KeyboardInterrupt):
        run(model, path, compute=interrupted)
    history = run(fresh(), path)
    assert history.steps == 3 * 6 and history.stood_still == []


def test_the_same_seed_gives_the_same_weights_and_touches_no_other_randomness() -> None:
    first, second = fresh(), fresh()
    torch.manual_seed(123)
    before = torch.get_rng_state()
    run(first)
    assert torch.equal(torch.get_rng_state(), before)
    run(second)
    assert torch.equal(weights(first), weights(second))
    other = fresh()
    train(other, batches, loss_of(other), SETTINGS, context(seed=4), name="toy")
    assert not torch.equal(weights(first), weights(other))


@pytest.mark.parametrize("optimizer", ["fused", "adamw"])
@pytest.mark.parametrize("stop_at", [1, 6, 11])
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path, stop_at: int, optimizer: str
) -> None:
    whole = fresh()
    history_whole = run(whole, optimizer=optimizer)

    model, path = fresh(), tmp_path / "checkpoint.pt"
    compute, seen = loss_of(model), []

    def interrupted(batch: Batch, generator: torch.Generator) -> Tensor:
        seen.append(batch)
        if len(seen) == stop_at:
            os.kill(os.getpid(), signal.SIGINT)
        return compute(batch, generator)

    with pytest.raises(KeyboardInterrupt):
        run(model, path, compute=interrupted, optimizer=optimizer)
    assert len(seen) == stop_at  # the step under way was finished, no other begun
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]

    other = fresh()
    history = run(other, path, optimizer=optimizer)
    assert torch.equal(weights(whole), weights(other))
    assert history.steps == history_whole.steps == 18
    assert history.points[-1]["step"] == 18
    # Ctrl-C works as ever again.
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        signal.sigtimedwait([signal.SIGINT], 1)


def test_long_gradients_are_clipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The optimizer sees a gradient of at most that length, in the same direction."""
    settings = StageSettings(epochs=1, batch_size=48, learning_rate=1e-3, max_gradient_norm=0.01)
    seen = {}

    def spy(groups: list[dict], *rest: object) -> torch.optim.Optimizer:
        optimizer = torch.optim.SGD(groups, lr=0.0)
        parameters = groups[0]["params"]

        def gradient(*arguments: object) -> None:
            seen["clipped"] = torch.cat([p.grad.ravel() for p in parameters])

        optimizer.register_step_pre_hook(gradient)
        return optimizer

    monkeypatch.setattr(loop, "make_optimizer", spy)
    model = fresh()

    def whole(generator: torch.Generator) -> list[Batch]:
        return [("made up", list(range(48)))]

    train(model, whole, loss_of(model), settings, context(), name="toy")
    clipped = seen["clipped"]
    train(model, whole, loss_of(model), StageSettings(1, 48, 1e-3), context(), name="toy")
    free = seen["clipped"]
    assert free.norm() > 0.1
    assert clipped.norm().item() == pytest.approx(0.01, rel=1e-3)
    assert torch.cosine_similarity(clipped, free, dim=0).item() == pytest.approx(1)


@pytest.mark.parametrize(("factor", "shown"), [(float("nan"), "nan"), (float("inf"), "inf")])
def test_divergence_is_an_alarm(factor: float, shown: str) -> None:
    model = fresh()
    compute = loss_of(model)
    with pytest.raises(DivergedError, match=f"of toy on made up became {shown}.*try a lower"):
        run(model, compute=lambda batch, generator: compute(batch, generator) * factor)


def test_undefined_losses_are_skipped_and_counted() -> None:
    model = fresh()
    compute = loss_of(model)
    history = run(
        model, compute=lambda batch, generator: None if 0 in batch[1] else compute(batch, generator)
    )
    assert history.skipped == 3 and history.steps == 18


@pytest.mark.parametrize("rows", [0, 48], ids=["no row at all", "no row with a loss"])
def test_a_stage_that_trained_on_nothing_is_an_error(rows: int) -> None:
    model = fresh()
    start = weights(model).clone()
    made = [("made up", list(range(first, first + 8))) for first in range(0, rows, 8)]
    with pytest.raises(NothingTrainedError, match="toy trained on nothing: .* a similar pair"):
        train(model, lambda generator: made, lambda batch, generator: None, SETTINGS, context(),
              name="toy")  # fmt: skip
    assert torch.equal(weights(model), start)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")], ids=str)
@pytest.mark.parametrize("at", [1, 9, 18])
def test_a_gradient_that_is_no_number_is_an_error_at_whatever_step(at: int, value: float) -> None:
    """At the last one, too: no further loss would show it."""
    model, seen = fresh(), []
    compute = loss_of(model)

    def spoils(batch: Batch, generator: torch.Generator) -> Tensor:
        seen.append(batch)
        loss = compute(batch, generator)
        if len(seen) == at:
            loss.register_hook(lambda gradient: gradient * value)
        return loss

    with pytest.raises(DivergedError, match=rf"of toy .* by step {at} .*max_gradient_norm"):
        run(model, compute=spoils)


def test_seeds_follow_from_their_parts_alone() -> None:
    assert derive_seed(0, "mlm", 1) == 4638206736600385054  # on any machine, in any process
    assert len({derive_seed(0, "mlm", step) for step in range(100)}) == 100
    a = torch.rand(3, generator=generator_for(1, "x"))
    assert torch.equal(a, torch.rand(3, generator=generator_for(1, "x")))
