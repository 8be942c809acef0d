"""The benchmark of choices for sentiment runs, and docs/beyond.md says what it recorded."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from minbert.data import load_data
from minbert.pretrained import from_pretrained

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import sentiment_choices  # noqa: E402
from sections import filled  # noqa: E402
from sentiment_choices import CHOICES, AttentionPooling, Choice, Classifier  # noqa: E402


def test_the_page_shows_what_was_recorded() -> None:
    page = sentiment_choices.PAGE.read_text(encoding="utf-8")
    record = json.loads(sentiment_choices.RECORD.read_text(encoding="utf-8"))
    assert filled(page, {"sentiment": "\n" + sentiment_choices.table(record)}) == page
    assert record["lines"][0]["choice"] == CHOICES[0].name
    assert {line["choice"] for line in record["lines"]} <= {choice.name for choice in CHOICES}


def test_no_sentence_of_one_half_is_in_the_other() -> None:
    examples = load_data("classroom").find("sst").train
    learned, judging = sentiment_choices.halves([*examples, examples[0], examples[0]])
    assert len(learned) == (len(examples) + 2) // 2 and len(judging) > len(examples) / 3
    assert not {one.sentence for one in learned} & {one.sentence for one in judging}


def test_attention_pooling_begins_as_the_mean_and_never_reads_padding() -> None:
    pooling = AttentionPooling(4)
    states = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert torch.allclose(pooling(states, mask)[0], states[0, :2].mean(0))
    with torch.no_grad():
        pooling.query[:] = states[0, 1] * 50
    assert torch.allclose(pooling(states, mask)[0], states[0, 1], atol=1e-3)


def test_a_part_of_the_answer_goes_to_the_classes_beside_it() -> None:
    found = sentiment_choices.answers_of(torch.tensor([0, 2]), 0.1)
    expected = torch.tensor([[0.9, 0.1, 0.0, 0.0, 0.0], [0.0, 0.05, 0.9, 0.05, 0.0]])
    assert torch.allclose(found, expected)
    whole = sentiment_choices.answers_of(torch.tensor([0, 2]), 0.0)
    logits = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    by_number = F.cross_entropy(logits, torch.tensor([0, 2]))
    assert torch.allclose(F.cross_entropy(logits, whole), by_number)


def test_lower_layers_learn_more_slowly() -> None:
    model = Classifier(from_pretrained("tiny")[0], Choice("", layer_decay=0.5))
    rates = model.rates()
    layers = [rate for name, rate in rates.items() if ".layer." in name]
    assert layers[-1] == 1 and layers == sorted(layers)
    assert rates["encoder.embeddings"] == pytest.approx(layers[0] / 2)
    assert set(Classifier(from_pretrained("tiny")[0], Choice("")).rates().values()) == {1.0, 10.0}


def test_the_worst_neighbour_lies_farther_than_one_at_random() -> None:
    """Without dropout, where nothing else moves a reading."""
    encoder, tokenizer = from_pretrained("tiny")[:2]
    model = Classifier(encoder, Choice("", precision="fp32")).eval()
    with torch.no_grad():
        model.head.dense.weight.mul_(20)
    ids = torch.tensor(tokenizer.encode(["a film that is not bad"]))
    mask = torch.ones_like(ids)
    logits = model(ids, mask)

    def near(noise: torch.Tensor) -> float:
        def move(_: object, __: object, states: torch.Tensor) -> torch.Tensor:
            by = sentiment_choices.RADIUS * F.normalize(noise, dim=-1)
            return states + by * states.norm(dim=-1, keepdim=True)

        hook = model.encoder.embeddings.register_forward_hook(move)
        found = sentiment_choices.disagreement(model(ids, mask), logits).item()
        hook.remove()
        return found

    generator = torch.Generator().manual_seed(0)
    shape = (*ids.shape, encoder.config.hidden_size)
    random = [near(torch.randn(shape, generator=generator)) for _ in range(20)]
    torch.manual_seed(0)
    worst = sentiment_choices.from_worst_neighbour(model, ids, mask, logits)
    assert worst.item() > max(random)
    worst.backward()
    assert not model.encoder.embeddings._forward_hooks


def test_every_choice_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    """At toy size; the first line is what the others are tested against."""
    monkeypatch.setattr(
        sentiment_choices, "halves", lambda examples: (examples[:64], examples[-64:])
    )
    few = [replace(choice, passes=1.0) for choice in CHOICES]
    record = sentiment_choices.measured("classroom", "tiny", few, lambda line: None)
    assert (record["trained_on"], record["judged_on"]) == (64, 64)
    assert ["test" in line for line in record["lines"]] == [False, *[True] * (len(CHOICES) - 1)]
    assert all(0 <= line["accuracy"] <= 1 for line in record["lines"])
    assert sentiment_choices.table(record).count("\n") == len(CHOICES) + 2
