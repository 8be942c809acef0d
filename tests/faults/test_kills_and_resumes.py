"""Killed and interrupted at chosen moments of a small training: the same command goes on, and
ends with the same numbers to the last bit, and nothing lies about."""

from __future__ import annotations

import functools
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_experiment import (
    Finished,
    begin_as_child,
    finish,
    forked,
    litter,
    numbers,
    stage_folder,
    warnings_of,
)

from minbert import pretrained
from minbert.experiments import cache, experiment
from minbert.experiments.cache import StageCache
from minbert.experiments.grid import Grid
from minbert.training import loop, seal
from minbert.training.loop import RunContext

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, which Windows cannot"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

WANTED = ("original", "mlm", "heads", "sst_finetune")
Moment = Callable[[Callable[[], None]], None]
"""Given what to do, arranges that it is done at a moment of the child's run."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return finish(tmp_path_factory.mktemp("finished"))


def run(finished: Finished, root: Path) -> dict[str, Path]:
    """What the command does: every stage, computed unless it is there."""
    grid = Grid(replace(finished.experiment, cache=StageCache(root)))
    return {kind: stage_folder(grid, kind) for kind in WANTED}


def in_a_child(finished: Finished, root: Path, arrange: Callable[[], None]) -> int:
    """Run in a child process; its exit code, negative for a signal."""

    def work() -> None:
        experiment.RunContext = functools.partial(RunContext, checkpoint_every_s=0.0)
        arrange()
        run(finished, root)

    child = forked(work)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def at_call(owner: object, name: str, number: int, when: str) -> Moment:
    """At the given call of a function, counted from 1: before it, after it, or half-way, when its
    file is half written. A call that raises does not count."""

    def arrange(strike: Callable[[], None]) -> None:
        whole, count = getattr(owner, name), 0

        def called(*arguments: object, **options: object) -> object:
            nonlocal count
            if count + 1 == number and when == "before":
                strike()
            result = whole(*arguments, **options)
            count += 1
            if count == number and when == "half":
                path = next(part for part in arguments if isinstance(part, Path))
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
                strike()
            if count == number and when == "after":
                strike()
            return result

        setattr(owner, name, called)

    return arrange


STEPS = {
    f"step {number}": at_call(loop, "learning_rate_factor", number, "before")
    for number in (1, 2, 3, 5, 7, 9, 10, 11, 12, 13, 15, 16)
}
WRITES = {
    "half a first checkpoint": at_call(torch, "save", 1, "half"),
    "half a later checkpoint": at_call(torch, "save", 3, "half"),
    "checkpoint written, not moved": at_call(torch, "save", 2, "after"),
    "checkpoint moved": at_call(os, "replace", 4, "after"),
    "half of the original's weights": at_call(pretrained, "save_file", 1, "half"),
    "half of the trained weights": at_call(pretrained, "save_file", 2, "half"),
    "checkpoints forgotten": at_call(cache, "forget", 2, "after"),
    "before the seal": at_call(cache, "seal", 2, "before"),
    "sealed, not moved": at_call(cache, "seal", 2, "after"),
    "half a digest": at_call(seal, "file_digest", 3, "before"),
    "moved, still locked": at_call(os, "replace", 14, "after"),
    "lock removed": at_call(os, "unlink", 2, "after"),
}
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM}


def same(finished: Finished, found: dict[str, Path]) -> None:
    for kind, folder in found.items():
        assert numbers(folder) == numbers(finished.folders[kind]), kind


@pytest.mark.parametrize("moment", {**STEPS, **WRITES}.values(), ids={**STEPS, **WRITES})
def test_killed_and_started_again(
    finished: Finished, moment: Moment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def arrange() -> None:
        moment(lambda: os.kill(os.getpid(), signal.SIGKILL))

    assert in_a_child(finished, tmp_path, arrange) == -signal.SIGKILL
    same(finished, run(finished, tmp_path))
    assert litter(tmp_path) == []
    assert not any("damaged" in said or "no use" in said for said in warnings_of(caplog))


@pytest.mark.parametrize("number", [2, 7, 9, 14])
def test_interrupted_and_started_again(finished: Finished, number: int, tmp_path: Path) -> None:
    def arrange() -> None:
        at_call(loop, "learning_rate_factor", number, "before")(
            lambda: os.kill(os.getpid(), signal.SIGINT)
        )

    assert in_a_child(finished, tmp_path, arrange) == 130
    kept = [path for path in litter(tmp_path) if path.endswith("checkpoint.pt")]
    assert len(kept) <= 1
    same(finished, run(finished, tmp_path))
    assert litter(tmp_path) == []


def test_killed_many_times_over(finished: Finished, tmp_path: Path) -> None:
    """Every run is killed after its first checkpoint, until one has none left to write."""

    def arrange() -> None:
        at_call(loop, "save_checkpoint", 1, "after")(lambda: os.kill(os.getpid(), signal.SIGKILL))

    kills = 0
    while in_a_child(finished, tmp_path, arrange) != 0:
        kills += 1
        assert kills < 20
    assert kills == 12  # steps of mlm and of sst_finetune; heads take seconds and keep none
    same(finished, run(finished, tmp_path))
    assert litter(tmp_path) == []


def test_killed_while_a_damaged_stage_is_replaced(finished: Finished, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    shutil.copytree(finished.experiment.cache.root, root)
    damaged = root / finished.folders["mlm"].name
    (damaged / "model.safetensors").write_bytes(b"x")

    def arrange() -> None:
        at_call(cache, "set_aside", 1, "after")(lambda: os.kill(os.getpid(), signal.SIGKILL))

    assert in_a_child(finished, root, arrange) == -signal.SIGKILL
    same(finished, run(finished, root))
    assert litter(root) == [f"{damaged.name}.damaged"]


@pytest.fixture
def draws() -> Iterator[random.Random]:
    seed = int(os.environ.get("MINBERT_TEST_SEED", "0"))
    yield random.Random(seed)


@pytest.mark.slow
@pytest.mark.parametrize("sent", SIGNALS.values(), ids=SIGNALS)
def test_signals_at_random_moments(
    finished: Finished, sent: signal.Signals, tmp_path: Path, draws: random.Random
) -> None:
    """Ten of each; sent from outside, whatever the child is just doing."""
    for round_ in range(10):
        root = tmp_path / str(round_)
        child = os.fork()
        if child == 0:
            try:
                begin_as_child()
                signal.signal(signal.SIGTERM, signal.default_int_handler)
                experiment.RunContext = functools.partial(RunContext, checkpoint_every_s=0.0)
                run(finished, root)
            finally:
                os._exit(0)
        time.sleep(draws.uniform(0.02, 0.8))
        os.kill(child, sent)
        os.waitpid(child, 0)
        same(finished, run(finished, root))
        assert litter(root) == []


def test_what_was_done_before_the_kill_is_not_done_again(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange() -> None:
        at_call(loop, "learning_rate_factor", 5, "before")(
            lambda: os.kill(os.getpid(), signal.SIGKILL)
        )

    in_a_child(finished, tmp_path, arrange)
    steps = []
    factor = loop.learning_rate_factor
    monkeypatch.setattr(
        loop, "learning_rate_factor", lambda *rest: (steps.append(1), factor(*rest))[1]
    )
    folders = run(finished, tmp_path)
    whole = sum(
        part["steps"]
        for folder in folders.values()
        for part in json.loads((folder / "history.json").read_text()).values()
    )
    assert len(steps) == whole - 4
