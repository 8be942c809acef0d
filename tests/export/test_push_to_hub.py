"""minbert push against a hub on this machine: what is sent, and what is not."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from local_server import LocalServer

from minbert import from_pretrained, save_pretrained
from minbert.__main__ import main

TOKEN = "hf_notARealTokenOfAnybody"
NAME = "someone/small-bert"


class Hub(LocalServer):
    """Takes a repository and a commit as huggingface_hub sends them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.sent: dict[str, bytes] = {}
        self.made: dict = {}
        self.tokens: set[str | None] = set()
        self.refuse: int | None = None
        self.large: tuple[str, ...] = ()
        """Endings of files that are stored apart from the commit, as real hubs do with weights."""
        self.stored: dict[str, bytes] = {}
        """Those, by the SHA-256 of their content."""
        self.named: dict[str, str] = {}
        """Path and SHA-256 of those that a commit names."""
        self.refuse_large: int | None = None
        self.missing = "\0"
        """A part of an address that this hub does not have."""
        super().__init__()

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length)
        path = request.path.split("?")[0]
        self.asked.append((request.command, path))
        self.tokens.add(request.headers.get("Authorization"))
        status, answer = 200, {}
        if self.refuse:
            status, answer = self.refuse, {"error": "no"}
        elif self.missing in path:
            status = 404
        elif path == "/api/repos/create":
            self.made = json.loads(body)
            answer = {"url": f"{self.url}/{NAME}"}
        elif path.endswith("/preupload/main"):
            names = [file["path"] for file in json.loads(body)["files"]]
            modes = ["lfs" if n.endswith(self.large or ("\0",)) else "regular" for n in names]
            answer = {
                "files": [
                    {"path": n, "uploadMode": mode, "shouldIgnore": False}
                    for n, mode in zip(names, modes, strict=True)
                ]
            }
        elif path.endswith("/info/lfs/objects/batch"):
            objects = [
                {
                    "oid": one["oid"],
                    "size": one["size"],
                    "actions": {"upload": {"href": f"{self.url}/large/{one['oid']}"}},
                }
                for one in json.loads(body)["objects"]
            ]
            answer = {"transfer": "basic", "objects": objects}
        elif request.command == "PUT":
            status = self.refuse_large or 200
            if status == 200:
                self.stored[path.rpartition("/")[2]] = body
        elif path.endswith("/commit/main"):
            for line in map(json.loads, body.splitlines()):
                value = line["value"]
                if line["key"] == "lfsFile":
                    self.named[value["path"]] = value["oid"]
                if line["key"] == "file":
                    self.sent[value["path"]] = base64.b64decode(value["content"])
            answer = {"commitUrl": f"{self.url}/{NAME}/commit/{'1' * 40}", "commitOid": "1" * 40,
                      "pullRequestUrl": None, "hookOutput": "", "success": True}  # fmt: skip
        content = json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    hub = Hub()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield hub
    hub.close()


