"""Strict nbval in a process of its own, and how much of each notebook it compares."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from minbert.course.notebooks import compared, notebook_paths, read

CELL_TIMEOUT_S = 120

Nbval = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def nbval(tmp_path: Path) -> Nbval:
    """`nbval(path, cache)`: run strict nbval on one notebook, with the given stage cache."""

    def run(path: Path, cache: Path) -> subprocess.CompletedProcess:
        command = [
            sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q",
            "-p", "no:randomly", "-p", "no:cacheprovider", "-c", os.devnull,
            f"--rootdir={path.parent}", f"--nbval-cell-timeout={CELL_TIMEOUT_S}", str(path),
        ]  # fmt: skip
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("MINBERT_")
        }
        environment["MINBERT_CACHE"] = str(cache)
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=220
        )

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The share of code cells whose outputs are compared, per notebook."""
    terminalreporter.section("outputs that strict nbval compares")
    found = {path.stem: compared(read(path)) for path in notebook_paths()}
    for name, count in found.items():
        terminalreporter.write_line(
            f"{name.ljust(26)} {count.compared:3d} of {count.with_output:3d} cells with output "
            f"({count.share:.0%})"
        )
    total = sum(count.with_output for count in found.values())
    share = sum(count.compared for count in found.values()) / max(1, total)
    terminalreporter.write_line(f"{'all'.ljust(26)} {share:.0%} of {total}")
