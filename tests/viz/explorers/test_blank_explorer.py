"""The blank explorer: its numbers are those of the library, and a missing head is said."""

from __future__ import annotations

import pytest
import torch
from explorers import HOSTILE, check_every_control, check_sound, check_static

import minbert.viz.explorers.blanks.explorer as module
from minbert import from_pretrained
from minbert.analysis.blanks import Guess, piece_probabilities, top_predictions
from minbert.heads import MaskedLanguageModelHead
from minbert.pretrained import load_mlm_head
from minbert.viz.explorers.blanks.blanks import (
    MOST_BLANKS,
    compute_blanks,
    compute_found,
    draw_guesses,
    filled,
    guesses_table,
    one_piece,
)
from minbert.viz.explorers.blanks.explorer import BlankExplorer

ENCODER, TOKENIZER = from_pretrained("tiny")
HEAD = load_mlm_head("tiny", ENCODER)
FRESH = MaskedLanguageModelHead(ENCODER.config, torch.Generator().manual_seed(1)).eval()
BOTH = {"trained": (ENCODER, HEAD), "fresh": (ENCODER, FRESH)}
TEXT = "Helen counted the [MASK] until the feast."
TWO = "[MASK] counted the days until the [MASK]."


@pytest.fixture
def explorer() -> BlankExplorer:
    return BlankExplorer(BOTH, TOKENIZER, TEXT, "days")


def test_blanks_are_found_with_their_neighbours() -> None:
    blanks = compute_blanks(TOKENIZER, TWO)
    assert blanks.positions == (1, 7) and blanks.more == blanks.cut == 0
    assert blanks.around(0) == "___ counted the"
    assert blanks.around(1) == "until the ___ ."
    many = compute_blanks(TOKENIZER, "[MASK] " * 20, max_length=15)
    assert many.positions == tuple(range(1, MOST_BLANKS + 1))
    assert many.more == 20 - MOST_BLANKS and many.cut == 7


def test_a_text_without_a_blank_is_answered_with_an_example() -> None:
    for text in ("", "No blank here.", "a [mask] in small letters"):
        with pytest.raises(ValueError, match=r"Write \[MASK\], in brackets and capitals.*Can a"):
            compute_blanks(TOKENIZER, text)
    with pytest.raises(ValueError, match="after position 10"):
        compute_blanks(TOKENIZER, "word " * 20 + "[MASK]", max_length=10)


def test_rank_and_probability_of_a_piece() -> None:
    probabilities = torch.tensor([0.1, 0.4, 0.2, 0.2, 0.1])
    found = [compute_found(probabilities, piece) for piece in range(5)]
    assert [each.rank for each in found] == [4, 1, 2, 2, 4], "equal ones share the best rank"
    assert found[1].probability == pytest.approx(0.4)


def test_one_piece_is_asked_for() -> None:
    vocabulary = TOKENIZER.backend
    assert one_piece(TOKENIZER, "  Days ") == vocabulary.token_to_id("days"), "lower-cased"
    assert one_piece(TOKENIZER, "##s") == vocabulary.token_to_id("##s")
    with pytest.raises(ValueError, match=r"“guinea pig” is 2 pieces .*\(guinea, pig\)"):
        one_piece(TOKENIZER, "guinea pig")
    with pytest.raises(ValueError, match="4 pieces .*over, ##s, ##le, ##pt"):
        one_piece(TOKENIZER, "overslept")
    with pytest.raises(ValueError, match="“\u4e2d” is unknown"):
        one_piece(TOKENIZER, "\u4e2d")
    with pytest.raises(ValueError, match="Type a word"):
        one_piece(TOKENIZER, "   ")


GUESSES = {
    "before": [Guess(0, 1, "soup", 0.5), Guess(0, 2, "pig", 0.25)],
    "after": [Guess(0, 1, "pig", 0.75), Guess(0, 2, "tr$cks", 0.125)],
}


