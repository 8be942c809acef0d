"""Checkpoints that are damaged, of another stage, or cannot be written: said, and no obstacle."""

from __future__ import annotations

import errno
import os
import pickle
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from small_experiment import warnings_of
from torch import Tensor, nn

from minbert.training import loop
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import StageSettings

INPUTS = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
SETTINGS = StageSettings(epochs=2, batch_size=4, learning_rate=1e-2, schedule="linear")
STEPS = 20


def fresh(width: int = 4) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Dropout(0.1), nn.Linear(width, 1))


def batches(generator: torch.Generator) -> Sequence[Batch]:
    order = torch.randperm(40, generator=generator)
    return [("ab"[number % 2], rows.tolist()) for number, rows in enumerate(order.split(4))]


def run(
    path: Path | None, stop_at: int | None = None, *, every_s: float = 1e9, seed: int = 3,
    settings: StageSettings = SETTINGS, name: str = "toy", stage: str = "toy-0123",
    optimizer: str = "fused", model: nn.Module | None = None,
) -> tuple[Tensor, History, int]:  # fmt: skip
    """Train; with `stop_at`, Ctrl-C in that step. Weights, history, steps of this run."""
    model = model or fresh()
    width, seen = model[1].in_features, []

    def loss(batch: Batch, generator: torch.Generator) -> Tensor:
        seen.append(batch)
        if len(seen) == stop_at:
            os.kill(os.getpid(), signal.SIGINT)
        return (model(INPUTS[batch[1], :width]) - 1).square().mean()

    context = RunContext(torch.device("cpu"), "fp32", seed, path, every_s, stage)
    try:
        history = train(model, batches, loss, settings, context, name=name, optimizer=optimizer)
    except KeyboardInterrupt:
        history = History()
    return model[1].weight.detach().clone(), history, len(seen)


@cache
def undisturbed(points: int = 200) -> tuple[Tensor, History, int]:
    """What comes out of a run without checkpoints and stops, with that many points in its curve."""
    return run(None)


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """A checkpoint after 7 of 20 steps."""
    path = tmp_path / "checkpoint.pt"
    run(path, stop_at=7)
    return path


