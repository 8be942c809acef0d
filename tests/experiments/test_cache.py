"""The cache: what decides a stage's key, and what an interruption leaves."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from torch import nn

from minbert.experiments.cache import StageCache, default_folder
from minbert.training.digests import weights_digest


def write(folder: Path, text: str = "done") -> None:
    (folder / "result").write_text(text)


def test_a_stage_is_computed_once(tmp_path: Path) -> None:
    calls = []
    cache = StageCache(tmp_path)
    folders = [
        cache.stage("mlm", {"seed": 0}, lambda folder: (calls.append(1), write(folder)))
        for _ in range(2)
    ]
    other = StageCache(tmp_path).stage("mlm", {"seed": 0}, lambda folder: calls.append(2))
    assert calls == [1] and {*folders, other} == {folders[0]}
    assert cache.stage("mlm", {"seed": 1}, write) != folders[0]


def test_an_interrupted_stage_has_no_name_yet_and_keeps_its_checkpoint(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)

    def interrupted(folder: Path) -> None:
        (folder / "checkpoint.pt").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.stage("mlm", {"seed": 0}, interrupted)
    assert not (tmp_path / cache.key("mlm", {"seed": 0})).exists()

    def goes_on(folder: Path) -> None:
        assert (folder / "checkpoint.pt").read_text() == "half"
        write(folder)

    assert (cache.stage("mlm", {"seed": 0}, goes_on) / "result").read_text() == "done"


def test_two_runs_at_once_compute_once(tmp_path: Path) -> None:
    calls = []
    started, go = threading.Event(), threading.Event()

    def slow(folder: Path) -> None:
        calls.append(1)
        started.set()
        go.wait(10)
        write(folder)

    threads = [
        threading.Thread(target=StageCache(tmp_path).stage, args=("mlm", {}, slow))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    started.wait(10)
    go.set()
    for thread in threads:
        thread.join(20)
    assert calls == [1]


def test_weights_decide_the_digest() -> None:
    model = nn.Linear(3, 2)
    before = weights_digest(model)
    assert weights_digest(model) == before
    with torch.no_grad():
        model.bias[0] += 1e-6
    assert weights_digest(model) != before


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path / "mine"))
    assert default_folder() == tmp_path / "mine"
    monkeypatch.delenv("MINBERT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_folder() == tmp_path / "xdg" / "minbert"
