"""The cosine lab: what its controls do, how seldom it encodes, and what it withstands."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from explorers import HOSTILE, check_every_control, check_sound, check_static
from toy import toy_pairs

from minbert import ModelConfig, from_pretrained
from minbert.analysis.geometry import anisotropy
from minbert.analysis.layers import layer_vectors
from minbert.data import load_data
from minbert.data.examples import PairExample
from minbert.encoder import Encoder
from minbert.viz.explorers.cosines import explorer as cosines
from minbert.viz.explorers.cosines.explorer import CosineLab

ENCODER, TOKENIZER = from_pretrained("tiny")
DEV = load_data("classroom:31").quora.dev
PAIRS = [
    PairExample(f"toy-{n}", first, second, label)
    for n, (first, second, label) in enumerate(toy_pairs(40, seed=0))
]


def untrained(layers: int = 1) -> Encoder:
    config = ModelConfig(
        vocab_size=TOKENIZER.vocab_size,
        hidden_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=32,
    )
    return Encoder(config, torch.Generator().manual_seed(0)).eval()


def lab(pairs=PAIRS, **options) -> CosineLab:
    return CosineLab({"before": untrained(2), "after": ENCODER}, TOKENIZER, pairs, **options)


def cell(explorer: CosineLab, row: str, column: int = 1) -> str:
    (found,) = [cells for cells in explorer.panels["Cosines"].table.rows if cells[0] == row]
    return found[column]


@pytest.fixture
def encodings(monkeypatch: pytest.MonkeyPatch) -> list[Encoder]:
    """The encoders that were run, in order."""
    run: list[Encoder] = []

    def counted(sentences, encoder, tokenizer):
        run.append(encoder)
        return layer_vectors(sentences, encoder, tokenizer)

    monkeypatch.setattr(cosines, "layer_vectors", counted)
    return run


def test_every_control_and_the_page_without_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = lab()
    check_every_control(explorer)
    check_static(explorer, monkeypatch)
    assert [control.description for control in explorer.controls] == [
        "Stage",
        "Compare with",
        "Pooling",
        "Subtract the mean vector",
        "Layer",
    ]
    assert all(len(panel.table.rows) <= 40 for panel in explorer.panels.values())


def test_the_numbers_are_those_of_the_encoder() -> None:
    explorer = lab(pooling="cls")
    vectors = layer_vectors(explorer.sample.sentences, ENCODER, TOKENIZER)["cls"]
    assert cell(explorer, "anisotropy", 2) == f"{anisotropy(vectors[2]):.3f}"
    explorer.layer.value = 1
    assert cell(explorer, "anisotropy", 2) == f"{anisotropy(vectors[1]):.3f}"
    rows = [row for row in explorer.panels["Layer by layer"].table.rows if row[0] == "after"]
    assert [row[6] for row in rows] == [f"{anisotropy(layer):.3f}" for layer in vectors]


def test_stages_are_compared_or_not() -> None:
    explorer = lab()
    spaces, layers = explorer.panels.values()
    assert spaces.table.header == ["", "before, mean, layer 2", "after, mean, layer 2"]
    explorer.other.value = ""
    assert spaces.table.header == ["", "before, mean, layer 2"]
    assert {row[0] for row in layers.table.rows} == {"before"}
    explorer.stage.value = "after"
    assert spaces.alt.startswith("Distributions of cosines. after, mean")
    explorer.other.value = "after"
    assert spaces.table.header == ["", "after, mean, layer 2"]


def test_every_stage_is_encoded_once(encodings: list[Encoder]) -> None:
    explorer = lab()
    assert encodings == list(explorer.encoders.values())
    check_every_control(explorer)
    assert len(encodings) == 2


def test_a_stage_is_encoded_when_it_is_asked_for(encodings: list[Encoder]) -> None:
    explorer = CosineLab({"a": ENCODER, "b": untrained(), "c": ENCODER}, TOKENIZER, PAIRS)
    assert len(encodings) == 2
    explorer.stage.value = "b"
    assert len(encodings) == 3


def test_the_slider_draws_one_picture_and_leaves_the_other() -> None:
    explorer = lab()
    spaces, layers = explorer.panels.values()
    before, all_layers = spaces.png, layers.png
    explorer.layer.value = 0
    assert spaces.png != before and layers.png is all_layers
    assert "layer 0" in spaces.alt


def test_subtracting_the_mean_takes_the_anisotropy() -> None:
    explorer = lab()
    assert float(cell(explorer, "anisotropy", 2)) > 0.5
    explorer.centre.value = True
    assert abs(float(cell(explorer, "anisotropy", 2))) < 0.05
    for panel in explorer.panels.values():
        assert "vectors is subtracted from each" in panel.alt


def test_the_pooler_exists_for_the_last_layer_only() -> None:
    explorer = lab()
    explorer.pooling.value = "pooler"
    spaces, layers = explorer.panels.values()
    assert "The pooler reads the last layer only" in spaces.note
    before = spaces.alt
    explorer.layer.value = 0
    assert spaces.alt == before
    steps = [row[1] for row in layers.table.rows if row[0] == "after"]
    assert steps == ["0", "1", "2", "pooler"]
    assert "at the pooler" in layers.alt


def test_cls_before_the_first_layer_is_one_vector() -> None:
    explorer = lab(pooling="cls")
    explorer.layer.value = 0
    assert cell(explorer, "anisotropy") == "1.000"
    assert cell(explorer, "AUC, similar above different") == "0.500"
    explorer.centre.value = True
    spaces, layers = explorer.panels.values()
    assert spaces.view is None and "[CLS] before the first layer" in spaces.note
    assert layers.view is not None
    check_sound(explorer)


def test_a_stage_with_fewer_layers_shows_its_last() -> None:
    explorer = CosineLab({"shallow": untrained(1), "tiny": ENCODER}, TOKENIZER, PAIRS)
    spaces = explorer.panels["Cosines"]
    assert spaces.table.header == ["", "shallow, mean, layer 1", "tiny, mean, layer 2"]
    assert "shallow has no layer 2." in spaces.note
    for pooling in ("pooler", "cls"):
        explorer.pooling.value = pooling
        check_sound(explorer)


def test_one_encoder_needs_no_choice_of_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = CosineLab(ENCODER, TOKENIZER, PAIRS)
    assert explorer.controls[0].description == "Pooling"
    check_every_control(explorer)
    check_static(explorer, monkeypatch)


def test_most_pairs_are_left_out_and_the_note_says_so() -> None:
    explorer = lab(DEV, most=60)
    assert (
        "60 of 900 pairs, drawn at random: 30 labelled similar" in explorer.panels["Cosines"].note
    )
    assert cell(explorer, "labelled similar: pairs") == "30"


def broken(*pairs: tuple[str, str, float | None]) -> list[PairExample]:
    return [PairExample(str(n), *pair) for n, pair in enumerate(pairs)]


@pytest.mark.parametrize(
    "pairs, said",
    [
        ([], "There is no pair to be shown"),
        (broken(("", "a", 1.0), (" ", "", 0.0)), "2 pairs lack a label or a sentence"),
        (broken(("a", "b", None), ("b", "c", math.nan)), "There is no pair to be shown"),
        (broken(("a", "b", 1.0)), "All labels are of one kind"),
        (broken(("a", "a", 1.0)), "distinct sentences: 1."),
        (broken(("a", "a", 1.0), ("a", "a", 0.0)), "2 of 2 pairs: 1 labelled similar"),
        (broken(("a b", "c d", 0.0), ("e", "f", 0.0)), "All labels are of one kind"),
        (broken(*((text, text[::-1], 1.0) for text in HOSTILE)), "8 labelled similar"),
        (
            broken(*((a, b, float(a < b)) for a in HOSTILE for b in HOSTILE)),
            "distinct sentences: 8.",
        ),
    ],
)
def test_few_empty_and_hostile_pairs(pairs, said, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = CosineLab(ENCODER, TOKENIZER, pairs)
    notes = [panel.note for panel in explorer.panels.values()]
    assert any(said in note for note in notes), notes
    check_every_control(explorer)
    if all(panel.view for panel in explorer.panels.values()):
        check_static(explorer, monkeypatch)


def test_vectors_of_length_zero_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def some_zero(sentences, encoder, tokenizer):
        vectors = layer_vectors(sentences, encoder, tokenizer)
        for states in vectors.values():
            states[:, :3] = 0
            states[:, 5] = np.nan
        return vectors

    monkeypatch.setattr(cosines, "layer_vectors", some_zero)
    explorer = CosineLab({"after": ENCODER}, TOKENIZER, PAIRS)
    total = len(explorer.sample.sentences)
    assert f"after: 4 of {total} sentences have a vector without" in explorer.panels["Cosines"].note
    check_every_control(explorer)


def test_hostile_names_of_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = CosineLab({name: ENCODER for name in HOSTILE}, TOKENIZER, PAIRS[:6])
    check_every_control(explorer)
    check_static(explorer, monkeypatch)


def test_what_cannot_be_built_says_why() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CosineLab({}, TOKENIZER, PAIRS)
    with pytest.raises(ValueError, match="pooling must be one of pooler, cls, mean, got 'max'"):
        CosineLab(ENCODER, TOKENIZER, PAIRS, pooling="max")
    with pytest.raises(ValueError, match="at least 1 pair"):
        CosineLab(ENCODER, TOKENIZER, PAIRS, most=0)


def test_minilm_too(minilm_folder) -> None:
    encoder, tokenizer = from_pretrained("minilm")
    explorer = CosineLab(encoder, tokenizer, DEV, most=40)
    check_sound(explorer)
    assert explorer.layer.max == 6
    assert len(explorer.panels["Layer by layer"].table.rows) == 7
    assert float(cell(explorer, "AUC, similar above random")) > 0.95
    explorer.pooling.value = "cls"
    explorer.layer.value = 3
    assert float(cell(explorer, "anisotropy")) > 0.99, "[CLS] is used by nobody before the end"
    assert float(cell(explorer, "AUC, similar above random")) > 0.7
