"""The shipped encoder: what its card says is so, and its command makes it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

import minbert
from minbert.data.classroom.corpus import classroom_corpus
from minbert.experiments.pretrain_tiny import CORPUS_SEED, RECIPE, SETTINGS, pretrain_tiny
from minbert.pretrained import from_pretrained, load_mlm_head
from minbert.training.held_out_loss import masked_loss
from minbert.training.loop import RunContext
from minbert.training.recipe import StageSettings
from minbert.training.sentences import SentenceTable

FOLDER = Path(minbert.__file__).parent / "assets" / "tiny"
MEGABYTE = 1_000_000
SHORT = StageSettings(epochs=1, batch_size=64, learning_rate=1e-3, schedule="linear")
"""The shortened run whose loss is recorded beside the long one's."""
BAND = 0.05
"""Nats by which another processor's arithmetic may move the shortened run's loss."""


@pytest.fixture(scope="module")
def recorded() -> dict:
    return json.loads((FOLDER / "training.json").read_text(encoding="utf-8"))


@pytest.fixture
def context() -> RunContext:
    return RunContext(torch.device("cpu"), "fp32", seed=0)


def test_it_is_small() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size <= 6 * MEGABYTE
    everything = (path for path in FOLDER.parents[1].rglob("*") if path.suffix not in (".pyc", ""))
    assert sum(path.stat().st_size for path in everything) <= 10 * MEGABYTE


def test_it_knows_general_text_as_well_as_recorded(recorded: dict, context: RunContext) -> None:
    encoder, tokenizer = from_pretrained("tiny")
    table = SentenceTable(tokenizer)
    rows = table.add(classroom_corpus(CORPUS_SEED).general["dev"])
    head = load_mlm_head("tiny", encoder)
    loss = masked_loss(encoder, head, rows, table, RECIPE, context, "general")
    assert abs(loss - recorded["held_out_loss"]["after"]) <= 0.001


def test_its_settings_are_those_of_the_command(recorded: dict) -> None:
    assert recorded["settings"] == asdict(SETTINGS)
    assert recorded["seed"] == 0 and recorded["precision"] == "fp32"


def test_its_words_are_whole_and_nothing_printable_is_unknown() -> None:
    _, tokenizer = from_pretrained("tiny")
    [ids] = tokenizer.encode(["The gardener plants roses in the garden, 12 & 34 ~ @ {x}"])
    assert tokenizer.unk_id not in ids
    assert "gardener" in tokenizer.tokens(ids)


@pytest.mark.slow
def test_a_shortened_run_reaches_the_recorded_loss(
    recorded: dict, context: RunContext, tmp_path: Path
) -> None:
    made = pretrain_tiny(tmp_path, context, SHORT)
    assert abs(made["held_out_loss"]["after"] - recorded["short_run_held_out_loss"]) <= BAND
    encoder, tokenizer = from_pretrained(tmp_path)
    shipped, same = from_pretrained("tiny")
    assert encoder.config == shipped.config
    assert tokenizer.backend.get_vocab() == same.backend.get_vocab()


def test_the_card_says_what_was_recorded(recorded: dict) -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    losses, perplexities = recorded["held_out_loss"], recorded["held_out_perplexity"]
    for figure in (
        f"{losses['before']:.3f}",
        f"{losses['after']:.3f}",
        f"{perplexities['before']:.0f}",
        f"{perplexities['after']:.2f}",
        f"{recorded['parameters']:,}",
        f"{recorded['steps']:,}",
        f"{recorded['tokens']:,}",
    ):
        assert figure in card, figure
