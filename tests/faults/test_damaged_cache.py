"""Damaged stages: each file of each kind of stage in each way, named, set aside, computed again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_experiment import (
    STAGES,
    Finished,
    finish,
    litter,
    numbers,
    stage_folder,
    warnings_of,
)

from minbert.experiments.cache import StageCache
from minbert.experiments.grid import Grid

ENCODER = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
HEADS = ("heads.safetensors", "predictions.npz")
FILES = {
    "original": (*ENCODER, "history.json", "what.json"),
    "mlm": (*ENCODER, "history.json", "measures.json", "what.json"),
    "mnrl": (*ENCODER, "history.json", "what.json"),
    "untrained": (*HEADS, "history.json", "what.json"),
    "heads": (*HEADS, "history.json", "what.json"),
    "sst_finetune": (*ENCODER, *HEADS, "history.json", "what.json"),
}


def flip_a_byte(path: Path, other: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_in_half(path: Path, other: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path, other: Path) -> None:
    path.write_bytes(b"")


def take_away(path: Path, other: Path) -> None:
    path.unlink()


def garbage(path: Path, other: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(300))


def not_numbers(path: Path, other: Path) -> None:
    """NaN in place of every number, the file well-formed."""
    if path.suffix == ".safetensors":
        save_file(
            {name: torch.full_like(value, float("nan")) for name, value in load_file(path).items()},
            path,
        )
    elif path.suffix == ".npz":
        with np.load(path) as arrays:
            spoilt = {name: np.full(value.shape, np.nan) for name, value in arrays.items()}
        np.savez(path, **spoilt)
    else:
        path.write_text('{"mlm": NaN}', encoding="utf-8")


def of_another_stage(path: Path, other: Path) -> None:
    shutil.copyfile(other, path)


def a_folder(path: Path, other: Path) -> None:
    path.unlink()
    path.mkdir()


WAYS = (flip_a_byte, cut_in_half, empty, take_away, garbage, not_numbers, of_another_stage,
        a_folder)  # fmt: skip
CASES = [
    pytest.param(kind, name, way, id=f"{kind}-{name}-{way.__name__}")
    for kind in STAGES
    for name in FILES[kind]
    for way in WAYS
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return finish(tmp_path_factory.mktemp("finished"))


def other_file(finished: Finished, kind: str, name: str) -> Path:
    """A whole file of the same name from another stage, or of another name if none has it."""
    for other, folder in finished.folders.items():
        path = folder / name
        if (
            other != kind
            and path.exists()
            and (path.read_bytes() != (finished.folders[kind] / name).read_bytes())
        ):
            return path
    return finished.folders[kind] / ("history.json" if name != "history.json" else "what.json")


def test_every_file_of_every_stage_is_in_the_table(finished: Finished) -> None:
    for kind, folder in finished.folders.items():
        assert sorted(path.name for path in folder.iterdir()) == sorted(FILES[kind])


@pytest.mark.parametrize(("kind", "name", "way"), CASES)
def test_a_damaged_file_is_named_and_its_stage_computed_again(
    finished: Finished,
    kind: str,
    name: str,
    way: Callable,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = finished.folders[kind]
    folder = tmp_path / whole.name
    shutil.copytree(whole, folder)
    way(folder / name, other_file(finished, kind, name))
    calls = []

    def compute(working: Path) -> None:  # as fast as it gets: what the stage would write
        calls.append(working)
        for path in whole.iterdir():
            if path.name != "what.json":
                shutil.copyfile(path, working / path.name)

    cache = StageCache(tmp_path)
    assert cache.stage(kind, finished.asked[kind], compute) == folder
    assert len(calls) == 1
    [said] = warnings_of(caplog)
    assert said.startswith(f"{kind}: {folder.name} in the cache is damaged and computed again: ")
    assert name in said and f"set aside as {folder.name}.damaged" in said
    assert numbers(folder) == numbers(whole)
    # Once repaired it is whole, for this run and for the next.
    for again in (cache, StageCache(tmp_path)):
        again.stage(kind, finished.asked[kind], compute)
    assert len(calls) == 1
    assert litter(tmp_path) == [f"{folder.name}.damaged"]


@pytest.mark.parametrize("kind", STAGES)
def test_a_stage_computed_again_has_the_same_numbers(
    finished: Finished, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(finished.experiment.cache.root, tmp_path / "cache")
    flip_a_byte(tmp_path / "cache" / finished.folders[kind].name / FILES[kind][1], Path())
    grid = Grid(replace(finished.experiment, cache=StageCache(tmp_path / "cache")))
    for each in STAGES:
        assert numbers(stage_folder(grid, each)) == numbers(finished.folders[each])
    [said] = [said for said in warnings_of(caplog) if "damaged" in said]
    assert FILES[kind][1] in said


@pytest.mark.parametrize("extra", ["notes.txt", "pytorch_model.bin", "deep/config.json"])
def test_a_file_too_many_is_named_and_kept_aside(
    finished: Finished, extra: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(finished.experiment.cache.root, tmp_path / "cache")
    folder = tmp_path / "cache" / finished.folders["untrained"].name
    (folder / extra).parent.mkdir(exist_ok=True)
    (folder / extra).write_text("mine")
    grid = Grid(replace(finished.experiment, cache=StageCache(tmp_path / "cache")))
    assert numbers(stage_folder(grid, "untrained")) == numbers(finished.folders["untrained"])
    assert f"{extra} is not one of its files" in warnings_of(caplog)[0]
    assert (folder.with_name(folder.name + ".damaged") / extra).read_text() == "mine"


@pytest.mark.parametrize("hidden", [".DS_Store", ".nfs0001"])
def test_what_the_file_system_leaves_is_no_damage(
    finished: Finished, hidden: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / finished.folders["heads"].name
    shutil.copytree(finished.folders["heads"], folder)
    (folder / hidden).write_bytes(b"x")

    def compute(working: Path) -> None:
        raise AssertionError("computed again")

    StageCache(tmp_path).stage("heads", finished.asked["heads"], compute)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("kind", STAGES)
def test_a_stage_under_another_stages_name_is_damage(
    finished: Finished, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whole in itself, but not what was asked for."""
    other = finished.folders["mlm" if kind != "mlm" else "mnrl"]
    shutil.copytree(other, tmp_path / finished.folders[kind].name)

    def compute(working: Path) -> None:
        (working / "result").write_text("new")

    folder = StageCache(tmp_path).stage(kind, finished.asked[kind], compute)
    assert (folder / "result").read_text() == "new"
    assert "what.json belongs to another stage" in warnings_of(caplog)[0]


