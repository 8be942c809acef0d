"""Folders of sentence-transformers: our vectors against its own, for every variant we honour."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from minbert import encode, from_pretrained, save_pretrained
from minbert.pooling import EVERY_POOLING
from minbert.sentence_transformers_folder import SentenceSettings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from sentence_transformers import SentenceTransformer

SENTENCES = [
    "The film is lovely.",
    "dull",
    "",
    "How do I cook rice in 7 days?",
    "the plot " * 30,
    "camera work and acting and music and ending and story",
]
KINDS = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize", "Dense": "2_Dense"}
NAMES = {
    "cls": "pooling_mode_cls_token",
    "mean": "pooling_mode_mean_tokens",
    "max": "pooling_mode_max_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def sentence_folder(
    folder: Path,
    pooling: Any = "mean",
    normalize: bool = False,
    length: int | None = None,
    lowercase: bool = False,
    config: dict | None = None,
    inner: str = "",
) -> Path:
    """A random BERT of another seed than ours, as sentence-transformers lays it out."""
    kinds = ["Transformer", "Pooling", *(["Normalize"] if normalize else [])]
    modules = [
        {
            "idx": n,
            "name": str(n),
            "path": KINDS[kind] if n else inner,
            "type": f"sentence_transformers.models.{kind}",
        }
        for n, kind in enumerate(kinds)
    ]
    write(folder / "modules.json", modules)
    modes = {name: mode == pooling for mode, name in NAMES.items()}
    new = {"pooling_mode": pooling, "embedding_dimension": 32}
    old = {"word_embedding_dimension": 32, **modes}
    write(folder / "1_Pooling" / "config.json", new if isinstance(pooling, list) else old)
    write(
        folder / inner / "sentence_bert_config.json",
        {"max_seq_length": length, "do_lower_case": lowercase},
    )
    write(folder / "config_sentence_transformers.json", config or {})
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory, toy_model_folder: Path) -> Path:
    """Weights far enough from the initial ones that every pooling gives other vectors."""
    folder = tmp_path_factory.mktemp("bert")
    values = json.loads((toy_model_folder / "config.json").read_text())
    torch.manual_seed(5)
    model = BertModel(BertConfig(**values, attn_implementation="eager"))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(toy_model_folder / name, folder)
    return folder


VARIANTS: dict[str, dict] = {
    "mean": {},
    "cls": {"pooling": "cls"},
    "max": {"pooling": "max"},
    "one of a list": {"pooling": ["max"]},
    "mean, length 1": {"normalize": True},
    "cls, length 1": {"pooling": "cls", "normalize": True},
    "max, length 1": {"pooling": "max", "normalize": True},
    "short rows": {"length": 8},
    "shortest rows": {"length": 3, "pooling": "cls"},
    "more than there is": {"length": 64},
    "a prompt": {"config": {"prompts": {"query": "what is "}, "default_prompt_name": "query"}},
    "prompts, none chosen": {"config": {"prompts": {"query": "what is "}}},
    "a prompt, short, cls": {
        "config": {"prompts": {"a": "the film ", "b": "x"}, "default_prompt_name": "a"},
        "length": 10,
        "pooling": "cls",
        "normalize": True,
    },
    "in a folder of its own": {"inner": "0_Transformer", "pooling": "max"},
    "lower case": {"lowercase": True},
}


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def make(tmp_path: Path, bert: Path, variant: dict) -> Path:
    folder = sentence_folder(tmp_path / "model", **variant)
    shutil.copytree(bert, folder / variant.get("inner", ""), dirs_exist_ok=True)
    return folder


@pytest.mark.parametrize("case", VARIANTS)
@pytest.mark.parametrize("cased", [False, True])
def test_vectors_are_those_of_sentence_transformers(
    tmp_path: Path, bert: Path, case: str, cased: bool
) -> None:
    variant = VARIANTS[case]
    folder = make(tmp_path, bert, variant)
    if cased:
        config = folder / variant.get("inner", "") / "tokenizer_config.json"
        write(config, json.loads(config.read_text()) | {"do_lower_case": False})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = SentenceTransformer(str(folder), device="cpu").encode(SENTENCES)
    ours = encode(SENTENCES, *from_pretrained(folder), precision="fp32")
    assert ours.shape == theirs.shape
    assert cosines(ours, theirs).min() >= 0.9999
    assert np.abs(np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1) - 1).max() < 1e-4


def test_the_variants_are_told_apart(tmp_path: Path, bert: Path) -> None:
    """The control: what is not honoured is seen in the cosines."""
    vectors = {
        name: encode(
            SENTENCES,
            *from_pretrained(make(tmp_path / str(number), bert, VARIANTS[name])),
            precision="fp32",
        )
        for number, name in enumerate(["mean", "cls", "max", "short rows", "a prompt"])
    }
    names = list(vectors)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            assert cosines(vectors[one], vectors[other]).min() < 0.999, (one, other)


@pytest.mark.parametrize("case", ["cls, length 1", "max", "a prompt, short, cls", "lower case"])
def test_what_we_save_sentence_transformers_reads(tmp_path: Path, bert: Path, case: str) -> None:
    folder = make(tmp_path, bert, VARIANTS[case])
    encoder, tokenizer = from_pretrained(folder)
    save_pretrained(tmp_path / "saved", encoder, tokenizer)
    expected = encode(SENTENCES, encoder, tokenizer, precision="fp32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = SentenceTransformer(str(tmp_path / "saved"), device="cpu").encode(SENTENCES)
    again = encode(SENTENCES, *from_pretrained(tmp_path / "saved"), precision="fp32")
    assert np.abs(again - expected).max() < 1e-5
    assert np.abs(theirs - expected).max() < 1e-4


@pytest.mark.parametrize("case", ["cls, length 1", "max", "a prompt", "short rows"])
def test_what_sentence_transformers_saves_we_read(tmp_path: Path, bert: Path, case: str) -> None:
    """Newer files name modules and poolings otherwise."""
    folder = make(tmp_path, bert, VARIANTS[case])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = SentenceTransformer(str(folder), device="cpu")
        theirs.save(str(tmp_path / "saved"))
        expected = theirs.encode(SENTENCES)
    ours = encode(SENTENCES, *from_pretrained(tmp_path / "saved"), precision="fp32")
    assert cosines(ours, expected).min() >= 0.9999


def test_a_pooling_that_is_asked_for_gives_bare_vectors(tmp_path: Path, bert: Path) -> None:
    folder = make(tmp_path, bert, VARIANTS["a prompt, short, cls"])
    encoder, tokenizer = from_pretrained(folder)
    assert encoder.pooling == "cls"
    assert encoder.sentence_settings == SentenceSettings(
        "cls", True, 10, "the film ", {"a": "the film ", "b": "x"}
    )
    asked = encode(["dull"], encoder, tokenizer, "mean", precision="fp32")
    plain, same = from_pretrained(bert)
    assert np.abs(asked - encode(["dull"], plain, same, "mean", precision="fp32")).max() < 1e-5


def test_minilm_is_what_it_was_published_as(minilm_folder: Path) -> None:
    encoder, tokenizer = from_pretrained("minilm")
    assert encoder.sentence_settings == SentenceSettings("mean", True, 256)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = SentenceTransformer(str(minilm_folder), device="cpu").encode(SENTENCES[:3])
    ours = encode(SENTENCES[:3], encoder, tokenizer, precision="fp32")
    assert cosines(ours, theirs).min() >= 0.9999


def modules(*types: str, **more: Any) -> list[dict]:
    return [
        {"idx": n, "name": str(n), "path": "" if not n else "1_Pooling", "type": kind, **more}
        for n, kind in enumerate(types)
    ]


ST = "sentence_transformers.models."
POOL, ENTRY = "1_Pooling/config.json", "sentence_bert_config.json"
TOP = "config_sentence_transformers.json"
REFUSED: dict[str, tuple[str, Any, str]] = {
    "two dense": ("modules.json",
                  modules(ST + "Transformer", ST + "Pooling", ST + "Dense", ST + "Dense"),
                  "its modules are Transformer, Pooling, Dense, Dense, expected Transformer, Pool"),
    "dense after norm": ("modules.json",
                         modules(ST + "Transformer", ST + "Pooling", ST + "Normalize",
                                 ST + "Dense"),
                         "its modules are Transformer, Pooling, Normalize, Dense, expected"),
    "layer norm": ("modules.json", modules(ST + "Transformer", ST + "Pooling", ST + "LayerNorm"),
                   "its modules are Transformer, Pooling, LayerNorm, expected"),
    "words": ("modules.json", modules(ST + "WordEmbeddings", ST + "Pooling"), "WordEmbeddings"),
    "bag of words": ("modules.json", modules(ST + "BoW"), "its modules are BoW, expected"),
    "cnn": ("modules.json", modules(ST + "Transformer", ST + "CNN", ST + "Pooling"), "CNN"),
    "no pooling": ("modules.json", modules(ST + "Transformer"), "are Transformer, expected"),
    "turned round": ("modules.json", modules(ST + "Pooling", ST + "Transformer"), "expected Tra"),
    "static": ("modules.json", modules(ST + "StaticEmbedding"), "are StaticEmbedding, expected"),
    "router": ("modules.json", modules("sentence_transformers.base.modules.router.Router"),
               "its modules are Router, expected"),
    "two poolings": ("modules.json", modules(ST + "Transformer", ST + "Pooling", ST + "Pooling"),
                     "are Transformer, Pooling, Pooling, expected"),
    "none": ("modules.json", [], "its modules are none, expected"),
    "an object": ("modules.json", {"a": 1}, "expected a JSON list in brackets"),
    "texts": ("modules.json", ["Transformer"], "a module is 'Transformer', expected an object"),
    "type is a number": ("modules.json", [{"type": 7}], "a module is .*expected an object"),
    "code of its own": ("modules.json", modules("modeling.Own", ST + "Pooling"),
                        "a module is 'modeling.Own', expected .*no code of a folder is run"),
    "arguments": ("modules.json", modules(ST + "Transformer", ST + "Pooling", kwargs=["task"]),
                  "the module Transformer takes ..task.., expected nothing"),
    "a way out": ("modules.json", [{"path": "", "type": ST + "Transformer"},
                                   {"path": "../../etc", "type": ST + "Pooling"}],
                  "names the file '../../etc', expected one inside its folder"),
    "an absolute path": ("modules.json", [{"path": "/etc", "type": ST + "Transformer"}],
                         "names the file '/etc', expected one inside its folder"),
    "a path of windows": ("modules.json", [{"path": "C:\\x", "type": ST + "Transformer"}],
                          "expected one inside its folder"),
    "a path that is a number": ("modules.json", [{"path": 7, "type": ST + "Transformer"}],
                                "names the file 7, expected one inside its folder"),
    "root of square": (POOL, {"pooling_mode_mean_sqrt_len_tokens": True},
                       "the pooling is mean_sqrt_len_tokens, expected one of cls, mean, max"),
    "weighted": (POOL, {"pooling_mode_weightedmean_tokens": True}, "the pooling is weightedmean,"),
    "last": (POOL, {"pooling_mode_lasttoken": True}, "the pooling is lasttoken, expected one of"),
    "two joined": (POOL, {"pooling_mode_cls_token": True, "pooling_mode_max_tokens": True},
                   "the pooling is cls and max, expected one of"),
    "two joined, as a list": (POOL, {"pooling_mode": ["cls", "mean"]}, "is cls and mean, expected"),
    "an unknown one": (POOL, {"pooling_mode": "median"}, "the pooling is median, expected one of"),
    "a number": (POOL, {"pooling_mode": 3}, "the pooling is 3, expected one of"),
    "an empty list": (POOL, {"pooling_mode": []}, "the pooling is , expected one of"),
    "text for true": (POOL, {"pooling_mode_cls_token": "yes"}, "pooling_mode_cls_token is 'yes', "),
    "a list of pooling": (POOL, [1], "expected a JSON object in braces"),
    "length is text": (ENTRY, {"max_seq_length": "128"}, "max_seq_length is '128', expected an"),
    "length is 0": (ENTRY, {"max_seq_length": 0}, "max_seq_length is 0, expected an integer"),
    "length is negative": (ENTRY, {"max_seq_length": -5}, "max_seq_length is -5, expected"),
    "length is a float": (ENTRY, {"max_seq_length": 12.5}, "max_seq_length is 12.5, expected"),
    "length is true": (ENTRY, {"max_seq_length": True}, "max_seq_length is True, expected"),
    "case is text": (ENTRY, {"do_lower_case": "no"}, "do_lower_case is 'no', expected true or"),
    "arguments of the model": (ENTRY, {"model_args": {"a": 1}}, "model_args is .*expected 'nothi"),
    "another task": (ENTRY, {"transformer_task": "fill-mask"}, "expected 'feature-extraction'"),
    "another output": (ENTRY, {"module_output_name": "x"}, "expected 'token_embeddings'"),
    "expansion": (ENTRY, {"query_expansion": "mask"}, "query_expansion is 'mask', expected"),
    "prompts are a list": (TOP, {"prompts": ["a"]}, "prompts are ..a.., expected texts by name"),
    "a prompt is a number": (TOP, {"prompts": {"a": 7}}, "expected texts by name"),
    "no such prompt": (TOP, {"default_prompt_name": "query", "prompts": {"a": "b"}},
                       "default_prompt_name is 'query', expected one of the prompts: a"),
    "a prompt of none": (TOP, {"default_prompt_name": "query"}, "there are none"),
    "shortened": (TOP, {"truncate_dim": 16}, "truncate_dim is 16, expected null"),
    "a cross encoder": (TOP, {"model_type": "CrossEncoder"}, "model_type is 'CrossEncoder', exp"),
    "sparse": (TOP, {"model_type": "SparseEncoder"}, "model_type is 'SparseEncoder', expected"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_done_here_is_refused_by_name(tmp_path: Path, bert: Path, case: str) -> None:
    name, content, message = REFUSED[case]
    folder = make(tmp_path, bert, {})
    write(folder / name, content)
    with pytest.raises(ValueError, match=message) as caught:
        from_pretrained(folder)
    assert str(folder / name) in str(caught.value) and "\n" not in str(caught.value)


DENSE: dict[str, tuple[dict, str, str]] = {
    "another activation": (
        {"activation_function": "torch.nn.modules.linear.Identity"},
        "cls",
        "activation_function is 'torch.nn.modules.linear.Identity', expected",
    ),
    "no activation said": ({"activation_function": None}, "cls", "activation_function is None"),
    "no bias": ({"bias": False}, "cls", "bias is False, expected True"),
    "a residual": ({"use_residual": True}, "cls", "use_residual is True, expected False"),
    "narrower": ({"out_features": 16}, "cls", "out_features is 16, expected 32"),
    "over the mean": ({}, "mean", "the pooling before it is 'mean', expected 'cls'"),
    "of tokens": ({"module_input_name": "token_embeddings"}, "cls", "module_input_name is 'token_"),
}


@pytest.mark.parametrize("case", DENSE)
def test_a_dense_that_is_no_pooler_is_refused_by_name(
    tmp_path: Path, bert: Path, case: str
) -> None:
    change, pooling, message = DENSE[case]
    encoder, tokenizer = from_pretrained(bert)
    save_pretrained(tmp_path, encoder, tokenizer, pooling="pooler")
    modes = {name: mode == pooling for mode, name in NAMES.items()}
    write(tmp_path / "1_Pooling/config.json", modes)
    path = tmp_path / "2_Dense" / "config.json"
    write(path, json.loads(path.read_text()) | change)
    with pytest.raises(ValueError, match=f"2_Dense.config.json: {message}"):
        from_pretrained(tmp_path)


@pytest.mark.parametrize("pooling", EVERY_POOLING)
@pytest.mark.parametrize("normalize", [False, True])
def test_every_pooling_leaves_and_comes_back(
    tmp_path: Path, bert: Path, pooling: str, normalize: bool
) -> None:
    encoder, tokenizer = from_pretrained(bert)
    encoder.pooling = pooling
    encoder.sentence_settings = SentenceSettings(pooling, normalize, 20)
    save_pretrained(tmp_path / "ours", encoder, tokenizer)
    expected = encode(SENTENCES, encoder, tokenizer, precision="fp32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SentenceTransformer(str(tmp_path / "ours"), device="cpu")
        theirs = model.encode(SENTENCES)
        model.save(str(tmp_path / "theirs"))
    assert model.max_seq_length == 20
    assert np.abs(theirs - expected).max() < 1e-5
    for folder in ("ours", "theirs"):  # and what they save of it comes back
        again, same = from_pretrained(tmp_path / folder)
        assert again.pooling == pooling and again.sentence_settings.normalize == normalize
        back = encode(SENTENCES, again, same, precision="fp32")
        assert np.array_equal(back, expected)


def test_the_pooler_as_dense_differs_by_nothing(tmp_path: Path, bert: Path) -> None:
    """The same weights, read by the same product: not one bit."""
    encoder, tokenizer = from_pretrained(bert)
    save_pretrained(tmp_path, encoder, tokenizer, pooling="pooler")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dense = SentenceTransformer(str(tmp_path), device="cpu")[2]
    states = torch.randn(7, 5, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        theirs = dense({"sentence_embedding": states[:, 0]})["sentence_embedding"]
        assert (encoder.pooler(states) - theirs).abs().max() == 0.0


def test_a_dense_that_was_trained_there_counts(
    tmp_path: Path, bert: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """sentence-transformers trains its Dense, and leaves the checkpoint's own pooler as it was."""
    encoder, tokenizer = from_pretrained(bert)
    save_pretrained(tmp_path / "ours", encoder, tokenizer, pooling="pooler")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SentenceTransformer(str(tmp_path / "ours"), device="cpu")
        with torch.no_grad():
            model[2].linear.weight.mul_(-0.5)
        model.save(str(tmp_path / "theirs"))
        theirs = model.encode(SENTENCES)
    back = encode(SENTENCES, *from_pretrained(tmp_path / "theirs"), precision="fp32")
    assert np.abs(back - theirs).max() < 1e-5
    assert "pooler.dense.weight is left out" in caplog.text and "bias" not in caplog.text
    (tmp_path / "theirs/2_Dense/model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="expected the weights of the Dense module"):
        from_pretrained(tmp_path / "theirs")


def test_a_pooling_that_nobody_knows_is_not_written(tmp_path: Path, bert: Path) -> None:
    """That library would take the mean in silence."""
    encoder, tokenizer = from_pretrained(bert)
    save_pretrained(tmp_path, encoder, tokenizer, pooling="max")
    assert (tmp_path / "modules.json").is_file()
    save_pretrained(tmp_path, encoder, tokenizer)
    assert not (tmp_path / "modules.json").exists()
    assert from_pretrained(tmp_path)[0].pooling is None
    with pytest.raises(ValueError, match="pooling must be one of pooler, cls, mean, max"):
        save_pretrained(tmp_path, encoder, tokenizer, pooling="median")


CHANGES: dict[str, tuple[Callable[[Path], Any], str, type[Exception]]] = {
    "no file of the pooling": (
        lambda f: (f / POOL).unlink(), "1_Pooling.config.json .*no such file", FileNotFoundError),
    "a prompt is left out": (
        lambda f: (
            write(f / TOP, {"prompts": {"a": "b"}, "default_prompt_name": "a"}),
            write(f / POOL, {"pooling_mode": "mean", "include_prompt": False}),
        ),
        "include_prompt is False, expected true", ValueError),
    "norm of tokens": (
        lambda f: (
            write(f / "modules.json", [
                {"path": "", "type": ST + "Transformer"},
                {"path": "1_Pooling", "type": ST + "Pooling"},
                {"path": "2_Normalize", "type": ST + "Normalize"}]),
            write(f / "2_Normalize/config.json", {"module_input_name": "token_embeddings"}),
        ),
        "module_input_name is 'token_embeddings', expected 'sentence_embedding'", ValueError),
    "a pointer": (
        lambda f: (f / POOL).write_text("version https://git-lfs.github.com/spec/v1\n"),
        "run git lfs pull", ValueError),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_files_of_modules_that_are_missing_or_say_too_much(
    tmp_path: Path, bert: Path, case: str
) -> None:
    change, message, kind = CHANGES[case]
    folder = make(tmp_path, bert, {})
    change(folder)
    with pytest.raises(kind, match=message):
        from_pretrained(folder)
