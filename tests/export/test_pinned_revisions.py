"""A revision pins a hub id: every file comes from its commit, also of a branch that moves."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from local_server import LocalServer

from minbert import from_pretrained

NAME, COMMIT, MOVED = "someone/small-bert", "1234567890" * 4, "abcdef0123" * 4


class Hub(LocalServer):
    """Serves a folder under any revision, and notes which one each file was asked of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, str]] = []
        super().__init__()

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        _, _, _, revision, *rest = request.path.split("?")[0].strip("/").split("/")
        name = "/".join(rest)
        self.asked.append((revision, name))
        path = self.folder / name
        # What a branch means changes after the first file.
        branch = COMMIT if len({asked for _, asked in self.asked}) < 2 else MOVED
        headers = {"X-Repo-Commit": revision if revision in (COMMIT, MOVED) else branch}
        content = path.read_bytes() if path.is_file() else b""
        headers |= {"ETag": f'"{name}"'} if path.is_file() else {"X-Error-Code": "EntryNotFound"}
        request.send_response(200 if path.is_file() else 404)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            request.send_header(key, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)


@pytest.fixture
def hub(toy_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    hub = Hub(toy_model_folder)
    address = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    for name, value in (
        ("HF_HUB_OFFLINE", False),
        ("ENDPOINT", hub.url),
        ("HUGGINGFACE_CO_URL_TEMPLATE", address),
        ("HF_HUB_CACHE", str(tmp_path / "cache")),
        ("HF_HUB_DISABLE_XET", True),
    ):
        monkeypatch.setattr(constants, name, value)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield hub
    hub.close()


@pytest.mark.parametrize("revision", ["v1.0", "a-branch", COMMIT])
@pytest.mark.parametrize("way", ["@", "revision="])
def test_every_file_is_of_the_pinned_commit(hub: Hub, revision: str, way: str) -> None:
    if way == "@":
        encoder, _ = from_pretrained(f"{NAME}@{revision}")
    else:
        encoder, _ = from_pretrained(NAME, revision=revision)
    assert encoder.config.hidden_size == 32
    first, *others = dict.fromkeys(hub.asked)
    assert first == (revision, "config.json")
    assert {asked for asked, name in others if name != "config.json"} == {COMMIT}
    assert "model.safetensors" in {name for _, name in others}
    hub.asked.clear()
    from_pretrained(f"{NAME}@{COMMIT}")
    assert [name for _, name in hub.asked if name.endswith((".safetensors", "config.json"))] == []
