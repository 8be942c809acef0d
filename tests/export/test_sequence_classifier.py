"""Trained heads in transformers' pipeline, and the sentence for those that have no class there."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch

from minbert import CFIMDB, QUORA, SST, STS, MultitaskBert, from_pretrained, save_pretrained
from minbert.experiments.stage_files import save_heads
from minbert.export import SequenceClassifier, load_classifier, save_classifier
from minbert.export.classifier import checkpoint_classifier

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformers import pipeline

SENTENCES = ["the plot is dull", "the film is lovely and moving"]
PAIRS = [("the plot is dull", "the script is awful"), ("how do I cook rice", "cook rice")]


def multitask(folder: Path, **options: object) -> tuple[MultitaskBert, object]:
    encoder, tokenizer = from_pretrained(folder)
    draw = torch.Generator().manual_seed(1)
    model = MultitaskBert(encoder, generator=draw, **options).eval()
    for part in (model.sentiment, model.paraphrase):
        if hasattr(part, "dense"):
            torch.nn.init.normal_(part.dense.weight, generator=draw)
            torch.nn.init.normal_(part.dense.bias, generator=draw)
    return model, tokenizer


@torch.inference_mode()
def ours(model: MultitaskBert, tokenizer: object, task: object, texts: list) -> torch.Tensor:
    """Logits as the package's own evaluation reads them."""
    vectors = model.embed(**tokenizer(texts))
    return model.answer(task, vectors) if not task.pairs else model.answer(task, pair=vectors)


def test_sentiment_runs_in_the_pipeline(toy_model_folder: Path, tmp_path: Path) -> None:
    model, tokenizer = multitask(toy_model_folder)
    save_classifier(tmp_path, SequenceClassifier.of(model, SST), tokenizer)
    run = pipeline("text-classification", str(tmp_path), top_k=None, device="cpu")
    assert run.model.config.id2label == {n: str(n) for n in range(5)}
    expected = ours(model, tokenizer, SST, SENTENCES)
    for found, probabilities in zip(run(SENTENCES), expected.softmax(-1), strict=True):
        for one in found:
            assert one["score"] == pytest.approx(float(probabilities[int(one["label"])]), abs=1e-5)
    raw = run(SENTENCES, function_to_apply="none")
    logits = [[row["score"] for row in sorted(one, key=lambda r: r["label"])] for one in raw]
    assert (torch.tensor(logits) - expected).abs().max() < 1e-5


def test_pairs_in_one_pass_run_in_the_pipeline(toy_model_folder: Path, tmp_path: Path) -> None:
    model, tokenizer = multitask(toy_model_folder, pairs="cross-encoder")
    classifier = SequenceClassifier.of(model, QUORA)
    save_classifier(tmp_path, classifier, tokenizer)
    run = pipeline("text-classification", str(tmp_path), device="cpu")
    logits = ours(model, tokenizer, QUORA, PAIRS)
    texts = [{"text": first, "text_pair": second} for first, second in PAIRS]
    found = run(texts)
    assert [one["label"] for one in found] == ["is_duplicate"] * 2
    scores = torch.tensor([one["score"] for one in found])
    assert (scores - logits.sigmoid()).abs().max() < 1e-5
    assert (classifier.probabilities(PAIRS, tokenizer)[:, 0] - logits.sigmoid()).abs().max() < 1e-5
    raw = torch.tensor([one["score"] for one in run(texts, function_to_apply="none")])
    assert (raw - logits).abs().max() < 1e-5
    again, same = load_classifier(tmp_path)
    with torch.inference_mode():
        assert (again(**same(PAIRS))[:, 0] - logits).abs().max() < 1e-6


WITHOUT = {
    "two vectors": ({}, QUORA, "the head of quora reads the vectors of two passes"),
    "their cosine": ({"pairs": "cosine"}, QUORA, "the head of quora reads the vectors of two"),
    "one pass and two": ({"pairs": "both"}, QUORA, "the head of quora reads the vectors of two"),
    "no head": ({}, STS, "the answer to sts is read off the vectors, it has no head"),
    "the mean": ({"pooling": "mean"}, SST, "the head of sst reads the vector 'mean'"),
    "the bare [CLS]": ({"pooling": "cls"}, SST, "the head of sst reads the vector 'cls'"),
}


@pytest.mark.parametrize("case", WITHOUT)
def test_what_transformers_has_no_class_for_is_said(
    toy_model_folder: Path, tmp_path: Path, case: str
) -> None:
    options, task, message = WITHOUT[case]
    model, tokenizer = multitask(toy_model_folder, **options)
    save_pretrained(tmp_path, model.encoder, tokenizer)
    save_heads(tmp_path, model)
    for ask in (
        lambda: SequenceClassifier.of(model, task),
        lambda: checkpoint_classifier(tmp_path, task),  # knows no recipe, only the files
    ):
        with pytest.raises(ValueError, match=message) as caught:
            ask()
        assert "transformers has no class for it" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("task, pairs", [(SST, "bi-encoder"), (QUORA, "cross-encoder")])
def test_a_checkpoint_gives_its_classifier(
    toy_model_folder: Path, tmp_path: Path, task: object, pairs: str
) -> None:
    model, tokenizer = multitask(toy_model_folder, pairs=pairs)
    save_pretrained(tmp_path, model.encoder, tokenizer)
    save_heads(tmp_path, model)
    classifier, same = checkpoint_classifier(tmp_path, task)
    texts = PAIRS if task.pairs else SENTENCES
    expected = ours(model, tokenizer, task, texts)
    with torch.inference_mode():
        assert (classifier(**same(texts)).view(expected.shape) - expected).abs().max() < 1e-6


def test_wrong_uses_are_named(toy_model_folder: Path, tmp_path: Path) -> None:
    model, _ = multitask(toy_model_folder)
    with pytest.raises(ValueError, match="task must be one of this model's, sst"):
        SequenceClassifier.of(model, CFIMDB)
    head = torch.nn.Linear(32, 2)
    for labels in (["a"], ["a", "a"], ["a", "b", "c"]):
        with pytest.raises(ValueError, match="labels must be 2 different names"):
            SequenceClassifier(model.encoder, head, labels)
    with pytest.raises(ValueError, match="head reads vectors of 64 numbers, expected 32"):
        SequenceClassifier(model.encoder, torch.nn.Linear(64, 2), ["a", "b"])
    with pytest.raises(ValueError, match="architectures are BertModel, expected BertForSequence"):
        load_classifier(toy_model_folder)
    with pytest.raises(FileNotFoundError, match="heads.safetensors: expected a checkpoint with"):
        checkpoint_classifier(toy_model_folder, SST)
