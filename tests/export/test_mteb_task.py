"""mteb runs a task of local data with our model."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from toy import toy_pairs

from minbert import encode, from_pretrained
from minbert.data.examples import PairExample
from minbert.export import MtebEncoder
from minbert.export.mteb_model import similarity_task

PAIRS = [
    PairExample(str(number), first, second, label * 4 + number % 7 / 7)
    for number, (first, second, label) in enumerate(toy_pairs(24, 3))
]


def test_mteb_measures_what_we_measure(toy_model_folder: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mteb = pytest.importorskip("mteb", reason="mteb is optional: pip install mteb")
        encoder, tokenizer = from_pretrained(toy_model_folder)
        model = MtebEncoder(encoder, tokenizer, "minbert/toy", precision="fp32")
        assert isinstance(model, mteb.EncoderProtocol)
        task = similarity_task(PAIRS, "ToySTS")
        results = mteb.evaluate(model, task, cache=None, show_progress_bar=False)
    scores = results.task_results[0].scores["test"][0]
    first, second = (
        encode([getattr(pair, side) for pair in PAIRS], encoder, tokenizer, precision="fp32")
        for side in ("sentence1", "sentence2")
    )
    cosine = (
        (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    )
    golds = [pair.label for pair in PAIRS]
    assert scores["cosine_pearson"] == pytest.approx(pearsonr(cosine, golds)[0], abs=1e-4)
    assert scores["cosine_spearman"] == pytest.approx(spearmanr(cosine, golds)[0], abs=1e-4)
    meta = model.mteb_model_meta
    assert meta.name == "minbert/toy" and meta.embed_dim == 32 and meta.license is None


def test_without_mteb_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mteb", None)
    with pytest.raises(ValueError, match="mteb is not installed: `pip install mteb`"):
        similarity_task(PAIRS)
    with pytest.raises(ValueError, match="three scored pairs at least, got 2"):
        similarity_task(PAIRS[:2])


def test_similarities_are_cosines(toy_model_folder: Path) -> None:
    model = MtebEncoder(*from_pretrained(toy_model_folder), pooling="mean", precision="fp32")
    vectors = model.encode([{"text": ["dull", "the plot"]}, {"text": ["rice"]}], task_metadata=None)
    assert vectors.shape == (3, 32)
    every = model.similarity(vectors, vectors[:2])
    assert every.shape == (3, 2) and every[0, 0] == pytest.approx(1, abs=1e-6)
    pairwise = model.similarity_pairwise(vectors[1:], vectors[:2])
    assert pairwise.tolist() == pytest.approx([float(every[1, 0]), float(every[2, 1])], abs=1e-6)
