"""Weights and configurations that are damaged, or are no plain BERT's: named, never wrong."""

from __future__ import annotations

import json
import logging
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from safetensors.torch import load_file as mapped_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
)

from minbert import ModelConfig, encode, from_pretrained
from minbert.heads import MaskedLanguageModelHead
from minbert.known_models import KNOWN
from minbert.pretrained import has_mlm_head, load_mlm_head, save_pretrained
from minbert.weights import locate, verify

WORDS = "embeddings.word_embeddings.weight"
QUERY = "encoder.layer.1.attention.self.query.weight"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 90868376\n"


@pytest.fixture
def folder(toy_model_folder: Path, tmp_path: Path) -> Path:
    """A copy of a small model's folder, to change."""
    return Path(shutil.copytree(toy_model_folder, tmp_path / "model"))


def configure(folder: Path, **values: Any) -> None:
    config = json.loads((folder / "config.json").read_text()) | values
    (folder / "config.json").write_text(json.dumps(config))


def load_file(path: Path) -> dict[str, torch.Tensor]:
    """Copies, so that the file itself may be written anew."""
    return {name: tensor.clone() for name, tensor in mapped_file(path).items()}


def named(error: BaseException, folder: Path) -> None:
    """One sentence of ours: the file, and what was expected."""
    assert str(folder) in str(error) and "expected" in str(error) and "\n" not in str(error)


SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size",
)  # fmt: skip
NO_SIZES = [None, True, "64", [64], {"a": 1}, 0, -1, 64.0, 1.5, 10**12]
NO_SHARES = [None, False, "0.1", [0.1], -0.1, 1, 1.5, float("nan"), float("inf")]
NO_EPSILONS = [None, True, "1e-12", [1e-12], 0, -1e-12, 1, 0.5, float("nan"), float("inf"), 1e-40]


@pytest.mark.parametrize("value", NO_SIZES, ids=repr)
@pytest.mark.parametrize("name", SIZES)
def test_a_size_that_is_none(folder: Path, name: str, value: Any) -> None:
    configure(folder, **{name: value})
    with pytest.raises(ValueError, match=rf"{name} must .*, got ") as caught:
        from_pretrained(folder)
    assert str(folder / "config.json") in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", SIZES[:-1])
def test_a_size_that_is_not_said(folder: Path, name: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    del config[name]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=f"says nothing of {name}, expected a number") as caught:
        from_pretrained(folder)
    named(caught.value, folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("hidden_dropout_prob", value) for value in NO_SHARES),
        *(("attention_probs_dropout_prob", value) for value in NO_SHARES),
        *(("layer_norm_eps", value) for value in NO_EPSILONS),
        *(("initializer_range", value) for value in [None, "0.02", -1, float("nan"), 1e9]),
        *(("pad_token_id", value) for value in [None, "0", -1, 260, 1.0, True]),
        ("num_attention_heads", 5),
    ],
    ids=repr,
)
def test_a_number_that_is_none(folder: Path, name: str, value: Any) -> None:
    configure(folder, **{name: value})
    with pytest.raises(ValueError, match=rf"({name} must|cannot be divided among 5 heads)"):
        from_pretrained(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("model_type", value) for value in
          ["roberta", "distilbert", "electra", "albert", "gpt2", "nomic_bert", "modernbert", None]),
        *(("hidden_act", value) for value in
          ["relu", "gelu_new", "gelu_fast", "silu", None, 7, {"a": 1}]),
        *(("position_embedding_type", value) for value in
          ["relative_key", "relative_key_query", "alibi", "rotary", 3]),
        ("is_decoder", True), ("is_decoder", "no"), ("is_encoder_decoder", True),
        ("add_cross_attention", True), ("pruned_heads", {"0": [1]}),
        ("quantization_config", {"load_in_8bit": True}),
    ],
    ids=repr,
)  # fmt: skip
def test_a_model_that_is_no_plain_bert(folder: Path, name: str, value: Any) -> None:
    configure(folder, **{name: value})
    with pytest.raises(ValueError, match=f"says {name} = .*expected") as caught:
        from_pretrained(folder)
    named(caught.value, folder)


