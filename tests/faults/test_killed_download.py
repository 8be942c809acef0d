"""A download killed at any moment: the same command goes on, and nothing of it lies about."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from local_server import LocalServer
from small_experiment import forked

from minbert.commands.data import run_data_download
from minbert.data import download as module, published
from minbert.data.published import git_blob_id
from minbert.folders import added
from minbert.folders.marker import MARKER

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, which Windows cannot"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

CONTENT = {
    name: b"".join(b"%d\t%s\n" % (line, name.encode()) for line in range(9000))
    for name in ("ids-sst-dev.csv", "quora-dev.csv", "sts-dev.csv")
}
SIZE = len(CONTENT["ids-sst-dev.csv"])
PIECE = 1 << 14
AFTER = [part * SIZE // 3 for part in range(9)]
"""Bytes after which the child is killed: at the beginning of each file, and twice in its middle."""


class Server(LocalServer):
    """Sends the files piece by piece, and kills who asked once it has sent enough."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.child: int | None = None
        self.left = 0
        super().__init__()

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.rpartition("/")[2]
        self.asked.append(name)
        content = CONTENT[name]
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        for start in range(0, len(content), PIECE):
            if self.child is not None and self.left <= 0:
                os.kill(self.child, signal.SIGKILL)
                return
            piece = content[start : start + PIECE]
            request.wfile.write(piece)
            self.left -= len(piece)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(
        module, "GIT_BLOBS", {name: git_blob_id(content) for name, content in CONTENT.items()}
    )
    monkeypatch.setattr(published, "GIT_BLOBS", module.GIT_BLOBS)
    running = Server()
    yield running
    running.close()


def command(server: Server, to: Path) -> None:
    """`minbert data download --to DIR --source URL`."""
    run_data_download(argparse.Namespace(to=str(to), source=server.url, force=False))


def ended(server: Server, to: Path) -> None:
    """The same command goes on: what was there is kept, all is there, and nothing else."""
    whole = {path.name for path in to.glob("*.csv")}
    for name in whole:
        assert (to / name).read_bytes() == CONTENT[name]
    server.child, server.asked = None, []
    command(server, to)
    assert set(server.asked) == CONTENT.keys() - whole
    assert {path.name: path.read_bytes() for path in to.iterdir() if path.name != MARKER} == CONTENT


@pytest.mark.parametrize("bytes_sent", AFTER)
def test_killed_while_it_receives(server: Server, tmp_path: Path, bytes_sent: int) -> None:
    ready, go = os.pipe()

    def work() -> None:
        os.read(ready, 1)
        command(server, tmp_path / "data")

    server.child, server.left = forked(work), bytes_sent
    os.write(go, b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(server.child, 0)[1]) == -signal.SIGKILL
    os.close(ready)
    os.close(go)
    assert len(list((tmp_path / "data").glob("*.csv"))) <= bytes_sent // SIZE
    ended(server, tmp_path / "data")


@pytest.mark.parametrize("file", [1, 2, 3])
@pytest.mark.parametrize("when", ["before", "half", "after"])
def test_killed_while_it_writes(server: Server, tmp_path: Path, file: int, when: str) -> None:
    """Before a whole file gets its name, when half of it is on disk, and after."""
    replace = os.replace

    def work() -> None:
        count = 0

        def struck(source: Path, target: Path) -> None:
            nonlocal count
            count += target.suffix == ".csv"
            if count == file and target.suffix == ".csv":
                if when == "half":
                    source.write_bytes(source.read_bytes()[: SIZE // 2])
                if when == "after":
                    replace(source, target)
                os.kill(os.getpid(), signal.SIGKILL)
            replace(source, target)

        added.os.replace = struck
        command(server, tmp_path / "data")

    child = forked(work)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    ended(server, tmp_path / "data")
