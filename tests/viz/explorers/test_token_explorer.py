"""The token explorer: what it computes, and that no text breaks it."""

from __future__ import annotations

import pytest
from explorers import HOSTILE, check_every_control, check_static

from minbert import from_pretrained
from minbert.viz.explorers.tokens.explorer import (
    MOST_DRAWN,
    TokenExplorer,
    compute_pieces,
    draw_pieces,
    pieces_table,
)

ENCODER, TOKENIZER = from_pretrained("tiny")


def test_a_pair_has_all_its_numbers() -> None:
    pieces = compute_pieces(TOKENIZER, "How old are YOU?", "what age")
    batch = TOKENIZER([("How old are YOU?", "what age")])
    assert list(pieces.ids) == batch["input_ids"][0].tolist()
    assert list(pieces.segments) == batch["token_type_ids"][0].tolist()
    assert (pieces.tokens[0], pieces.tokens[-1]) == ("[CLS]", "[SEP]")
    assert pieces.words == 6 and pieces.unknown == 0 and pieces.cut == 0
    assert "YOU" in pieces.written, "typed as it was typed, not as it was lower-cased"
    assert pieces_table(pieces).rows[0] == ["0", "[CLS]", str(pieces.ids[0]), "0", ""]


def test_unknown_pieces_are_counted() -> None:
    pieces = compute_pieces(TOKENIZER, "a \u4e2d guinea pig")
    assert pieces.unknown == 1
    assert pieces.written[pieces.tokens.index("[UNK]")] == "\u4e2d"
    assert "1 of them unknown" in pieces.counts


@pytest.mark.parametrize("first, second", [(30, 0), (30, 30), (30, 4), (4, 30), (17, 18)])
@pytest.mark.parametrize("limit", [6, 11, 12, 20])
def test_what_is_cut_is_what_the_tokenizer_cuts(first: int, second: int, limit: int) -> None:
    texts = " ".join(map(str, range(first))), " ".join(map(str, range(50, 50 + second)))
    pieces = compute_pieces(TOKENIZER, *texts, max_length=limit)
    assert len(pieces.ids) == len(pieces.written) == len(pieces.segments) == limit
    assert pieces.cut > 0
    batch = TOKENIZER([texts if second else texts[0]], max_length=limit)
    assert list(pieces.segments) == batch["token_type_ids"][0].tolist()
    for token, written in zip(pieces.tokens, pieces.written, strict=True):
        assert written.startswith(token.removeprefix("##")[:1]) or token.startswith("[")


def test_a_long_text_is_drawn_in_part_and_says_so() -> None:
    pieces = compute_pieces(TOKENIZER, "word " * 90)
    axes, alt = draw_pieces(pieces)
    assert len(axes.patches) == MOST_DRAWN
    assert f"{len(pieces.tokens) - MOST_DRAWN} more pieces are in the table" in alt


def test_typing_changes_picture_numbers_and_sentence() -> None:
    explorer = TokenExplorer(TOKENIZER)
    panel = explorer.panels["Pieces"]
    before = panel.png
    explorer.second.value = "and a second one"
    assert panel.png != before
    assert any(row[3] == "1" for row in panel.table.rows)
    assert "segment 1" in panel.alt
    explorer.first.value = "word " * 1000
    assert "Only the first 2,000 of 5,000 characters are used." in panel.note


def test_of_several_tokenizers_one_is_chosen() -> None:
    explorer = TokenExplorer({"tiny": TOKENIZER, "again": TOKENIZER})
    assert explorer.controls[-1].description == "Tokenizer"
    assert explorer.state["Tokenizer"] == "tiny"


def test_nothing_that_is_typed_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = TokenExplorer(TOKENIZER, max_length=ENCODER.config.max_position_embeddings)
    check_every_control(explorer)
    for text in HOSTILE:
        explorer.first.value = explorer.second.value = text
        check_static(explorer, monkeypatch)
