"""Files and servers that mean harm, built harmlessly: nothing is run or written through."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import torch
from local_server import LocalServer

from minbert import Encoder, ModelConfig, from_pretrained
from minbert.data import download as module, published
from minbert.data.addresses import check_address
from minbert.data.download import download
from minbert.data.published import git_blob_id
from minbert.folders.added import PART
from minbert.pretrained import has_mlm_head, load_mlm_head

SMALL = ModelConfig(50, 8, 1, 1, 8, 8)
CONTENT = b"id\tsentence\n" * 4000
NAME = "sts-dev.csv"


@pytest.fixture
def folder(toy_model_folder: Path, tmp_path: Path) -> Path:
    """A copy of a small model's folder, to change."""
    return Path(shutil.copytree(toy_model_folder, tmp_path / "model"))


class Calls:
    """Pickles as a call of a function: what reads it naively calls it."""

    def __init__(self, function: Callable, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple:
        return self.call


def calls(marker: Path) -> dict[str, Calls]:
    """Calls that would leave a marker file, each in another way."""
    return {
        "os.system": Calls(os.system, f"touch '{marker}'"),
        "open": Calls(open, str(marker), "w"),
        "exec": Calls(exec, f"open({str(marker)!r}, 'w')"),
        "eval": Calls(eval, f"open({str(marker)!r}, 'w')"),
        "os.mkdir": Calls(os.mkdir, str(marker)),
        "Path.touch": Calls(Path.touch, marker),
        "getattr": Calls(getattr, "text", "upper"),
    }


FORMS: dict[str, Callable[[Any, Path], None]] = {
    "a weight": lambda evil, path: torch.save({"pooler.dense.weight": evil}, path),
    "beside weights": lambda evil, path: torch.save({"a": torch.zeros(2), "hook": evil}, path),
    "alone": torch.save,
    "an old pickle": lambda evil, path: torch.save(
        {"a": evil}, path, _use_new_zipfile_serialization=False
    ),
    "a bare pickle": lambda evil, path: path.write_bytes(pickle.dumps({"a": evil})),
}


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("call", sorted(calls(Path())))
def test_a_pickle_calls_nothing(folder: Path, call: str, form: str, name: str) -> None:
    (folder / "model.safetensors").unlink()
    marker = folder / "marker"
    FORMS[form](calls(marker)[call], folder / name)
    encoder = Encoder(SMALL)
    for load in (from_pretrained, has_mlm_head, lambda f: load_mlm_head(f, encoder)):
        with pytest.raises(ValueError, match="no readable weights file") as caught:
            load(folder)
        sentence = str(caught.value)
        assert str(folder / name) in sentence and "expected" in sentence and "\n" not in sentence
        assert "weights_only" not in sentence and "trust" not in sentence
    assert not marker.exists()


def test_the_sentence_names_what_a_pickle_asks_for(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"a": Calls(os.system, "true")}, folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"asks for (posix|nt)\.system, expected nothing but tens"):
        from_pretrained(folder)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("config.json", {"auto_map": {"AutoModel": "code.Model"}, "trust_remote_code": True}),
        ("config.json", {"architectures": ["code.Model"], "custom": "__import__('os')"}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["code.T", None]}}),
        ("tokenizer_config.json", {"chat_template": "{{ ''.__class__.__mro__ }}"}),
    ],
)
def test_code_beside_a_model_is_not_run(folder: Path, name: str, change: dict) -> None:
    marker = folder / "marker"
    for file in ("code.py", "modeling.py", "__init__.py", "conftest.py", "sitecustomize.py"):
        (folder / file).write_text(f"open({str(marker)!r}, 'w').close()")
    content = json.loads((folder / name).read_text()) | change
    (folder / name).write_text(json.dumps(content))
    from_pretrained(folder)
    assert not marker.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x", "HTTP://example.org/x", "ftp://example.org/x", "file:///etc/passwd",
        "data:text/plain,hello", "//example.org/x", "example.org/x", "", "https://", "https:///x",
        "http://127.0.0.1.example.org/x", "http://localhost.example.org/x", "http://[::2]/x",
        "http://127.0.0.1@example.org/x", "javascript:alert(1)", "http://[broken/x",
        "http://0.0.0.0/x", "http://10.0.0.1/x",
    ],
)  # fmt: skip
def test_addresses_that_are_not_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected https"):
        check_address(url)
    with pytest.raises(ValueError, match="expected https"):
        download(tmp_path / "data", base_url=url, files=[NAME])
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "url", ["https://example.org/x", "http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]/"]
)
def test_addresses_that_may_be_asked(url: str) -> None:
    check_address(url)