@pytest.mark.parametrize("made", ["a file", "an empty folder", "a link to nowhere"])
def test_something_else_of_the_stages_name(
    made: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = StageCache(tmp_path)
    folder = tmp_path / cache.key("mlm", {})
    if made == "a file":
        folder.write_text("x")
    elif made == "an empty folder":
        folder.mkdir()
    else:
        folder.symlink_to(tmp_path / "nowhere")
    found = cache.stage("mlm", {}, lambda working: (working / "result").write_text("1"))
    assert found.is_dir() and not found.is_symlink()
    assert "damaged and computed again" in warnings_of(caplog)[0]


def test_one_damaged_stage_is_kept_at_most(tmp_path: Path) -> None:
    def compute(working: Path) -> None:
        (working / "result").write_text("1")

    for number in range(4):
        folder = StageCache(tmp_path).stage("mlm", {}, compute)
        (folder / "result").write_text(f"damaged {number}")
    StageCache(tmp_path).stage("mlm", {}, compute)
    assert litter(tmp_path) == [f"{folder.name}.damaged"]
    assert (folder.with_name(folder.name + ".damaged") / "result").read_text() == "damaged 3"


@pytest.mark.parametrize("name", ["heads.safetensors", "predictions.npz", "history.json"])
@pytest.mark.parametrize("kind", ["heads", "mlm"])
def test_a_file_that_cannot_be_read_is_named(
    finished: Finished,
    kind: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Permissions mean nothing to root, so reading itself is made to fail."""
    if name not in FILES[kind]:
        name = "model.safetensors"
    folder = tmp_path / finished.folders[kind].name
    shutil.copytree(finished.folders[kind], folder)
    opened = Path.open

    def refuse(path: Path, *arguments: object, **options: object):
        if path == folder / name and not folder.with_name(folder.name + ".damaged").exists():
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    StageCache(tmp_path).stage(
        kind, finished.asked[kind], lambda working: (working / "result").write_text("1")
    )
    assert f"{name} cannot be read: Permission denied" in warnings_of(caplog)[0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")], ids=str)
@pytest.mark.parametrize("where", ["model.safetensors", "heads.safetensors", "predictions.npz"])
def test_numbers_that_are_none_are_not_kept(where: str, value: float, tmp_path: Path) -> None:
    def compute(working: Path) -> None:
        if where.endswith("npz"):
            np.savez(working / where, sst=np.arange(3), sts=np.array([1.0, value]))
        else:
            save_file({"a": torch.ones(3), "sts": torch.tensor([1.0, value])}, working / where)

    cache = StageCache(tmp_path)
    with pytest.raises(ValueError, match=f"^sts in {where} holds NaN or infinity .* numbers"):
        cache.stage("mlm", {}, compute)
    assert not (tmp_path / cache.key("mlm", {})).exists()


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002], ids=oct)
def test_files_have_the_permissions_of_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        folder = StageCache(tmp_path / "cache").stage(
            "mlm", {}, lambda working: save_file({"a": torch.ones(1)}, working / "a.safetensors")
        )
    finally:
        os.umask(before)
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o666 & ~mask, path.name
    assert folder.stat().st_mode & 0o777 == 0o777 & ~mask