@pytest.mark.parametrize("content", [b"", LFS, b"<!doctype html>", b"[]", b"7", b"{", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_file_that_is_something_else(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError) as caught:
        from_pretrained(folder)
    assert str(folder / name) in str(caught.value) and "\n" not in str(caught.value)
    if content == LFS:
        assert "run git lfs pull" in str(caught.value)
    if content[:2] == b"<!":
        assert "it is a web page" in str(caught.value)


def put(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Path], None]:
    def rewrite(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        weights[name] = change(weights[name])
        save_file(weights, folder / "model.safetensors")

    return rewrite


def one(value: float) -> Callable[[torch.Tensor], torch.Tensor]:
    def change(tensor: torch.Tensor) -> torch.Tensor:
        tensor.view(-1)[3] = value
        return tensor

    return change


def bytes_of(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def rewrite(folder: Path) -> None:
        path = folder / "model.safetensors"
        path.write_bytes(change(path.read_bytes()))

    return rewrite


def header(change: Callable[[dict], Any]) -> Callable[[Path], None]:
    def rewrite(content: bytes) -> bytes:
        length = struct.unpack("<Q", content[:8])[0]
        fields = json.loads(content[8 : 8 + length])
        change(fields)
        text = json.dumps(fields).encode()
        return struct.pack("<Q", len(text)) + text + content[8 + length :]

    return bytes_of(rewrite)


def pickled(content: Any) -> Callable[[Path], None]:
    def rewrite(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        torch.save(content, folder / "pytorch_model.bin")

    return rewrite


def raw_bin(content: bytes) -> Callable[[Path], None]:
    def rewrite(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_bytes(content)

    return rewrite


def swap_names(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "model.safetensors")


def drop(folder: Path, *names: str) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file({n: t for n, t in weights.items() if n not in names}, folder / "model.safetensors")


DAMAGED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "nan": (put(QUERY, one(float("nan"))), f"{QUERY} holds NaN or infinity in 1 of 1024 places"),
    "infinity": (put(WORDS, one(float("inf"))), f"{WORDS} holds NaN or infinity in 1 of"),
    "minus infinity": (put("pooler.dense.bias", one(-float("inf"))), "pooler.dense.bias holds NaN"),
    "all nan": (put(QUERY, lambda t: t * float("nan")), "in 1024 of 1024 places"),
    "too large for float32": (put(QUERY, lambda t: t.double() * 1e300), f"{QUERY} holds NaN or"),
    "nan in half": (put(QUERY, lambda t: one(float("nan"))(t.half())), f"{QUERY} holds NaN"),
    "int8": (put(QUERY, lambda t: t.to(torch.int8)), f"{QUERY} is int8, expected float32"),
    "uint8": (put(QUERY, lambda t: t.abs().to(torch.uint8)), f"{QUERY} is uint8, expected"),
    "int32": (put(QUERY, lambda t: t.to(torch.int32)), f"{QUERY} is int32, expected"),
    "int64": (put(QUERY, lambda t: t.to(torch.int64)), f"{QUERY} is int64, expected"),
    "bool": (put(QUERY, lambda t: t > 0), f"{QUERY} is bool, expected float32"),
    "float8": (put(QUERY, lambda t: t.to(torch.float8_e4m3fn)), f"{QUERY} is float8_e4m3fn, exp"),
    "float8 of the other kind": (put(QUERY, lambda t: t.to(torch.float8_e5m2)), "is float8_e5m2"),
    "complex": (pickled({WORDS: torch.zeros(260, 32, dtype=torch.complex64)}), "does not fit"),
    "no positions": (
        lambda f: drop(f, "embeddings.position_embeddings.weight"),
        "1 tensors missing .embeddings.position_embeddings.weight",
    ),
    "a layer is missing": (
        lambda f: drop(f, *(n for n in load_file(f / "model.safetensors") if "layer.1" in n)),
        "1 tensors missing .encoder.layer.1",
    ),
    "more layers are said": (
        lambda f: configure(f, num_hidden_layers=3), "tensors missing .encoder.layer.2"),
    "fewer layers are said": (lambda f: configure(f, num_hidden_layers=1), "16 tensors unexpected"),
    "more layers than memory": (
        lambda f: configure(f, num_hidden_layers=999, hidden_size=4096), "does not fit the model"),
    "wider than memory": (
        lambda f: configure(f, vocab_size=10**7, hidden_size=65_536), "is .260, 32., expected"),
    "cut in the middle": (bytes_of(lambda c: c[: len(c) // 2]), "no readable weights file"),
    "cut at the end": (bytes_of(lambda c: c[:-1]), "no readable weights file"),
    "cut in the header": (bytes_of(lambda c: c[:50]), "it has 50 bytes, and its header alone"),
    "five bytes": (bytes_of(lambda c: c[:5]), "it has 5 bytes"),
    "more at the end": (bytes_of(lambda c: c + b"xx"), "no readable weights file"),
    "a header of 2^60": (
        bytes_of(lambda c: struct.pack("<Q", 1 << 60) + c[8:]), "its header alone should have 11"),
    "a header of nothing": (bytes_of(lambda c: struct.pack("<Q", 0) + c[8:]), "no readable"),
    "zeros": (bytes_of(lambda c: bytes(len(c))), "no readable weights file"),
    "a header that is no JSON": (bytes_of(lambda c: c[:8] + b"x" + c[9:]), "no readable weights"),
    "an unknown type": (header(lambda h: h[QUERY].update(dtype="F7")), "no readable weights file"),
    "a place beyond": (
        header(lambda h: h[QUERY].update(data_offsets=[0, 10**12])), "no readable weights file"),
    "a negative place": (
        header(lambda h: h[QUERY].update(data_offsets=[-4, 0])), "no readable weights file"),
    "another shape than bytes": (
        header(lambda h: h[QUERY].update(shape=[7, 7])), "no readable weights file"),
    "places that overlap": (
        header(lambda h: h[QUERY].update(data_offsets=h[WORDS]["data_offsets"])), "no readable"),
    "pytorch's under this name": (swap_names, "it is a PyTorch file under another name, expected"),
    "a list in a .bin": (pickled([torch.zeros(3)]), "holds list, expected tensors by name"),
    "one tensor in a .bin": (pickled(torch.zeros(3)), "holds Tensor, expected tensors by name"),
    "a number in a .bin": (pickled(7), "holds int, expected tensors by name"),
    "numbers for names": (pickled({7: torch.zeros(3)}), "holds dict, expected tensors by name"),
    "a state inside": (
        pickled({"state_dict": {WORDS: torch.zeros(3)}, "epoch": 3}), "holds dict under 'state_d"),
    "sparse": (pickled({WORDS: torch.zeros(260, 32).to_sparse()}), "does not fit the model"),
    "an empty .bin": (raw_bin(b""), "it is empty: fetch it again"),
    "text as .bin": (raw_bin(b"these are not weights"), "no readable weights file"),
    "a pointer as .bin": (raw_bin(LFS), "run git lfs pull"),
    "a page as .bin": (raw_bin(b"<html>404</html>"), "it is a web page"),
    "a cut zip as .bin": (raw_bin(b"PK\x03\x04" + b"x" * 400), "no readable weights file"),
    "a cut pickle as .bin": (raw_bin(b"\x80\x02}q\x00(X"), "no readable weights file"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_weights_that_cannot_be_meant(folder: Path, case: str) -> None:
    change, message = DAMAGED[case]
    change(folder)
    with pytest.raises(ValueError, match=message) as caught:
        from_pretrained(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)


def test_types_and_layouts_that_fit_nothing_else(folder: Path) -> None:
    """Complex, sparse and quantized tensors of the right shapes, in a .bin."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    for tensor, kind in (
        (weights[QUERY].to(torch.complex64), "complex64"),
        (weights[QUERY].to_sparse(), "sparse_coo"),
    ):
        torch.save({**weights, QUERY: tensor}, folder / "pytorch_model.bin")
        with pytest.raises(ValueError, match=f"{QUERY} is {kind}, expected float32"):
            from_pretrained(folder)


def test_a_nan_in_the_head_is_named(folder: Path) -> None:
    encoder, tokenizer = from_pretrained(folder)
    head = MaskedLanguageModelHead(encoder.config)
    head.bias.data[5] = float("nan")
    save_pretrained(folder, encoder, tokenizer, head)
    from_pretrained(folder)
    with pytest.raises(ValueError, match="the masked-language-model head of .*: bias holds NaN"):
        load_mlm_head(folder, encoder)


@pytest.mark.parametrize(
    ("dtype", "error"), [(torch.float16, 1e-3), (torch.bfloat16, 1e-2), (torch.float64, 0)]
)
@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_other_types_of_numbers_are_converted(
    folder: Path, kind: str, dtype: torch.dtype, error: float
) -> None:
    before = from_pretrained(folder)[0].state_dict()
    weights = {name: part.to(dtype) for name, part in load_file(folder / WEIGHTS).items()}
    if kind == "bin":
        (folder / WEIGHTS).unlink()
        torch.save(weights, folder / "pytorch_model.bin")
    else:
        save_file(weights, folder / WEIGHTS)
    for name, tensor in from_pretrained(folder)[0].state_dict().items():
        assert tensor.dtype == torch.float32
        assert (tensor - before[name]).abs().max() <= error


WEIGHTS = "model.safetensors"


def twin(folder: Path, kind: Any, **options: Any) -> Any:
    """A model of transformers with the folder's sizes and tokenizer, saved there."""
    values = json.loads((folder / "config.json").read_text())
    torch.manual_seed(2)
    model = kind(BertConfig(**values, num_labels=3, attn_implementation="eager")).eval()
    (folder / WEIGHTS).unlink()
    model.save_pretrained(folder, **options)
    return model


@pytest.mark.parametrize("old", [False, True], ids=["safetensors", "bin"])
def test_weights_in_several_files(folder: Path, old: bool) -> None:
    model = twin(folder, BertModel, max_shard_size="20KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 2
    if old:
        index = json.loads((folder / "model.safetensors.index.json").read_text())
        for path in folder.glob("model-*.safetensors"):
            torch.save(load_file(path), path.with_suffix(".bin"))
            path.unlink()
        names = {n: s.replace("safetensors", "bin") for n, s in index["weight_map"].items()}
        (folder / "model.safetensors.index.json").unlink()
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": names}))
    encoder, tokenizer = from_pretrained(folder)
    batch = tokenizer(["the film is lovely", ("dull", "a plot")])
    with torch.inference_mode():
        difference = encoder(**batch).pooled - model(**batch).pooler_output
    assert difference.abs().max() <= 1e-5
    assert not has_mlm_head(folder)


INDEX = "model.safetensors.index.json"
INDEXES: dict[str, tuple[Any, str]] = {
    "no map": ({}, "weight_map None, expected the file of each tensor"),
    "a list": ([], "expected a JSON object in braces"),
    "an empty map": ({"weight_map": {}}, "weight_map .*expected the file of each"),
    "a map of text": ({"weight_map": "x"}, "weight_map 'x', expected"),
    "a way out": ({"weight_map": {WORDS: "../../secret.safetensors"}}, "expected one inside its f"),
    "an absolute path": ({"weight_map": {WORDS: "/etc/passwd"}}, "expected one inside its folder"),
    "a number": ({"weight_map": {WORDS: 7}}, "names the file 7, expected one inside its folder"),
    "nothing": ({"weight_map": {WORDS: ""}}, "names the file '', expected one inside its folder"),
    "a file that lacks it": ({"weight_map": {"x.weight": "part.safetensors"}}, "expects x.weight"),
    "some only": ({"weight_map": {WORDS: "part.safetensors"}}, "tensors missing"),
}


@pytest.mark.parametrize("case", INDEXES)
def test_an_index_of_weights_that_is_none(folder: Path, case: str) -> None:
    content, message = INDEXES[case]
    (folder / WEIGHTS).rename(folder / "part.safetensors")
    (folder / INDEX).write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as caught:
        from_pretrained(folder)
    assert str(folder) in str(caught.value)


def test_a_missing_part_is_named(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / INDEX).write_text(json.dumps({"weight_map": {WORDS: "model-2.safetensors"}}))
    with pytest.raises(FileNotFoundError, match=r"holds no model-2\.safetensors"):
        from_pretrained(folder)


@pytest.mark.parametrize(
    "kind",
    [
        BertForSequenceClassification,
        BertForPreTraining,
        BertForMaskedLM,
        BertForTokenClassification,
        BertForQuestionAnswering,
    ],
)
def test_task_models_load_where_transformers_loads_them(
    folder: Path, kind: Any, caplog: pytest.LogCaptureFixture
) -> None:
    model = twin(folder, kind)
    encoder, tokenizer = from_pretrained(folder)
    batch = tokenizer(["the film is lovely", "dull"])
    with torch.inference_mode():
        expected = model.bert(**batch).last_hidden_state
        assert (encoder(**batch).last_hidden_state - expected).abs().max() <= 1e-5
    said = {"BertForMaskedLM": "has no pooler"}.get(
        kind.__name__, "left out, no part of the encoder"
    )
    assert said in caplog.text
    assert has_mlm_head(folder) == (kind in (BertForPreTraining, BertForMaskedLM))


@pytest.mark.parametrize("name", sorted(KNOWN["tiny"].sha256))
def test_every_file_of_tiny_is_verified(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = locate("tiny")
    copy = Path(shutil.copytree(location.config.parent, tmp_path / "assets" / "tiny"))
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    monkeypatch.setattr("minbert.weights.__file__", str(tmp_path / "weights.py"))
    with pytest.raises(ValueError, match="is not the published file: its SHA-256 is .*expected"):
        from_pretrained("tiny")


@pytest.mark.parametrize("name", sorted(set(KNOWN["minilm"].sha256) - {"model.safetensors"}))
def test_every_file_of_minilm_is_verified(
    name: str, minilm_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "package"
    copy.mkdir()
    for file in KNOWN["minilm"].sha256:
        (copy / file).parent.mkdir(exist_ok=True)
        os.link(minilm_folder / file, copy / file) if file.endswith("s") else shutil.copy(
            minilm_folder / file, copy / file
        )
    (copy / name).write_bytes((copy / name).read_bytes() + b"\n")
    monkeypatch.setattr("minbert.weights.package_folder", lambda package: copy)
    with pytest.raises(ValueError, match="is not the published file: its SHA-256 is .*expected"):
        from_pretrained("minilm")


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_files_that_are_used_are_all_in_the_table(name: str, tmp_path: Path) -> None:
    """A known model lists config, weights, tokenizer and its options; nothing else is looked at."""
    table = KNOWN[name].sha256
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= set(
        table
    )
    if name != "bert-base":
        location = locate(name)
        root = location.config.parent
        assert {path.relative_to(root).as_posix() for path in location.files} <= set(table)
        verify(location, KNOWN[name])


@pytest.mark.parametrize("name", ["tiny", "minilm"])
def test_a_known_name_means_the_known_bytes(
    name: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    minilm_folder: Path,
) -> None:
    folder.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert from_pretrained(name)[0].config.hidden_size > 32
    assert f"{name} means the published model, not the folder of that name: give ./{name}" in (
        caplog.text
    )
    for other in (f"./{name}", f"{name}/", Path(name), tmp_path / name):
        assert from_pretrained(other)[0].config.hidden_size == 32


@pytest.mark.parametrize(
    "name",
    ["", "nowhere", "./nowhere", "a/b/c", "../a", "a//b", "/nowhere/at/all", "a b/c", "owner/",
     "/model", "tiny\n", "a\0b", "Tiny", "https://huggingface.co/a/b", "~nobody-of-that-name/x"],
)  # fmt: skip
def test_a_name_that_is_nothing(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="expected a folder, one of tiny, minilm, bert-b"):
        from_pretrained(name)


def test_a_file_in_place_of_its_folder(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is a file, expected the folder of a model"):
        from_pretrained(folder / "model.safetensors")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_and_a_folder_in_its_place(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"holds no .*{name}.*it is no model folder"):
        from_pretrained(folder)
    (folder / name).mkdir()
    kinds = (ValueError, FileNotFoundError)
    with pytest.raises(kinds, match=f"{name} .*(it is no file|holds neither)"):
        from_pretrained(folder)


def test_a_text_longer_than_the_positions_is_cut_and_said(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 512}')
    vectors = encode(["the " * 300], *from_pretrained(folder))
    assert np.isfinite(vectors).all()
    assert "cut at 64 word pieces" in caplog.text


def test_code_in_a_configuration_is_not_run_and_said(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    configure(folder, auto_map={"AutoModel": "evil.Model"}, trust_remote_code=True)
    (folder / "evil.py").write_text("raise SystemExit('this was run')")
    with caplog.at_level(logging.WARNING):
        from_pretrained(folder)
    assert "auto_map in config.json is ignored" in caplog.text
    assert "trust_remote_code in config.json is ignored" in caplog.text


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=8),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.none(), max_size=2)
)  # fmt: skip
FUZZ = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FUZZ
@given(st.dictionaries(st.sampled_from([
    *ModelConfig().to_dict(), "is_decoder", "auto_map", "quantization_config", "pruned_heads",
]), ANYTHING, min_size=1, max_size=3))  # fmt: skip
def test_any_configuration_loads_or_is_named(toy_model_folder: Path, changes: dict) -> None:
    values = json.loads((toy_model_folder / "config.json").read_text()) | changes
    try:
        ModelConfig.from_dict(values)
    except ValueError as error:
        assert any(name in str(error) for name in changes) and "\n" not in str(error)


@FUZZ
@given(st.data())
def test_any_bytes_in_a_header_load_or_are_named(
    toy_model_folder: Path, tmp_path: Path, data: st.DataObject
) -> None:
    for name in ("config.json", "tokenizer.json"):
        if not (tmp_path / name).exists():
            shutil.copy(toy_model_folder / name, tmp_path)
    content = bytearray((toy_model_folder / WEIGHTS).read_bytes())
    length = struct.unpack("<Q", content[:8])[0]
    for at in data.draw(st.lists(st.integers(0, 8 + length), min_size=1, max_size=4)):
        content[at] = data.draw(st.integers(0, 255))
    (tmp_path / WEIGHTS).write_bytes(content)
    try:
        from_pretrained(tmp_path)
    except (ValueError, OSError) as error:
        assert str(tmp_path) in str(error) and "\n" not in str(error)