def test_the_picture_has_a_column_a_model_with_a_bar_a_piece() -> None:
    figure, alt = draw_guesses(GUESSES, "train a ___ ?", vocab_size=4)
    assert [axes.get_title() for axes in figure.axes] == ["before", "after"]
    for axes, guesses in zip(figure.axes, GUESSES.values(), strict=True):
        assert [bar.get_width() for bar in axes.patches] == [g.probability for g in guesses]
        names = [label.get_text() for label in axes.get_yticklabels()]
        assert names == [g.piece.replace("$", r"\$") for g in guesses]
        assert axes.get_ylim()[0] > axes.get_ylim()[1], "the most probable piece is on top"
    assert len({axes.get_xlim() for axes in figure.axes}) == 1, "one scale"
    assert len({axes.patches[0].get_hatch() for axes in figure.axes}) == 2
    assert alt == (
        "“train a ___ ?”, the most probable pieces: before: soup 0.500, pig 0.250, together 0.75; "
        "after: pig 0.750, tr$cks 0.125, together 0.88. Pieces in all lists: 1 of 2. An even "
        "guess gives each piece 0.2."
    )
    assert guesses_table(GUESSES).rows[1] == ["2", "pig", "0.2500", "tr$cks", "0.1250"]


@pytest.mark.parametrize("models, shape", [(1, (1, 1)), (3, (1, 3)), (4, (2, 3))])
def test_more_models_go_on_below(models: int, shape: tuple[int, int]) -> None:
    guesses = {f"model {n}": GUESSES["before"] for n in range(models)}
    figure, alt = draw_guesses(guesses, "a ___", vocab_size=4)
    grid = figure.axes[0].get_subplotspec().get_gridspec()
    assert (grid.nrows, grid.ncols) == shape
    assert sum(bool(axes.patches) for axes in figure.axes) == models
    assert ("in all lists" in alt) == (models > 1)


def test_the_filled_text_reads_as_text() -> None:
    blanks = compute_blanks(TOKENIZER, "The hedgehogs overslept the [MASK].")
    assert filled(blanks, [Guess(0, 1, "feast", 1.0)]) == "the hedgehogs overslept the [feast] ."


def test_its_numbers_are_those_of_the_library(explorer: BlankExplorer) -> None:
    rows = explorer.panels["Most probable"].table.rows
    for column, head in ((1, HEAD), (3, FRESH)):
        best = top_predictions(ENCODER, head, TOKENIZER, TEXT, k=5)
        assert [row[column] for row in rows] == [guess.piece for guess in best]
        assert [row[column + 1] for row in rows] == [f"{guess.probability:.4f}" for guess in best]
    p = piece_probabilities(ENCODER, FRESH, TOKENIZER, TEXT)[0]
    number = TOKENIZER.backend.token_to_id("days")
    rank = p.argsort(descending=True).tolist().index(number) + 1
    assert explorer.panels["One piece"].table.rows == [
        ["trained", "1", f"{piece_probabilities(ENCODER, HEAD, TOKENIZER, TEXT)[0, number]:.2g}"],
        ["fresh", f"{rank:,}", f"{p[number]:.2g}"],
    ]


def test_every_blank_can_be_chosen(explorer: BlankExplorer) -> None:
    explorer.text.value = TWO
    assert [label for label, _ in explorer.blank.options] == [
        "1: ___ counted the",
        "2: until the ___ .",
    ]
    panels = explorer.panels
    first, all_blanks = panels["Most probable"].alt, panels["All blanks"]
    assert first.startswith("Blank 1 of 2, “___ counted the”")
    explorer.blank.value = 1
    assert panels["Most probable"].alt.startswith("Blank 2 of 2, “until the ___ .”")
    best = top_predictions(ENCODER, HEAD, TOKENIZER, TWO, k=1)
    assert [row[2] for row in all_blanks.table.rows if row[1] == "trained"] == [
        guess.piece for guess in best
    ]
    assert (
        f"trained: “[{best[0].piece}] counted the days until the [{best[1].piece}] .”"
        in all_blanks.alt
    )
    explorer.text.value = TEXT
    assert explorer.blank.value == 0 and len(explorer.blank.options) == 1
    check_sound(explorer)


