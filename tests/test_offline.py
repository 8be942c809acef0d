"""The whole test suite runs without a network; here is the proof that it does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OUTSIDE = ("192.0.2.1", 80)
"""An address that is kept for documentation (RFC 5737)."""
TRY = """
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError as error:
    print(error)
"""


def test_nothing_leaves_this_process() -> None:
    with pytest.raises(ConnectionRefusedError, match="without a network"):
        socket.create_connection(OUTSIDE, timeout=1)
    with pytest.raises(ConnectionRefusedError, match="without a network"):
        socket.getaddrinfo("example.org", 80)
    with (
        pytest.raises(ConnectionRefusedError, match="without a network"),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.sendto(b"", OUTSIDE)


def test_nothing_leaves_a_child_process() -> None:
    child = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True, check=True)
    assert "without a network" in child.stdout


def test_the_loopback_is_open() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_the_lab_works_without_network_and_without_weights_package(tmp_path: Path) -> None:
    """The shipped encoder, in a process that sees neither the hub's cache nor other packages."""
    script = (
        "import importlib.metadata as metadata\n"
        "def gone(name): raise metadata.PackageNotFoundError(name)\n"
        "metadata.files = gone\n"
        "from minbert.__main__ import main\n"
        "raise SystemExit(main(['sweep', '--stage', 'sst_finetune', '--lr', '1e-3', '--share',"
        f" '0.02', '--out', {str(tmp_path / 'out')!r}]))\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
    assert "classroom corpus (synthetic)" in child.stderr
    assert "tiny: shipped with minbert" in child.stderr
    assert "sst_accuracy" in child.stdout


def environment(folder: Path) -> dict[str, str]:
    """This process's, with empty caches."""
    return {**os.environ, "HF_HOME": str(folder / "hub"), "MINBERT_CACHE": str(folder / "cache")}