@pytest.fixture
def model(toy_model_folder: Path, tmp_path: Path) -> Path:
    """A model's folder with things in it that are nobody else's business."""
    folder = tmp_path / "model"
    save_pretrained(folder, *from_pretrained(toy_model_folder), pooling="mean")
    for name in (".minbert.json", "checkpoint.pt", "predictions.npz", ".git/config", "notes.docx"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")
    return folder


def test_a_model_is_sent_private_and_whole(
    hub: Hub, model: Path, capsys: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["push", str(model), NAME, "--license", "apache-2.0", "--yes"]) == 0
    assert (hub.made["organization"], hub.made["name"]) == ("someone", "small-bert")
    assert hub.made.get("visibility") == "private" or hub.made.get("private") is True
    assert set(hub.sent) == {
        "README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
        "modules.json", "1_Pooling/config.json", "sentence_bert_config.json",
        "config_sentence_transformers.json",
    }  # fmt: skip
    for name, content in hub.sent.items():
        if name != "README.md":
            assert content == (model / name).read_bytes()
    card = hub.sent["README.md"].decode()
    assert card.startswith('---\nlicense: "apache-2.0"\nlibrary_name: sentence-transformers\n')
    assert f'SentenceTransformer("{NAME}")' in card and "FOLDER" not in card
    assert not (model / "README.md").exists(), "the folder stays as it is"
    said = capsys.readouterr()
    assert "9 files" in said.out and "(private, if it does not exist yet)" in said.out
    assert f"{NAME}/commit/" in said.out
    assert hub.tokens - {None} == {f"Bearer {TOKEN}"}
    assert TOKEN not in said.out + said.err + caplog.text


@pytest.fixture
def with_lfs(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub that takes weights apart from the commit, by the protocol of Git LFS."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    hub.large = (".safetensors",)
    return hub


LIBRARYS_OWN = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
"""huggingface_hub 2.4.0 sends weights in a way that httpx is about to leave."""


@LIBRARYS_OWN
def test_weights_go_to_the_store_for_large_files(with_lfs: Hub, model: Path) -> None:
    assert main(["push", str(model), NAME, "--yes"]) == 0
    weights = (model / "model.safetensors").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    assert with_lfs.named == {"model.safetensors": digest}
    assert with_lfs.stored == {digest: weights}
    assert "model.safetensors" not in with_lfs.sent and "config.json" in with_lfs.sent


@LIBRARYS_OWN
@pytest.mark.parametrize("status", [403, 413, 507])
def test_a_store_that_refuses_weights_is_named(
    with_lfs: Hub, model: Path, capsys: pytest.CaptureFixture, status: int
) -> None:
    with_lfs.refuse_large = status
    assert main(["push", str(model), NAME, "--yes"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"answered {status} to the upload to {NAME}" in said and TOKEN not in said
    assert with_lfs.stored == {} and with_lfs.sent == {}, "no commit without its weights"


def test_a_hub_without_xet_says_what_to_do(
    hub: Hub, model: Path, capsys: pytest.CaptureFixture
) -> None:
    pytest.importorskip("hf_xet")
    hub.large = (".safetensors",)
    hub.missing = "/xet-write-token/"
    assert main(["push", str(model), NAME, "--yes"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "HF_HUB_DISABLE_XET=1" in said and TOKEN not in said
    assert hub.stored == {} and hub.sent == {}


def test_nothing_is_sent_unasked(hub: Hub, model: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["push", str(model), NAME, "--public"]) == 2
    said = capsys.readouterr()
    assert "public, which everybody can read" in said.out and "no licence" in said.out
    assert "nothing was sent: look at the list above, and say --yes" in said.err
    assert hub.asked == []


REFUSED = {
    "an answer of 401": (401, {}, "answered 401 to the upload to .*the token is not valid: log in"),
    "an answer of 403": (403, {}, "answered 403 to the upload to .*the token may not write there"),
    "an answer of 500": (500, {}, "answered 500 to the upload to"),
    "no token": (None, {"HF_TOKEN": None}, "nobody is logged in to the hub: expected a token"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_goes_wrong_is_one_sentence_without_the_token(
    hub: Hub,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    tmp_path: Path,
    case: str,
) -> None:
    from huggingface_hub import constants

    hub.refuse, environment, message = REFUSED[case]
    for name in environment:
        monkeypatch.delenv(name)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    assert main(["push", str(model), NAME, "--yes"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.search(message, said), said
    assert TOKEN not in said and hub.sent == {}


WRONG = {
    "no model": (lambda f: ["nowhere", NAME], "there is no folder nowhere"),
    "no repository": (lambda f: [f, "small bert"], "repository must be owner/model, got"),
    "no branch": (lambda f: [f, NAME, "--revision", "a b"], "revision must be a branch, got 'a b'"),
    "damaged": (lambda f: [damage(f), NAME], "model.safetensors is no readable weights file"),
    "a licence too many": (
        lambda f: [card(f, "---\nlicense: mit\n---\n"), NAME, "--license", "apache-2.0"],
        "the card says a licence already",
    ),
    "no card": (
        lambda f: [card(f, "# Mine\n"), NAME, "--license", "mit"],
        "README.md has no front matter",
    ),
}


def damage(folder: str) -> str:
    (Path(folder) / "model.safetensors").write_bytes(b"no")
    return folder


def card(folder: str, text: str) -> str:
    (Path(folder) / "README.md").write_text(text)
    return folder


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_reach_no_hub(
    hub: Hub, model: Path, capsys: pytest.CaptureFixture, case: str
) -> None:
    make, message = WRONG[case]
    assert main(["push", *make(str(model)), "--yes"]) == 2
    assert message in capsys.readouterr().err
    assert hub.asked == []