class Server(LocalServer):
    """Answers every request as it is told to."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.requests: list[str] = []
        self.answer = answer
        super().__init__()

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append(request.path)
        self.answer(request)


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()

    return answer


def sends(content: bytes, length: int | str | None = None) -> Any:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        if length is not None:
            request.send_header("Content-Length", str(length))
        request.end_headers()
        request.wfile.write(content)

    return answer


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    try:
        while True:
            request.wfile.write(b"x" * 65_536)
    except OSError:
        pass


def hangs(request: BaseHTTPRequestHandler) -> None:
    request.connection.settimeout(3)
    with contextlib.suppress(OSError):
        request.connection.recv(1)


def resets(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def garbage(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


SERVERS: dict[str, tuple[Callable, type[Exception], str]] = {
    "401": (status(401), OSError, "answered 401, .*expected the file: it wants a login"),
    "403": (status(403), OSError, "answered 403, .*expected the file: it refuses access"),
    "404": (status(404), OSError, "answered 404, .*expected the file: it has no such file"),
    "410": (status(410), OSError, "answered 410, .*expected the file: it refuses"),
    "429": (status(429), OSError, "answered 429, .*asked too often"),
    "500": (status(500), OSError, "answered 500, .*the server itself fails"),
    "503": (status(503), OSError, "answered 503, .*the server itself fails"),
    "416": (status(416), OSError, "answered 416, .*it refuses"),
    "hangs": (hangs, OSError, "cannot be fetched .no answer within"),
    "resets": (resets, OSError, "cannot be fetched .*goes on later"),
    "garbage": (garbage, OSError, "cannot be fetched .*goes on later"),
    "to a file": (status(302, Location="file:///etc/passwd"), OSError, "sends on in a circle"),
    "to ftp": (status(301, Location="ftp://127.0.0.1/x"), ValueError, "expected https"),
    "to plain http": (status(307, Location="http://example.org/x"), ValueError, "expected https"),
    "to nowhere": (status(302, Location="http:///x"), OSError, "sends on in a circle"),
    "in a circle": (status(302, Location="/again"), OSError, "answered 302"),
    "says too much": (
        sends(b"x", 1 << 40),
        ValueError,
        "sends 1099511627776 bytes or more, expected at most",
    ),
    "sends without end": (endless, ValueError, "bytes or more, expected at most"),
    "a length that is text": (sends(b"x", "many"), ValueError, "is not the published file"),
    "a negative length": (sends(b"x", -5), ValueError, "is not the published file"),
    "a page": (sends(b"<html>login</html>", 18), ValueError, "is not the published file"),
    "nothing": (sends(b"", 0), ValueError, "is not the published file"),
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that is asked for is ours, and a little more than its size is too much."""
    monkeypatch.setitem(published.GIT_BLOBS, NAME, git_blob_id(CONTENT))
    monkeypatch.setattr(module, "LARGEST", 200_000)
    monkeypatch.setattr(module, "PAUSE_S", 0.01)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable], Server]]:
    """Start servers, and end them."""
    started: list[Server] = []

    def start(answer: Callable) -> Server:
        started.append(Server(answer))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.mark.parametrize("case", SERVERS)
def test_what_a_server_may_answer(case: str, serve: Callable, tmp_path: Path) -> None:
    answer, kind, message = SERVERS[case]
    server = serve(answer)
    with pytest.raises(kind, match=message) as caught:
        download(tmp_path / "data", base_url=server.url, files=[NAME], timeout_s=1)
    assert server.url in str(caught.value) and "\n" not in str(caught.value)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_redirect_to_this_machine_is_followed(serve: Callable, tmp_path: Path) -> None:
    real = serve(sends(CONTENT, len(CONTENT)))
    first = serve(status(302, Location=f"{real.url}/{NAME}"))
    download(tmp_path, base_url=first.url, files=[NAME], timeout_s=5)
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing yet"])
def test_no_link_is_written_through(serve: Callable, tmp_path: Path, there: bool) -> None:
    """A link where the file is collected, in a folder that others can write to."""
    server = serve(sends(CONTENT, len(CONTENT)))
    target = tmp_path / "precious"
    if there:
        target.write_text("mine")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f".{NAME}{PART}").symlink_to(target)
    download(tmp_path / "data", base_url=server.url, files=[NAME], timeout_s=5)
    assert target.exists() == there and (not there or target.read_text() == "mine")
    assert [path.name for path in (tmp_path / "data").iterdir()] == [NAME]


def test_a_link_with_the_files_own_name_is_replaced_not_followed(
    serve: Callable, tmp_path: Path
) -> None:
    server = serve(sends(CONTENT, len(CONTENT)))
    target = tmp_path / "precious"
    target.write_text("mine")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / NAME).symlink_to(target)
    with pytest.raises(ValueError, match="--force"):
        download(tmp_path / "data", base_url=server.url, files=[NAME], timeout_s=5)
    download(tmp_path / "data", base_url=server.url, files=[NAME], timeout_s=5, force=True)
    assert target.read_text() == "mine"
    assert (tmp_path / "data" / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/passwd", "sub/sts-dev.csv", "..", "sts-dev.csv\0", "con.csv"]
)
def test_only_the_courses_own_names_are_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is none of the course's files"):
        download(tmp_path / "data", base_url="https://example.org", files=[name])
    assert not (tmp_path / "data").exists()
