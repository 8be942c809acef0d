"""transformers and sentence-transformers to us and back: the vectors stay."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from minbert import encode, from_pretrained, save_pretrained
from minbert.export import load_classifier, save_classifier

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from sentence_transformers import SentenceTransformer, models
    from transformers import AutoModel, AutoTokenizer, BertConfig, BertForSequenceClassification

SENTENCES = ["the plot is dull", "how do I cook rice", "dull", "the film is lovely and moving"]


def small_config(tokenizer_folder: Path) -> BertConfig:
    config = BertConfig.from_pretrained(tokenizer_folder)
    config.num_hidden_layers = 3
    return config


def their_vectors(folder: Path) -> np.ndarray:
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
        return model.eval()(**batch).pooler_output.numpy()


def test_transformers_to_us_and_back(toy_model_folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(3)
    model = AutoModel.from_config(small_config(toy_model_folder))
    model.save_pretrained(tmp_path / "theirs", max_shard_size="20KB")
    assert (tmp_path / "theirs" / "model.safetensors.index.json").is_file(), "several files"
    AutoTokenizer.from_pretrained(toy_model_folder).save_pretrained(tmp_path / "theirs")
    expected = their_vectors(tmp_path / "theirs")
    encoder, tokenizer = from_pretrained(tmp_path / "theirs")
    ours = encode(SENTENCES, encoder, tokenizer, "pooler", "fp32")
    assert np.abs(ours - expected).max() < 1e-5
    save_pretrained(tmp_path / "ours", encoder, tokenizer)
    assert np.abs(their_vectors(tmp_path / "ours") - expected).max() < 1e-6


@pytest.mark.parametrize("mode", ["mean", "cls"])
def test_sentence_transformers_to_us_and_back(
    toy_model_folder: Path, tmp_path: Path, mode: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        word = models.Transformer(str(toy_model_folder), max_seq_length=9)
        pooling = models.Pooling(32, pooling_mode=mode)
        model = SentenceTransformer(modules=[word, pooling, models.Normalize()], device="cpu")
        model.save(str(tmp_path / "theirs"))
        expected = model.encode(SENTENCES)
    encoder, tokenizer = from_pretrained(tmp_path / "theirs")
    assert np.abs(encode(SENTENCES, encoder, tokenizer, None, "fp32") - expected).max() < 1e-5
    save_pretrained(tmp_path / "ours", encoder, tokenizer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        back = SentenceTransformer(str(tmp_path / "ours"), device="cpu")
    assert back.max_seq_length == 9
    assert np.abs(back.encode(SENTENCES) - expected).max() < 1e-5


@pytest.mark.parametrize("labels", [{0: "no", 1: "yes", 2: "perhaps"}, None])
def test_a_classifier_of_transformers_to_us_and_back(
    toy_model_folder: Path, tmp_path: Path, labels: dict[int, str] | None
) -> None:
    config = small_config(toy_model_folder)
    config.num_labels = 3
    if labels:
        config.id2label, config.label2id = labels, {name: n for n, name in labels.items()}
    torch.manual_seed(4)
    model = BertForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path / "theirs")
    theirs = AutoTokenizer.from_pretrained(toy_model_folder)
    theirs.save_pretrained(tmp_path / "theirs")
    pairs = [("the plot is dull", "dull"), ("how do I cook rice", "soup")]
    batch = theirs(*map(list, zip(*pairs, strict=True)), padding=True, return_tensors="pt")
    classifier, tokenizer = load_classifier(tmp_path / "theirs")
    assert classifier.labels == tuple((labels or {n: f"LABEL_{n}" for n in range(3)}).values())
    with torch.inference_mode():
        expected = model(**batch).logits
        assert (classifier(**tokenizer(pairs)) - expected).abs().max() < 1e-5
    save_classifier(tmp_path / "ours", classifier, tokenizer)
    again = BertForSequenceClassification.from_pretrained(tmp_path / "ours").eval()
    with torch.inference_mode():
        assert (again(**batch).logits - expected).abs().max() < 1e-6
    assert again.config.id2label == dict(enumerate(classifier.labels))
