"""Strict nbval in a process of its own, and how much of each notebook it compares."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from machine_matrix import environment, nbval

from minbert.course.notebooks import compared, notebook_paths, read

Nbval = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def run_nbval(tmp_path: Path) -> Nbval:
    """`run_nbval(path, cache, cell)`: strict nbval on one notebook, with the given stage cache.

    `cell` is one of the machine matrix. What nbval says and the findings stay in `tmp_path`.
    """

    def run(path: Path, cache: Path, cell: str = "native-1") -> subprocess.CompletedProcess:
        return nbval(path, environment(cell, cache), tmp_path)

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
