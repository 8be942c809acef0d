"""The tier is chosen aloud: no silent fallback, and a cut of the data is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from minbert.course.tiers import LAB_SEED, TIERS, choose_tier, live_data
from minbert.data import load_data


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINBERT_TIER", raising=False)
    monkeypatch.delenv("MINBERT_DATA", raising=False)
    monkeypatch.delenv("MINBERT_LAB_SEED", raising=False)


def test_the_lab_is_the_default() -> None:
    tier = choose_tier()
    assert tier.name == "lab" and tier.encoder == "tiny" and tier.data == f"classroom:{LAB_SEED}"


@pytest.mark.parametrize("name", ["real", "paper"])
def test_a_real_tier_without_its_files_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match=f"tier {name} needs the CS224N files: set MINBERT_DATA"):
        choose_tier(name)


def test_a_tier_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="one of lab, real, paper, got 'full'"):
        choose_tier("full")


def test_the_environment_chooses_and_an_argument_overrides(monkeypatch) -> None:
    monkeypatch.setenv("MINBERT_TIER", "real")
    monkeypatch.setenv("MINBERT_DATA", "somewhere")
    assert choose_tier() == replace(TIERS["real"], data="cs224n:somewhere")
    assert choose_tier(folder="elsewhere").data == "cs224n:elsewhere"
    assert choose_tier("lab") == TIERS["lab"]


def test_the_lab_may_have_another_corpus(monkeypatch) -> None:
    monkeypatch.setenv("MINBERT_LAB_SEED", "5")
    assert choose_tier().data == "classroom:5"
    assert choose_tier("lab", seed=0).data == "classroom:0"
    for wrong in ("-1", "1.5", "five"):
        monkeypatch.setenv("MINBERT_LAB_SEED", wrong)
        with pytest.raises(ValueError, match=f"whole number from 0, got '{wrong}'"):
            choose_tier()


@pytest.fixture
def small_tier(toy_data_folder: Path):
    return replace(choose_tier("real", str(toy_data_folder)), most_train=12, most_dev=5)


def test_the_cut_is_a_sample_and_the_same_one_each_time(small_tier) -> None:
    whole, cut, again = load_data(small_tier.data), live_data(small_tier), live_data(small_tier)
    for name in ("sst", "quora", "sts", "cfimdb"):
        task, full = getattr(cut, name), getattr(whole, name)
        assert len(task.train) == 12 and len(task.dev) == 5
        assert set(task.train) < set(full.train) and set(task.dev) < set(full.dev)
        assert task.train != full.train[:12]  # a random sample, not the beginning
        assert len(set(task.train)) == 12
        assert task.test == full.test
        assert task == getattr(again, name)


def test_the_cut_is_said_and_has_a_digest_of_its_own(small_tier) -> None:
    whole, cut = load_data(small_tier.data), live_data(small_tier)
    assert cut.note == (f"{whole.note}; live runs: at most 12 training and 5 dev examples a task")
    assert cut.digest != whole.digest
    assert cut.digest != live_data(replace(small_tier, most_train=11)).digest


def test_what_is_small_enough_is_not_cut(small_tier) -> None:
    whole = load_data(small_tier.data)
    assert live_data(replace(small_tier, most_train=None, most_dev=None)) == whole
    assert live_data(replace(small_tier, most_train=999, most_dev=999)).sst == whole.sst
