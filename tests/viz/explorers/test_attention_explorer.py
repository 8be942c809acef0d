"""The attention explorer: every control, what is not computed twice, and that no text breaks it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from explorers import HOSTILE, check_every_control, check_sound, check_static

from minbert import from_pretrained
from minbert.analysis.attention import rollout
from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.viz.explorers.attention.explorer import AttentionExplorer
from minbert.viz.explorers.attention.heads import ALL_HEADS, LINES, ROLLOUT, GivenAttention
from minbert.viz.record import record

ENCODER, TOKENIZER = from_pretrained("tiny")
TEXT = "How do I train a guinea pig?"


@pytest.fixture
def explorer() -> AttentionExplorer:
    return AttentionExplorer(ENCODER, TOKENIZER, TEXT)


def cells(table) -> np.ndarray:
    """Numbers of a table of weights."""
    return np.array([[float(cell) for cell in row[1:]] for row in table.rows])


def test_layer_head_and_weights_choose_the_matrix(explorer) -> None:
    expected = record(ENCODER, TOKENIZER, [TEXT]).attention().double().numpy()
    detail = explorer.panels["In detail"]
    explorer.layer.value, explorer.head.value = 1, 2
    assert detail.alt.startswith("Layer 1, head 2: heat map")
    np.testing.assert_allclose(cells(detail.table), expected[1, 2], atol=0.0051)
    explorer.weights.value = ALL_HEADS
    assert detail.alt.startswith("Layer 1, mean of its 4 heads")
    np.testing.assert_allclose(cells(detail.table), expected[1].mean(axis=0), atol=0.0051)
    explorer.weights.value = ROLLOUT
    assert detail.alt.startswith("Rollout up to layer 1") and "half the token itself" in detail.note
    np.testing.assert_allclose(cells(detail.table), rollout(expected), atol=0.0051)
    explorer.layer.value = 0
    np.testing.assert_allclose(cells(detail.table), rollout(expected[:1]), atol=0.0051)


def test_view_and_attending_token_change_the_picture(explorer) -> None:
    detail, before = explorer.panels["In detail"], explorer.panels["In detail"].png
    explorer.view.value = LINES
    assert "lines from tokens that attend (left)" in detail.alt and detail.png != before
    assert explorer.token.options[5] == ("4 train", 4)
    explorer.token.value = 4
    row = cells(detail.table)[4]
    best = detail.table.header[1 + int(row.argmax())]
    assert (
        f"The largest weights of “train” (position 4) are on “{best}” {row.max():.2f}" in detail.alt
    )
    explorer.first.value = "Who eats hay?"
    assert explorer.token.value == -1 and explorer.token.options[1:3] == (
        ("0 [CLS]", 0),
        ("1 who", 1),
    )
    assert "The largest weights of" not in detail.alt


def test_a_second_sentence_makes_a_pair(explorer) -> None:
    assert "other sentence" not in explorer.panels["All heads"].table.header
    explorer.second.value = "It eats hay."
    assert explorer.panels["All heads"].table.header[-1] == "other sentence"
    assert "to the other sentence in layer" in explorer.panels["All heads"].alt
    assert explorer.token.options[-1] == ("14 [SEP]", 14)


def test_the_prediction_is_that_of_the_other_sentence(explorer) -> None:
    tokens, heads = explorer.panels["Token by token"], explorer.panels["Head by head"]
    explorer.other.value = TEXT
    assert tokens.alt.startswith("Cosine 1.000;") and f"“{TEXT}”" in tokens.note
    assert all(float(row[4]) <= 0 for row in heads.table.rows), "nothing is nearer than the same"
    explorer.other.value = "The river is long."
    assert not tokens.alt.startswith("Cosine 1.000;")
    assert f"The cosine, {tokens.alt[7:12]}, changes most without" in heads.alt
    explorer.layer.value, explorer.head.value = 1, 3
    change = heads.table.rows[7][4]
    assert f"without layer 1, head 3 {heads.table.rows[7][3]} ({change})" in tokens.alt


def test_without_another_sentence_nothing_is_predicted(explorer) -> None:
    explorer.other.value = "  "
    tokens, heads = explorer.panels["Token by token"], explorer.panels["Head by head"]
    assert tokens.view is None and "“Compared with”" in tokens.note
    assert heads.table.header == ["layer", "head", "entropy (nats)"]
    assert "With a sentence to compare with" in heads.note
    check_sound(explorer)


def test_special_tokens_can_be_hidden(explorer) -> None:
    explorer.token.value = 0
    explorer.without.value = True
    detail = explorer.panels["In detail"]
    assert "[CLS]" not in detail.table.header and "[SEP]" not in detail.table.header
    np.testing.assert_allclose(cells(detail.table).sum(axis=1), 1.0, atol=0.05)
    for name in ("All heads", "In detail", "Token by token"):
        assert "scaled to sum to 1" in explorer.panels[name].note
    assert "The attending token that is chosen is hidden: all are shown." in detail.note
    explorer.token.value = 4
    assert "of “train” (position 4)" in detail.alt, "its position in the whole text"
    assert explorer.panels["Token by token"].table.rows[0][:2] == ["1", "how"]
    explorer.first.value = ""
    assert all("no token is left" in panel.note for panel in explorer.panels.values())


def test_a_long_text_is_read_in_part_and_says_so(explorer) -> None:
    explorer.first.value = "word " * 90
    for name in ("All heads", "In detail", "Token by token"):
        assert "Only 40 pieces are read; 52 more are left out." in explorer.panels[name].note
    assert len(explorer.panels["Token by token"].table.rows) == 40
    explorer.first.value = "word " * 1000
    assert "Only the first 2,000 of 5,000 characters are used." in explorer.panels["All heads"].note
    explorer.other.value = "word " * 1000
    assert "Only the first 2,000 of 5,000" in explorer.panels["Token by token"].note
    check_sound(explorer)


def test_display_controls_do_not_run_the_encoder(explorer, monkeypatch) -> None:
    runs = []
    forward = Encoder.forward
    monkeypatch.setattr(
        Encoder, "forward", lambda self, *a, **k: runs.append(1) or forward(self, *a, **k)
    )
    explorer.layer.value, explorer.head.value, explorer.weights.value = 1, 3, ROLLOUT
    explorer.view.value, explorer.token.value, explorer.without.value = LINES, 3, True
    assert not runs
    explorer.other.value = "Another one."
    predicted = len(runs)
    assert predicted > 0
    explorer.first.value = "Something else."
    assert len(runs) == 2 * predicted + 1, "once for attention, and the prediction"
    explorer.first.value = TEXT
    assert len(runs) == 2 * predicted + 1, "it is remembered"


def test_stages_are_chosen_and_may_differ_in_size() -> None:
    small = ModelConfig(
        vocab_size=TOKENIZER.vocab_size,
        hidden_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=12,
        max_position_embeddings=16,
    )
    stages = {"trained": ENCODER, "fresh": Encoder(small, torch.Generator().manual_seed(0)).eval()}
    explorer = AttentionExplorer(stages, TOKENIZER)
    assert explorer.state["Stage"] == "trained" and explorer.layer.max == 1
    explorer.layer.value, explorer.head.value = 1, 3
    explorer.stage.value = "fresh"
    assert explorer.panels["In detail"].alt.startswith("Layer 0, head 1")
    assert "(layers: 1, heads: 2)" in explorer.panels["In detail"].note
    assert len(explorer.panels["All heads"].table.rows) == 2
    explorer.first.value = "word " * 40
    assert "Only 16 pieces" in explorer.panels["All heads"].note, "positions of the smaller one"
    check_sound(explorer)


def test_attention_of_other_models_is_shown_without_fields(monkeypatch) -> None:
    draw = torch.Generator().manual_seed(0)
    weights = [torch.randn(1, 3, 50, 50, generator=draw).softmax(dim=-1) for _ in range(2)]
    tokens = ["[CLS]", *(f"w{number}" for number in range(48)), "[SEP]"]
    explorer = AttentionExplorer.from_attentions(weights, tokens)
    assert isinstance(explorer, GivenAttention)
    assert list(explorer.panels) == ["All heads", "Head by head", "In detail"]
    explorer.layer.value, explorer.head.value = 1, 2
    detail = explorer.panels["In detail"]
    np.testing.assert_allclose(cells(detail.table), weights[1][0, 2, :40, :40].numpy(), atol=0.0051)
    assert "The first 40 of 50 tokens are drawn; means are over all." in detail.note
    assert "With a sentence" not in explorer.panels["Head by head"].note
    check_every_control(explorer)
    check_static(explorer, monkeypatch)
    plain = AttentionExplorer.from_attentions([np.eye(2)[None]], ["<s>", "$a$"])
    assert not any("CLS" in control.description for control in plain.controls)
    check_every_control(plain)


def test_an_encoder_is_needed_and_a_pooling() -> None:
    with pytest.raises(ValueError, match="at least one"):
        AttentionExplorer({}, TOKENIZER)
    with pytest.raises(ValueError, match="pooling must be one of"):
        AttentionExplorer(ENCODER, TOKENIZER, pooling="max")
    with pytest.raises(ValueError, match="at least 4, got 3"):
        AttentionExplorer(ENCODER, TOKENIZER, most_tokens=3)


def test_nothing_that_is_typed_breaks_it(monkeypatch) -> None:
    explorer = AttentionExplorer(ENCODER, TOKENIZER, TEXT, most_tokens=12)
    check_every_control(explorer)
    explorer.view.value = LINES
    for text in HOSTILE:
        explorer.first.value = explorer.second.value = explorer.other.value = text
        explorer.token.value = 1
        check_sound(explorer)
    check_static(explorer, monkeypatch)


def test_with_minilm(minilm_folder) -> None:
    explorer = AttentionExplorer(*from_pretrained("minilm"))
    assert explorer.panels["All heads"].alt.startswith("72 small heat maps")
    explorer.layer.value, explorer.head.value = 5, 11
    explorer.first.value = "Who eats hay?"
    assert explorer.panels["In detail"].alt.startswith("Layer 5, head 11")
    check_sound(explorer)
