"""The download, against a server on this machine that does what servers do wrong."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from local_server import LocalServer

from minbert.data import download as module, published
from minbert.data.download import download
from minbert.data.published import git_blob_id

CONTENT = b"".join(b"%d\tline\n" % number for number in range(40_000))
NAME = "sts-dev.csv"


class Server(LocalServer):
    """Serves CONTENT under NAME; how well is up to the flags."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.cut: list[int] = []
        self.requests: list[str] = []
        super().__init__()
        self.url += "/data"

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append(request.path)
        if not request.path.endswith(NAME):
            request.send_error(404)
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(self.content)))
        request.end_headers()
        request.wfile.write(self.content[: self.cut.pop(0) if self.cut else None])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setitem(published.GIT_BLOBS, NAME, git_blob_id(CONTENT))
    monkeypatch.setattr(module, "PAUSE_S", 0.01)
    running = Server()
    yield running
    running.close()


def fetch(server: Server, to: Path, **options: object) -> None:
    download(to, base_url=server.url, files=[NAME], timeout_s=5, **options)


def test_a_file_is_fetched_once(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / NAME).read_bytes() == CONTENT
    fetch(server, tmp_path / "new" / "folder")
    assert server.requests == [f"/data/{NAME}"]


def test_a_cut_connection_is_tried_again(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.cut = [100_000, 0]
    fetch(server, tmp_path)
    assert (tmp_path / NAME).read_bytes() == CONTENT and len(server.requests) == 3
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert caplog.text.count("tried again") == 2 and server.url in caplog.text


def test_a_connection_that_stays_cut_is_said_and_leaves_nothing(
    server: Server, tmp_path: Path
) -> None:
    server.cut = [100_000] * module.ATTEMPTS
    with pytest.raises(OSError, match="the same command goes on later"):
        fetch(server, tmp_path)
    assert list(tmp_path.iterdir()) == [] and len(server.requests) == module.ATTEMPTS
    fetch(server, tmp_path)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_other_content_is_refused_and_not_kept(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"?"
    with pytest.raises(ValueError, match="is not the published file"):
        fetch(server, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_overwritten(server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("my own")
    with pytest.raises(ValueError, match="--force"):
        fetch(server, tmp_path)
    assert (tmp_path / NAME).read_text() == "my own"
    fetch(server, tmp_path, force=True)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_missing_file_and_a_missing_server(server: Server, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="the server answered 404"):
        download(tmp_path, base_url=server.url, files=["sts-train.csv"])
    server.close()
    with pytest.raises(OSError, match="cannot be fetched"):
        fetch(server, tmp_path)
    with pytest.raises(ValueError, match="none of the course's files"):
        download(tmp_path, files=["passwords.csv"])