def test_no_blank_is_said_in_every_panel(explorer: BlankExplorer) -> None:
    explorer.text.value = "No blank here."
    for panel in explorer.panels.values():
        assert "There is no blank in this text. Write [MASK]" in panel.note
        assert panel.alt == "" and panel.png == b""
    assert explorer.blank.label == "none"
    explorer.text.value = TEXT
    check_sound(explorer)
    assert explorer.panels["Most probable"].png


def test_more_pieces_are_shown_if_asked(explorer: BlankExplorer) -> None:
    explorer.pieces.value = 20
    panel = explorer.panels["Most probable"]
    assert len(panel.table.rows) == 20 and "and 15 more" in panel.alt


def test_a_piece_is_looked_for_and_what_is_none_is_said(explorer: BlankExplorer) -> None:
    panel = explorer.panels["One piece"]
    assert panel.alt.startswith("“days” in blank 1, among 3,000 pieces: trained: rank 1, ")
    before = explorer.panels["Most probable"].png
    explorer.piece.value = "guinea pig"
    assert "2 pieces" in panel.note and panel.alt == ""
    explorer.piece.value = "house"
    assert panel.note == "" and panel.table.header[1] == "rank of house"
    assert explorer.panels["Most probable"].png == before


def test_only_another_text_runs_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(encoder, head, tokenizer, text):
        calls.append(text)
        return piece_probabilities(encoder, head, tokenizer, text)

    monkeypatch.setattr(module, "piece_probabilities", counted)
    explorer = BlankExplorer(BOTH, TOKENIZER, TWO)
    assert calls == [TWO, TWO], "once for each model"
    explorer.blank.value, explorer.pieces.value, explorer.piece.value = 1, 9, "house"
    assert len(calls) == 2
    explorer.text.value = TEXT
    assert calls[2:] == [TEXT, TEXT]
    explorer.text.value = TWO
    assert len(calls) == 4, "a text seen before is remembered"


def test_a_model_without_a_head_says_so_and_the_others_go_on() -> None:
    explorer = BlankExplorer({"MiniLM": (ENCODER, None), "after": (ENCODER, HEAD)}, TOKENIZER, TEXT)
    panel = explorer.panels["Most probable"]
    assert "MiniLM has no masked language model head: " in panel.note
    assert panel.table.header == ["rank", "after", "p"] and "in all lists" not in panel.alt
    alone = BlankExplorer((ENCODER, None), TOKENIZER, TEXT)
    for panel in alone.panels.values():
        assert panel.note.startswith("this one has no masked language model head: ")
    check_sound(alone)


def test_it_is_made_from_one_model_or_refused() -> None:
    explorer = BlankExplorer((ENCODER, HEAD), TOKENIZER)
    assert explorer.panels["Most probable"].table.header == ["rank", "this one", "p"]
    check_sound(explorer)
    with pytest.raises(ValueError, match="got none"):
        BlankExplorer({}, TOKENIZER)


def test_long_texts_are_cut_and_that_is_said(explorer: BlankExplorer) -> None:
    explorer.text.value = "[MASK] " * 500
    note = explorer.panels["Most probable"].note
    assert "Only the first 2,000 of 3,500 characters are used." in note
    assert f"{2000 // 7 - MOST_BLANKS} more blanks are left out." in note
    explorer.text.value = "[MASK] " + ", " * 900
    assert "pieces are cut off: there are 512 positions." in explorer.panels["Most probable"].note
    check_sound(explorer)


def test_nothing_that_is_typed_breaks_it(explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    check_every_control(explorer)
    check_static(explorer, monkeypatch)
    for text in HOSTILE:
        explorer.text.value = f"{text[:900]} [MASK] {text[:900]}"
        check_sound(explorer)
        assert explorer.panels["Most probable"].alt


def test_real_weights_have_no_head_before_and_one_after(minilm_folder) -> None:
    encoder, tokenizer = from_pretrained(minilm_folder)
    head = MaskedLanguageModelHead(encoder.config, torch.Generator().manual_seed(1)).eval()
    models = {"MiniLM": (encoder, None), "after": (encoder, head)}
    explorer = BlankExplorer(models, tokenizer)
    assert "MiniLM has no masked" in explorer.panels["Most probable"].note
    assert "among 30,522 pieces: after: rank" in explorer.panels["One piece"].alt
    check_sound(explorer)
