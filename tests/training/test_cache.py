"""The cache: what decides a stage's key, and what an interruption leaves."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest
import torch
from torch import nn

import minbert
from minbert.training.cache import (
    TRAINED_BY,
    StageCache,
    default_folder,
    source_digest,
    weights_digest,
)


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


def test_every_source_file_that_decides_a_result_is_in_the_key() -> None:
    """What the stages import, directly or not, is in the key, or is known to decide nothing."""
    package = Path(minbert.__file__).parent
    decides_nothing = {
        "paper.py",  # read through the recipe and the preset, which are in the key by value
        "config.py",  # sizes: in the digest of the weights
        "progress.py",  # listens
        "pretrained.py", "weights.py", "__init__.py",  # what was loaded is in the key by value
        "known_models.py", "hub.py", "model_files.py", "tensor_files.py", "data/addresses.py",
        "sentence_transformers_folder.py",  # as pretrained.py
        "data/examples.py",  # the data are in the key by value
        "training/cache.py", "training/experiment.py", "training/stage_files.py",
        "training/arms.py", "threads.py", "memory.py",  # how long it takes, not what comes out
        "evaluation/metrics.py", "evaluation/statistics.py",  # measured again at every call
    }  # fmt: skip
    wanted = ["training/grid.py", "training/single_task.py", "training/sweep.py"]
    reached: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in reached:
            continue
        reached.add(name)
        for node in ast.walk(ast.parse((package / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("minbert"):
                base = package.joinpath(*node.module.split(".")[1:])
                for file in (base.with_suffix(".py"), *(base / f"{a.name}.py" for a in node.names)):
                    if file.exists():
                        wanted.append(file.relative_to(package).as_posix())
    assert reached - decides_nothing <= set(TRAINED_BY)
    assert set(TRAINED_BY) <= {
        path.relative_to(package).as_posix() for path in package.rglob("*.py")
    }
    assert len(source_digest()) == 64
