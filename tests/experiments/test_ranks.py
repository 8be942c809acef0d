"""`minbert reproduce` on several ranks: one run, one writer, one sentence when it fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from in_ranks import exit_codes
from small_experiment import write_model
from toy import write_toy_data

import minbert.commands.experiments  # noqa: F401  before the processes are forked
from minbert.__main__ import main
from minbert.ranks import Place, launched
from minbert.training import parallel

OPENED_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink",
           "shutil.copyfile", "tempfile.mkstemp", "tempfile.mkdtemp"}  # fmt: skip


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """A whole run that takes a second: one arm with every kind of stage."""
    write_toy_data(tmp_path / "data", rows=17)
    write_model(tmp_path / "model")
    return ["reproduce", "--data", f"cs224n:{tmp_path / 'data'}", "--encoder",
            f"{tmp_path / 'model'}", "--out", f"{tmp_path / 'out'}", "--cache",
            f"{tmp_path / 'cache'}", "--arms", "mlm", "--preset", "quick",
            "--device", "cpu"]  # fmt: skip


def run(
    arguments: list[str], folder: Path, before: Callable[[], object] = lambda: None
) -> list[int]:
    """The codes with which two ranks leave the command line."""

    def work() -> None:
        rank = os.environ["RANK"]
        before()
        try:
            code = main(arguments)
        except SystemExit as error:
            code = error.code
        (folder / f"code{rank}").write_text(f"{code}")

    assert exit_codes(2, work) == [0, 0]
    return [int((folder / f"code{rank}").read_text()) for rank in (0, 1)]


def stages(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def on_rank_1(action: Callable[[], object]) -> Callable[[], None]:
    return lambda: action() if os.environ["RANK"] == "1" else None


def test_two_ranks_are_one_run_and_the_first_alone_writes(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def watch() -> None:
        notes = os.open(tmp_path / "written", OPENED_TO_WRITE)

        def hook(event: str, given: tuple) -> None:
            opened = event == "open" and isinstance(given[2], int) and given[2] & OPENED_TO_WRITE
            if opened or event in CHANGES:
                place = f"{given[0]}"
                if not re.search(rf"{os.devnull}|__pycache__|code1$", place):
                    os.write(notes, f"{event} {place}\n".encode())

        sys.addaudithook(hook)

    assert run(command, tmp_path, on_rank_1(watch)) == [0, 0]
    assert (tmp_path / "written").read_text() == ""
    said = capfd.readouterr()
    assert said.out.count("## Hours of training") == 1

    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["command"].startswith("torchrun --nproc-per-node 2 -m minbert reproduce --data")
    assert {made["ranks"] for made in results["computed"]} == {2}

    before = stages(tmp_path / "cache")
    assert main([*command, "--out", str(tmp_path / "alone")]) == 0
    assert stages(tmp_path / "cache") == before, "one process did not take what two had computed"
    alone = json.loads((tmp_path / "alone" / "results.json").read_text())
    for name in ("arms", "submitted", "paired_tests", "test", "computed"):
        assert alone[name] == results[name]


def test_what_is_wrong_for_all_is_said_once(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for wrong, sentence in (
        (["--arms", "nonsense"], "minbert reproduce: argument --arms: invalid choice: 'nonsense'"),
        (["--data", f"cs224n:{tmp_path / 'nowhere'}"], "minbert reproduce: "),
    ):
        assert run([*command, *wrong], tmp_path) == [2, 2]
        said = capfd.readouterr().err
        assert said.count("minbert reproduce: ") == 1 and sentence in said
    assert not (tmp_path / "out").exists()


def fail_on_the_way(action: Callable[[], object]) -> Callable[[], None]:
    def before() -> None:
        average, steps = parallel.average_gradients, []

        def failing(weights: object) -> None:
            steps.append(1)
            if len(steps) == 2:
                action()
            average(weights)

        parallel.average_gradients = failing

    return on_rank_1(before)


def full() -> None:
    raise ValueError("rank 1 has met a wall: expected none")


def test_an_error_on_one_rank_ends_all_with_its_sentence(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(command, tmp_path, fail_on_the_way(full)) == [2, 2]
    said = capfd.readouterr().err
    assert "minbert reproduce: rank 1 has met a wall: expected none" in said.splitlines()
    assert said.count("minbert reproduce: ") == 1 and "Traceback" not in said


def test_a_killed_rank_ends_the_others_with_a_sentence(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def before() -> None:
        fail_on_the_way(lambda: os._exit(9))()

    def work() -> None:
        before()
        (tmp_path / "code").write_text(f"{main(command)}")

    assert exit_codes(2, work) == [0, 9]
    assert (tmp_path / "code").read_text() == "2"
    said = capfd.readouterr().err
    assert "minbert reproduce: one of the 2 ranks has ended while others waited for it" in said
    assert not (tmp_path / "out").exists()


def test_commands_for_one_process_refuse_several(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "ranking-loss", "--out", str(tmp_path / "out")], tmp_path) == [2, 2]
    said = capfd.readouterr().err
    assert said.count("several ranks train one model in reproduce alone, got 2 ranks") == 1


@pytest.mark.parametrize(
    "given, place",
    [
        ({"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "0"}, Place(1, 4, 0)),
        ({"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"}, None),
        ({"RANK": "1", "WORLD_SIZE": "4"}, Place(1, 4, 1)),
        ({"RANK": "x", "WORLD_SIZE": "4"}, None),
        ({"RANK": "4", "WORLD_SIZE": "4"}, None),
        ({"WORLD_SIZE": "4"}, None),
    ],
)
def test_a_place_is_what_torchrun_says(
    given: dict[str, str], place: Place | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"MASTER_ADDR": "a", "MASTER_PORT": "1", **given}.items():
        monkeypatch.setenv(name, value)
    assert launched() == place


def test_the_recorded_command_has_the_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    expected = ["torchrun", "--nnodes", "2", "--nproc-per-node", "4", "-m"]
    assert Place(0, 8, 0).launcher == expected


@pytest.mark.slow
def test_torchrun_itself(command: list[str], tmp_path: Path) -> None:
    from torch.distributed import run as torchrun

    start = [sys.executable, torchrun.__file__, "--standalone", "--nproc-per-node", "2", "-m"]
    options = {"capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run([*start, "minbert", *command], **options)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "results.json").exists()
    assert done.stdout.count("## Hours of training") == 1
    assert done.stderr.count("everything is in") == done.stderr.count("mlm: computing") == 1

    wrong = [*start, "minbert", *command, "--data", f"cs224n:{tmp_path / 'nowhere'}"]
    failed = subprocess.run(wrong, **options)
    assert failed.returncode and failed.stderr.count("minbert reproduce: ") == 1
    assert "exitcode  : 2" in failed.stderr
