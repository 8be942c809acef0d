"""What a certificate measures and says, with an export made of torch: no runtime is needed."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minbert import encode, from_pretrained
from minbert.__main__ import main
from minbert.commands import export as command
from minbert.data import load_data
from minbert.data.examples import CourseData
from minbert.export import Certificate, ExportedEncoder, certify, sentence_graph
from minbert.export.certificate import sentences_of
from minbert.export.exported import settings_of

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import exports  # noqa: E402


class Standing(ExportedEncoder):
    """An export that gives the model's own vectors, turned by `angle` radians."""

    def encode(self, sentences, token_budget=None):
        vectors = encode(list(sentences), *self.run, precision="fp32")
        other = np.roll(vectors, 1, axis=1)
        other -= vectors * (vectors * other).sum(1, keepdims=True) / (vectors**2).sum(1)[:, None]
        lengths = [np.linalg.norm(one, axis=1, keepdims=True) for one in (vectors, other)]
        other *= lengths[0] / lengths[1]
        return np.cos(ANGLE) * vectors + np.sin(ANGLE) * other


ANGLE = 0.0


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> CourseData:
    from toy import write_toy_data

    return load_data(f"cs224n:{write_toy_data(tmp_path_factory.mktemp('toy'), rows=16)}")


def standing(folder: Path, int8: bool = False) -> tuple:
    encoder, tokenizer = from_pretrained(folder)
    settings = settings_of(sentence_graph(encoder), encoder, tokenizer, "onnx", int8)
    return encoder, tokenizer, Standing(settings, tokenizer, (encoder, tokenizer), "turned 1.0")


@pytest.mark.parametrize(
    "angle, int8, good, verdict",
    [
        (0.0, False, True, "Good: every vector has a cosine of at least 0.999"),
        (0.04, False, True, "Good"),
        (0.05, False, False, "Not good: a vector's cosine to the model's falls to 0.9988"),
        (0.3, True, False, "int8 costs: a vector's cosine to the model's falls to 0.9553"),
    ],
)
def test_what_is_measured(
    toy_model_folder: Path,
    data: CourseData,
    monkeypatch: pytest.MonkeyPatch,
    angle: float,
    int8: bool,
    good: bool,
    verdict: str,
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ANGLE", angle)
    monkeypatch.setenv("MINBERT_THREADS", "1")
    found = certify(*standing(toy_model_folder, int8), data, threads=1, count=20, rounds=2)
    assert found.smallest_cosine == pytest.approx(np.cos(angle), abs=1e-5)
    assert found.good == good and found.verdict().startswith(verdict)
    assert found.sentences == 20 and found.export_per_second > 0 and found.torch_single_ms > 0
    assert found.sts_torch is not None
    if angle == 0:
        assert found.largest_difference < 1e-6
        away = 1e-6 if found.torch_precision == "fp32" else 5e-3  # r is that of the torch path
        assert found.sts_export == pytest.approx(found.sts_torch, abs=away)
    table = found.markdown()
    assert f"turned 1.0{', int8' if int8 else ''}" in table and verdict in table
    again = exports.certificate(json.loads(json.dumps(found.to_dict())))
    assert again == found and isinstance(again, Certificate)


def test_where_the_sentences_are_from(data: CourseData) -> None:
    texts = sentences_of(data, 30)
    assert len(texts) == len(set(texts)) == 30
    joint = {text for task in data.joint for part in (data.tasks[task].dev, data.tasks[task].train)
             for example in part for text in example.texts}  # fmt: skip
    assert set(texts) <= joint
    only_text = replace(data, tasks={}, text=("a", "b", "a"))
    assert sentences_of(only_text, 10) == ["a", "b"]
    with pytest.raises(ValueError, match="has no sentences"):
        sentences_of(replace(data, tasks={}), 10)
    with pytest.raises(ValueError, match="count must be at least 1"):
        certify(None, None, None, data, 1, count=0)


def test_an_export_that_is_not_good_is_not_kept(
    toy_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, caplog
) -> None:
    def write(graph, folder, runtime, int8=False):
        (folder / "model.onnx").write_bytes(b"graph")

    _, _, turned = standing(toy_model_folder)
    monkeypatch.setattr(command, "check_installed", lambda runtime, int8: None)
    monkeypatch.setattr(command, "write_graph", write)
    monkeypatch.setattr(command, "load_exported", lambda *given: turned)
    monkeypatch.setattr(sys.modules[__name__], "ANGLE", 0.2)
    monkeypatch.setenv("MINBERT_THREADS", "1")
    out = tmp_path / "out"
    line = ["export", "--model", str(toy_model_folder), "--to", "onnx", "--out", str(out),
            "--count", "20"]  # fmt: skip
    assert main(line) == 2 and not out.exists()
    said = capsys.readouterr()
    assert "the export is not kept: Not good" in said.err and "| sentences per second |" in said.out
    assert main([*line, "--int8"]) == 0
    assert "Not good" in caplog.text or "costs" in caplog.text
    monkeypatch.setattr(sys.modules[__name__], "ANGLE", 0.0)
    assert main(line) == 0
    names = {path.name for path in out.iterdir() if not path.name.startswith(".")}
    assert names == {"model.onnx", "config.json", "tokenizer.json", "tokenizer_config.json",
                     "sentence_vectors.json", "certificate.json", "README.md"}  # fmt: skip
    recorded = json.loads((out / "certificate.json").read_text())
    card = (out / "README.md").read_text()
    assert recorded["good"] and exports.certificate(recorded).markdown() in card
    assert "library_name: onnx" in card


def test_the_page_shows_what_was_recorded() -> None:
    recorded = json.loads((exports.PAGE.parents[1] / "benchmarks/exports.json").read_text())
    page = exports.PAGE.read_text(encoding="utf-8")
    shown = page.partition("<!-- certificates -->\n")[2].partition("<!-- /certificates -->")[0]
    assert shown == exports.section(recorded)
    assert len(recorded["certificates"]) == len(exports.EXPORTS)
