"""The ladder: its rungs by hand, and on the real files, where others have measured them too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from minbert.data import load_data
from minbert.data.examples import PairExample
from minbert.evaluation.baselines import best_threshold, jaccard, ladder, most_common


def test_jaccard_by_hand() -> None:
    pairs = [
        PairExample("1", "A b, c!", "b C d"),
        PairExample("2", "a", "a"),
        PairExample("3", "?", "!"),
    ]
    assert jaccard(pairs) == pytest.approx([2 / 4, 1, 0])


def test_threshold_and_majority() -> None:
    similarities = np.array([0.1, 0.2, 0.6, 0.7])
    threshold = best_threshold(similarities, np.array([0, 0, 1, 1]))
    assert 0.2 <= threshold < 0.6
    # Always "paraphrase" is a threshold as well.
    assert best_threshold(similarities, np.ones(4)) == -np.inf
    assert most_common(np.array([3.0, 1.0, 1.0])) == 1.0


def test_the_ladder_finds_what_is_in_made_up_data(toy_data_folder: Path) -> None:
    rungs = ladder(load_data(f"cs224n:{toy_data_folder}"))
    assert list(rungs) == ["sst_accuracy", "quora_accuracy", "sts_pearson"]
    # These sentences are classified by their words, and such pairs share them.
    assert (
        rungs["sst_accuracy"]["bag_of_words"]["value"] > rungs["sst_accuracy"]["majority"]["value"]
    )
    assert rungs["sts_pearson"]["jaccard"]["value"] > 0.5


def test_the_ladder_on_the_real_files(real_data_folder: Path) -> None:
    """Other implementations, with other settings, got .569/.709/.745 on STS and .674 on Quora."""
    rungs = ladder(load_data(f"cs224n:{real_data_folder}"))
    sts = {name: value["value"] for name, value in rungs["sts_pearson"].items()}
    assert sts["jaccard"] == pytest.approx(0.569, abs=0.05)
    assert sts["tfidf_word"] == pytest.approx(0.709, abs=0.05)
    assert sts["tfidf_character"] == pytest.approx(0.745, abs=0.03)
    quora = {name: value["value"] for name, value in rungs["quora_accuracy"].items()}
    assert quora["majority"] == pytest.approx(0.625, abs=0.001)
    assert max(quora.values()) == quora["tfidf_character"] < 0.72
