"""ONNX and OpenVINO files against the encoder: other batch sizes and lengths, every pooling."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minbert import from_pretrained
from minbert.export import load_exported
from minbert.export.runtimes import RUNTIMES, check_installed, write_graph
from minbert.inference import encode_rows, pooled_as

NEEDED = {"onnx": ("onnx", "onnxscript", "onnxruntime"), "openvino": ("openvino",)}
SENTENCES = ["dull", "the plot is dull", "", "the film number 7 is lovely and moving " * 9]

PROGRAM = """
import sys
from pathlib import Path
from minbert import from_pretrained
from minbert.sentence_transformers_folder import SentenceSettings
from minbert.export.exported import settings_of, write_settings_file
from minbert.export.graph import sentence_graph
from minbert.export.runtimes import write_graph

source, target, runtime, pooling, normalize = sys.argv[1:]
encoder, tokenizer = from_pretrained(source)
encoder.pooling = pooling
encoder.sentence_settings = SentenceSettings(pooling, normalize == "1", 40)
graph = sentence_graph(encoder)
write_graph(graph, Path(target), runtime)
write_settings_file(Path(target), settings_of(graph, encoder, tokenizer, runtime, False))
tokenizer.save(target)
"""
"""In a process of its own: the tests' check of shapes is no part of the package."""


def made(source: Path, target: Path, runtime: str, pooling: str, normalize: bool) -> Path:
    for name in NEEDED[runtime]:
        pytest.importorskip(name, reason=f"{name} comes with minbert[export]")
    target.mkdir()
    options = [str(source), str(target), runtime, pooling, str(int(normalize))]
    subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM, *options], check=True)
    return target


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("pooling, normalize", [("mean", True), ("pooler", False), ("max", False)])
def test_the_graph_gives_our_vectors(
    toy_model_folder: Path, tmp_path: Path, runtime: str, pooling: str, normalize: bool
) -> None:
    folder = made(toy_model_folder, tmp_path / "export", runtime, pooling, normalize)
    exported = load_exported(folder, threads=1)
    assert exported.settings.pooling == pooling and exported.settings.normalize == normalize
    encoder, tokenizer = from_pretrained(toy_model_folder)
    rows = tokenizer.encode(SENTENCES, max_length=40)
    assert len({len(row) for row in rows}) == 4
    expected = encode_rows(rows, encoder, tokenizer.pad_id, pooled_as(pooling)).numpy()
    if normalize:
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    for batch in (1, 2, 10**6):  # padded word pieces: one row at a time, and all in one
        assert np.abs(exported.encode(SENTENCES, batch) - expected).max() < 1e-5
    assert np.abs(exported.encode(SENTENCES * 3)[4:8] - expected).max() < 1e-5
    assert exported.encode([]).shape == (0, 32) and expected.dtype == np.float32


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="runtime must be one of onnx, openvino, got 'tflite'"):
        check_installed("tflite")
    with pytest.raises(ValueError, match="int8 is made by onnxruntime, got openvino"):
        check_installed("openvino", int8=True)
    for runtime, names in NEEDED.items():
        monkeypatch.setitem(sys.modules, names[0], None)
        with pytest.raises(ValueError, match=f"{names[0]} is not installed.*minbert.export"):
            check_installed(runtime)
        with pytest.raises(ValueError, match="is not installed"):
            write_graph(None, tmp_path, runtime)
    with pytest.raises(FileNotFoundError, match="sentence_vectors.json"):
        load_exported(tmp_path)
    settings = tmp_path / "sentence_vectors.json"
    for content, message in (
        ({"a": 1}, "holds a, expected the settings of an export"),
        (
            {"runtime": "onnx", "file": "../model.onnx", "hidden_size": 32, "pooling": "mean",
             "normalize": True, "max_length": 40, "prompt": ""},
            "names the file '../model.onnx', expected one inside its folder",
        ),
    ):  # fmt: skip
        settings.write_text(json.dumps(content))
        with pytest.raises(ValueError, match=message):
            load_exported(tmp_path)
