"""Several processes on one cache; caches that cannot be written to; disks that are full."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from safetensors import SafetensorError
from small_experiment import (
    STAGES,
    Finished,
    finish,
    forked,
    litter,
    numbers,
    stage_folder,
    warnings_of,
)

from minbert.experiments import cache as cache_module
from minbert.experiments.cache import StageCache
from minbert.experiments.grid import Grid

resource = pytest.importorskip("resource", reason="limits of POSIX")

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, which Windows cannot"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return finish(tmp_path_factory.mktemp("finished"))


def ends_well(child: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def on(finished: Finished, root: Path) -> Grid:
    return Grid(replace(finished.experiment, cache=StageCache(root)))


def counted(root: Path, calls: Path) -> Callable[[], None]:
    """A run that takes its time, and leaves a mark for every computation."""

    def compute(working: Path) -> None:
        (calls / f"{os.getpid()}-{time.monotonic_ns()}").touch()
        (working / "a").write_text("one")
        time.sleep(0.1)
        (working / "b").write_text("two")

    def work() -> None:
        folder = StageCache(root).stage("mlm", {"seed": 0}, compute)
        assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "what.json"]

    return work


@pytest.mark.parametrize("state", ["new", "damaged", "interrupted", "locked by the dead"])
@pytest.mark.parametrize("count", [2, 20])
def test_processes_at_once_compute_once(tmp_path: Path, count: int, state: str) -> None:
    root, calls = tmp_path / "cache", tmp_path / "calls"
    calls.mkdir()
    work = counted(root, calls)
    key = StageCache(root).key("mlm", {"seed": 0})
    expected = 1
    if state == "damaged":
        assert ends_well(forked(work))
        (root / key / "a").write_text("zero")
        expected = 2
    elif state == "interrupted":
        (root / f"{key}.partial").mkdir(parents=True)
        (root / f"{key}.partial" / "c").write_text("half")
    elif state == "locked by the dead":
        root.mkdir()
        child = forked(lambda: (FileLock(root / f"{key}.lock").acquire(), time.sleep(60)))
        while not (root / f"{key}.lock").exists():
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert all([ends_well(child) for child in [forked(work) for _ in range(count)]])
    assert len(list(calls.iterdir())) == expected
    left = litter(root)
    assert left == ([f"{key}.damaged"] if state == "damaged" else [])


def test_who_waits_for_a_run_that_is_killed_goes_on(tmp_path: Path) -> None:
    root, calls = tmp_path / "cache", tmp_path / "calls"
    calls.mkdir()

    def never(working: Path) -> None:
        (working / "a").write_text("half")
        (calls / "begun").touch()
        time.sleep(60)

    first = forked(lambda: StageCache(root).stage("mlm", {"seed": 0}, never))
    while not (calls / "begun").exists():
        time.sleep(0.01)
    (calls / "begun").unlink()
    waiting = [forked(counted(root, calls)) for _ in range(3)]
    time.sleep(0.3)
    assert list(calls.iterdir()) == []
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    assert all([ends_well(child) for child in waiting])
    assert len(list(calls.iterdir())) == 1 and litter(root) == []


def test_small_trainings_at_once_leave_the_cache_whole(finished: Finished, tmp_path: Path) -> None:
    def train() -> None:
        grid = on(finished, tmp_path)
        for kind in STAGES:
            stage_folder(grid, kind)

    assert all([ends_well(child) for child in [forked(train) for _ in range(4)]])
    grid = on(finished, tmp_path)
    for kind in STAGES:
        assert numbers(stage_folder(grid, kind)) == numbers(finished.folders[kind])
    assert litter(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir()} == {
        folder.name for folder in finished.folders.values()
    }


@pytest.mark.slow
def test_twenty_trainings_at_once(finished: Finished, tmp_path: Path) -> None:
    def train() -> None:
        grid = on(finished, tmp_path)
        for kind in STAGES:
            stage_folder(grid, kind)

    assert all([ends_well(child) for child in [forked(train) for _ in range(20)]])
    grid = on(finished, tmp_path)
    for kind in STAGES:
        assert numbers(stage_folder(grid, kind)) == numbers(finished.folders[kind])
    assert litter(tmp_path) == []


REFUSALS = {
    "read-only": OSError(errno.EROFS, "Read-only file system"),
    "not allowed": PermissionError(errno.EACCES, "Permission denied"),
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "quota": OSError(errno.EDQUOT, "Disk quota exceeded"),
}


def refuse(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    """Nothing can be made: root may write everywhere, so the calls themselves are made to fail."""

    def fails(*arguments: object, **options: object) -> None:
        raise error

    for owner, name in ((FileLock, "acquire"), (Path, "mkdir"), (os, "mkdir"), (os, "replace"),
                        (Path, "write_text"), (os, "unlink")):  # fmt: skip
        monkeypatch.setattr(owner, name, fails)


@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
def test_a_complete_cache_is_used_where_nothing_can_be_written(
    finished: Finished,
    error: OSError,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        refuse(patch, error)
        grid = on(finished, finished.experiment.cache.root)
        for kind in STAGES:
            assert stage_folder(grid, kind) == finished.folders[kind]
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("state", ["missing", "damaged", "no folder at all"])
def test_an_incomplete_one_is_a_sentence(
    finished: Finished,
    tmp_path: Path,
    state: str,
    error: OSError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = tmp_path / "cache"
    if state != "no folder at all":
        shutil.copytree(finished.experiment.cache.root, root)
    if state == "missing":
        shutil.rmtree(root / finished.folders["heads"].name)
    elif state == "damaged":
        (root / finished.folders["heads"].name / "history.json").write_text("{}")
    with monkeypatch.context() as patch:
        refuse(patch, error)
        with pytest.raises(OSError, match="has to be computed") as caught:
            stage_folder(on(finished, root), "heads")
    sentence = str(caught.value)
    assert str(root) in sentence and error.strerror in sentence
    assert "set MINBERT_CACHE to a folder of your own" in sentence


@pytest.mark.parametrize("size", [0, 200, 1_000, 4_000, 8_000, 20_000, 30_000])
def test_a_disk_that_is_full_is_a_sentence(finished: Finished, tmp_path: Path, size: int) -> None:
    """A real limit: no file may grow beyond `size` bytes; every kind of file meets it somewhere."""
    read, write = os.pipe()

    def train() -> None:
        sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (they may be files)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        try:
            grid = on(finished, tmp_path / "cache")
            for kind in STAGES:
                stage_folder(grid, kind)
        except BaseException as error:
            os.write(write, f"{type(error).__name__}: {error}".encode())

    child = forked(train)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    assert said.startswith("OSError: "), said
    assert "File too large" in said or "no space left" in said, said
    assert "make room" in said and str(tmp_path / "cache") in said, said
    grid = on(finished, tmp_path / "cache")
    for kind in STAGES:
        assert numbers(stage_folder(grid, kind)) == numbers(finished.folders[kind])
    assert litter(tmp_path / "cache") == []


FULL = OSError(errno.ENOSPC, "No space left on device")
THEIRS = SafetensorError("Error while serializing: I/O error: No space left (os error 28)")


@pytest.mark.parametrize("call", range(1, 9))
@pytest.mark.parametrize(
    "error",
    [
        pytest.param(FULL, id="OSError"),
        pytest.param(THEIRS, id="safetensors'", marks=pytest.mark.slow),
    ],
)
def test_a_disk_that_fills_at_any_write(
    finished: Finished,
    tmp_path: Path,
    call: int,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The `call`-th file that a run writes does not fit; the same command goes on."""
    count = 0

    def counting(write: Callable) -> Callable:
        def called(*arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count == call:
                raise error
            return write(*arguments, **options)

        return called

    from minbert import pretrained
    from minbert.experiments import grid as grid_module

    with monkeypatch.context() as patch:
        patch.setattr(pretrained, "save_file", counting(pretrained.save_file))
        for name in ("save_heads", "save_dev_predictions", "save_history", "write_measures"):
            patch.setattr(grid_module, name, counting(getattr(grid_module, name)))
        patch.setattr(cache_module, "seal", counting(cache_module.seal))
        with pytest.raises(OSError, match="cannot be written to the cache folder .*make room"):
            grid = on(finished, tmp_path)
            for kind in STAGES:
                stage_folder(grid, kind)
    grid = on(finished, tmp_path)
    for kind in STAGES:
        assert numbers(stage_folder(grid, kind)) == numbers(finished.folders[kind])
    assert litter(tmp_path) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can become nobody")
def test_another_user_reads_what_was_computed(finished: Finished) -> None:
    with tempfile.TemporaryDirectory() as folder:  # nobody else may enter pytest's own
        os.chmod(folder, 0o755)
        read_by_nobody(finished, Path(folder) / "cache")


def read_by_nobody(finished: Finished, root: Path) -> None:
    shutil.copytree(finished.experiment.cache.root, root)
    program = (
        "import os, sys; os.setgid(65534); os.setuid(65534)\n"
        "for place, _, files in os.walk(sys.argv[1]):\n"
        "    for name in files: open(os.path.join(place, name), 'rb').read()"
    )
    done = subprocess.run([sys.executable, "-S", "-c", program, str(root)], capture_output=True)
    assert done.returncode == 0, done.stderr
