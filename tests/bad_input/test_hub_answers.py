"""What a hub may answer: each kind of refusal is told apart, with its address."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from local_server import LocalServer
from transformers import BertTokenizer

from minbert import from_pretrained
from minbert.hub import HubFiles
from minbert.weights import gather

NAME = "someone/small-bert"
COMMIT = "1234567890" * 4


class Hub(LocalServer):
    """Serves a folder as huggingface_hub asks for it; how badly is up to `answer`."""

    def __init__(self) -> None:
        self.folder = Path()
        self.answer: Any = None
        self.asked: list[str] = []
        super().__init__()

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        owner, model, _, _, *rest = request.path.split("?")[0].strip("/").split("/")
        name = "/".join(rest)
        self.asked.append(name)
        if callable(self.answer):
            return self.answer(request)
        if isinstance(self.answer, tuple):
            status, headers = self.answer
            return self.send(request, status, headers, b"")
        path = self.folder / name
        if f"{owner}/{model}" != NAME:
            return self.send(request, 404, {"X-Error-Code": "RepoNotFound"}, b"")
        if not path.is_file():
            headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
            return self.send(request, 404, headers, b"")
        content = path.read_bytes()
        headers = {"ETag": f'"{name.replace("/", "-")}"', "X-Repo-Commit": COMMIT}
        self.send(request, 200, headers, content)

    def send(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        headers: dict[str, str],
        content: bytes,
    ) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)


@pytest.fixture(scope="module")
def running() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture
def hub(
    running: Hub, toy_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Hub:
    """A hub on this machine, and an empty cache; this process asks no other."""
    from huggingface_hub import constants

    running.folder, running.answer, running.asked = toy_model_folder, None, []
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", running.url)
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        running.url + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 1)
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)
    # The library waits longer, and many times, before it gives up.
    monkeypatch.setattr("huggingface_hub.file_download._ETAG_RETRY_TIMEOUT", 1, raising=False)
    http = "huggingface_hub.utils._http.time"
    monkeypatch.setattr(http, SimpleNamespace(sleep=lambda seconds: None, time=time.time))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return running


def load() -> tuple[Any, str]:
    """The location, or the class of the error; and its sentence."""
    try:
        return gather(HubFiles(NAME, NAME), NAME), ""
    except (ValueError, OSError) as error:
        return type(error), str(error)


ANSWERS: dict[str, tuple[tuple[int, dict[str, str]], type, str]] = {
    "401": ((401, {}), FileNotFoundError, "answered 401, expected config.json .*wants a login, or"),
    "401, no such repository": (
        (401, {"X-Error-Code": "RepoNotFound"}), FileNotFoundError, "answered 401, expected"),
    "403": ((403, {}), OSError, "answered 403, expected config.json .*it refuses access"),
    "403, gated": ((403, {"X-Error-Code": "GatedRepo"}), OSError, "answered 403, .*terms"),
    "404, no such repository": (
        (404, {"X-Error-Code": "RepoNotFound"}), FileNotFoundError, "answered 404, .*no such repo"),
    "404, no such revision": (
        (404, {"X-Error-Code": "RevisionNotFound"}), FileNotFoundError, "answered 404, .*revision"),
    "400": ((400, {}), OSError, "answered 400, expected config.json .*it refuses"),
    "410": ((410, {}), OSError, "answered 410, expected config.json .*it refuses"),
    "418": ((418, {}), OSError, "answered 418, expected config.json .*it refuses"),
    "501": ((501, {}), OSError, "answered 501, expected config.json .*the hub itself fails"),
    "507": ((507, {}), OSError, "answered 507, expected config.json .*the hub itself fails"),
    "a page without marks": ((200, {}), OSError, "answered, but not as a hub does"),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
def test_answers_are_told_apart(hub: Hub, case: str) -> None:
    hub.answer, kind, message = ANSWERS[case]
    got, sentence = load()
    assert got is kind, sentence
    assert re.search(message, sentence), sentence
    assert f"{hub.url}/{NAME}/resolve/main/config.json" in sentence and "\n" not in sentence


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_answers_that_the_library_tries_again(hub: Hub, status: int) -> None:
    hub.answer = (status, {})
    got, sentence = load()
    assert got is OSError, sentence
    assert f"answered {status}, expected config.json" in sentence and hub.url in sentence


def test_a_hub_that_does_not_answer(hub: Hub) -> None:
    hub.answer = lambda request: time.sleep(2)
    got, sentence = load()
    assert got is FileNotFoundError and "did not answer in time" in sentence, sentence
    assert hub.url in sentence


def test_no_connection(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}",
    )
    got, sentence = load()
    assert got is FileNotFoundError, sentence
    assert "there is no connection to http://127.0.0.1:9/" in sentence and "\n" not in sentence


def test_a_connection_that_breaks_off(hub: Hub) -> None:
    hub.answer = lambda request: request.connection.close()
    got, sentence = load()
    assert got in (OSError, FileNotFoundError) and hub.url in sentence and "\n" not in sentence


@pytest.mark.parametrize(
    "endpoint",
    ["http://hub.example", "ftp://127.0.0.1", "file:///etc", "http://127.0.0.1.example", "hub"],
)
def test_a_hub_that_is_not_asked(hub: Hub, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    got, sentence = load()
    assert got is ValueError and "expected https:" in sentence, sentence
    assert hub.asked == []


def test_all_files_that_decide_are_fetched_and_from_one_commit(hub: Hub, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(hub.folder, tmp_path / "served"))
    beside = {
        "modules.json": [
            {"path": "", "type": "sentence_transformers.models.Transformer"},
            {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
        "1_Pooling/config.json": {"pooling_mode": "max"},
        "sentence_bert_config.json": {"max_seq_length": 9},
        "config_sentence_transformers.json": {},
        "special_tokens_map.json": {"mask_token": "[MASK]"},
        "added_tokens.json": {"[PAD]": 0},
    }
    for name, content in beside.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    hub.folder = folder
    location, sentence = load()
    assert not sentence
    root = location.config.parent
    found = {path.relative_to(root).as_posix() for path in location.files}
    wanted = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert found == wanted | set(beside)
    assert COMMIT in str(root)


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def test_a_cased_model_of_the_hub_stays_cased(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """vocab.txt alone would be lower-cased; offline, the answer is remembered."""
    folder = Path(shutil.copytree(hub.folder, tmp_path / "served"))
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    (folder / "tokenizer.json").unlink()
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    hub.folder = folder
    expected = BertTokenizer.from_pretrained(folder)(["The Film"])["input_ids"]
    assert from_pretrained(NAME)[1].encode(["The Film"]) == expected
    offline(monkeypatch)
    asked = len(hub.asked)
    assert from_pretrained(NAME)[1].encode(["The Film"]) == expected
    assert len(hub.asked) == asked and "taken as absent" not in caplog.text


def test_without_its_options_a_cached_model_is_not_guessed(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A cache that somebody else filled has no word on tokenizer_config.json."""
    cache = tmp_path / "cache" / "models--someone--small-bert"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text(COMMIT)
    snapshot = Path(shutil.copytree(hub.folder, cache / "snapshots" / COMMIT))
    offline(monkeypatch)
    from_pretrained(NAME)
    assert "nobody knows whether it has modules.json" in caplog.text
    (snapshot / "tokenizer_config.json").unlink()
    with pytest.raises(FileNotFoundError, match="HF_HUB_OFFLINE forbids to ask http://127") as got:
        from_pretrained(NAME)
    assert str(got.value).startswith("tokenizer_config.json of someone/small-bert is not in the")