def flip(at: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[int(at * (len(content) - 1))] ^= 0x10
        path.write_bytes(content)

    return damage


def cut(share: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    damage.__name__ = f"cut at {share:.0%}"
    return damage


def holding(content: object, name: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        torch.save(content, path)

    damage.__name__ = name
    return damage


def with_bytes(content: bytes, name: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(content)

    damage.__name__ = name
    return damage


class Malicious:
    """Unpickled by a careless reader, it leaves a trace."""

    def __reduce__(self) -> tuple:
        return (os.mkdir, ("trace-of-code",))


def with_a_weight(value: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        state = torch.load(path, weights_only=True)
        state["model"]["1.weight"][0, 0] = value
        torch.save(state, path)

    damage.__name__ = f"a weight of {value}"
    return damage


def garbage(path: Path) -> None:
    path.write_bytes(np.random.default_rng(1).bytes(2000))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").write_text("x")


def dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def old_format(path: Path) -> None:
    state = torch.load(path, weights_only=True)
    del state["digest"], state["belongs_to"]
    torch.save(state, path)


DAMAGES = [
    *(cut(share) for share in (0.0, 0.01, 0.3, 0.5, 0.9, 0.999)),
    garbage, folder, dangling_link, old_format,
    holding({}, "an empty mapping"), holding(None, "nothing"), holding([1, 2], "a list"),
    holding(torch.ones(3), "a tensor"), holding({"digest": "x"}, "a digest alone"),
    with_a_weight(float("nan")), with_a_weight(0.25),
    with_bytes(pickle.dumps({"model": {}}), "a bare pickle"),
    with_bytes(pickle.dumps(Malicious()), "a malicious pickle"),
    holding({"model": Malicious()}, "a malicious object"),
    with_bytes(b"version https://git-lfs.github.com/spec/v1\n", "a git-lfs pointer"),
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_checkpoint_is_named_and_the_stage_begins_anew(
    interrupted: Path,
    damage: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(interrupted.parent)
    damage(interrupted)
    weights, history, steps = run(interrupted)
    assert steps == STEPS
    [said] = warnings_of(caplog)
    assert f"{interrupted} is of no use, the stage begins anew: it" in said
    assert torch.equal(weights, undisturbed()[0])
    assert history.points == undisturbed()[1].points
    assert [path.name for path in interrupted.parent.iterdir()] == ["checkpoint.pt.damaged"]
    loop.forget(interrupted)
    assert list(interrupted.parent.iterdir()) == []


@pytest.mark.parametrize("at", [number / 16 for number in range(17)], ids="{:.0%}".format)
def test_a_flipped_bit_never_changes_numbers(
    interrupted: Path, at: float, caplog: pytest.LogCaptureFixture
) -> None:
    """Either it is in bytes that mean nothing, or the checkpoint is not used."""
    flip(at)(interrupted)
    weights, history, steps = run(interrupted)
    assert torch.equal(weights, undisturbed()[0])
    assert history.points == undisturbed()[1].points
    assert (steps == STEPS) == (len(warnings_of(caplog)) == 1)
    assert steps in (STEPS, STEPS - 7)


OTHERS = {
    "another seed": {"seed": 4},
    "another learning rate": {"settings": replace(SETTINGS, learning_rate=2e-2)},
    "another number of epochs": {"settings": replace(SETTINGS, epochs=3)},
    "another part": {"name": "head"},
    "another stage": {"stage": "mlm-9999"},
    "another optimizer": {"optimizer": "adamw"},
    "another width": {"model": "narrow"},
}


@pytest.mark.parametrize("options", OTHERS.values(), ids=OTHERS)
def test_the_checkpoint_of_something_else_is_not_gone_on_with(
    interrupted: Path, options: dict, caplog: pytest.LogCaptureFixture
) -> None:
    def mine() -> dict:
        return {**options, "model": fresh(2)} if "model" in options else options

    weights, history, _ = run(interrupted, **mine())
    assert "it belongs to another stage (other " in warnings_of(caplog)[0]
    alone, expected, _ = run(None, **mine())
    assert torch.equal(weights, alone) and history.points == expected.points


@pytest.mark.parametrize("every_s", [0.0, 0.002, 1e9], ids=["each step", "some", "none"])
@pytest.mark.parametrize(
    "stops",
    [(), (1,), (7,), (3, 3, 3), (10, 1), (19,), (1,) * 12],
    ids=lambda stops: f"stopped after {list(stops)}",
)
@pytest.mark.parametrize("points", [3, 200])
def test_the_curve_does_not_depend_on_when_checkpoints_are_written(
    tmp_path: Path,
    every_s: float,
    stops: tuple[int, ...],
    points: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("minbert.training.curve.CURVE_POINTS", points)
    expected, whole, _ = undisturbed(points)
    for stop in stops:
        run(tmp_path / "checkpoint.pt", stop_at=stop, every_s=every_s)
    weights, history, _ = run(tmp_path / "checkpoint.pt", every_s=every_s)
    assert history.points == whole.points and history.steps == whole.steps
    assert torch.equal(weights, expected)


def test_a_stale_partial_is_in_nobodys_way(interrupted: Path) -> None:
    interrupted.with_suffix(".partial").write_bytes(b"half a checkpoint")
    weights, _, steps = run(interrupted, every_s=0.0)
    assert steps == STEPS - 7 and torch.equal(weights, undisturbed()[0])
    loop.forget(interrupted)
    assert list(interrupted.parent.iterdir()) == []


FAILURES = {
    "disk full": OSError(errno.ENOSPC, "No space left on device"),
    "quota": OSError(errno.EDQUOT, "Disk quota exceeded"),
    "read-only": OSError(errno.EROFS, "Read-only file system"),
    "not allowed": PermissionError(errno.EACCES, "Permission denied"),
    "torch's own words": RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos"),
}


@pytest.mark.parametrize("error", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("interrupt", [False, True], ids=["when due", "at Ctrl-C"])
def test_a_checkpoint_that_cannot_be_written(
    interrupted: Path,
    error: Exception,
    interrupt: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = interrupted.read_bytes()

    def fails(state: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise error

    monkeypatch.setattr(torch, "save", fails)
    sentence = r"the checkpoint .*checkpoint\.pt cannot be written \(.*\): make room there"
    if interrupt:
        run(interrupted, stop_at=3)
        assert "cannot be written" in warnings_of(caplog)[0]
    else:
        with pytest.raises(OSError, match=sentence):
            run(interrupted, every_s=0.0)
    monkeypatch.undo()
    # The one before is whole, nothing lies beside it, and the run goes on from it.
    assert interrupted.read_bytes() == before
    assert [path.name for path in interrupted.parent.iterdir()] == ["checkpoint.pt"]
    weights, _, steps = run(interrupted)
    assert steps == STEPS - 7 and torch.equal(weights, undisturbed()[0])
