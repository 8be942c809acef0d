"""What a command prints may find no room: one sentence, as for any other file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", [["data", "sample"], ["data", "ladder"]])
def test_a_full_disk_behind_stdout_is_said(command: list[str]) -> None:
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "minbert", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert run.returncode == 2
    assert "No space left" in run.stderr
    assert (
        "Traceback" not in run.stderr
        and "what it prints (or a file) cannot be written" in run.stderr
    )


def test_no_epochs_are_refused_and_not_taken_for_the_usual_number(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "minbert", "pretrain-tiny", "--epochs", "0", "--out",
         str(tmp_path / "out")], capture_output=True, text=True)  # fmt: skip
    assert run.returncode == 2 and "epochs" in run.stderr and "got 0" in run.stderr
    assert not (tmp_path / "out").exists()
