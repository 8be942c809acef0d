"""The mask stepper and the blank explorer in JupyterLab, on the real notebooks, by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

HOSTILE = "<script>document.title = 'taken'</script> \u202eabc $x$ \u4e2d\u6587"


@pytest.fixture(scope="module")
def notebook(open_notebook):
    opened = open_notebook("06_")
    opened.run_all()
    return opened


@pytest.fixture(scope="module")
def trained(open_notebook):
    opened = open_notebook("06b_")
    opened.run_all()
    return opened


@pytest.mark.timeout(400)
def test_a_sentence_is_masked_token_by_token(notebook) -> None:
    stepper = notebook.explorer("Mask stepper")
    assert "4 of 10 tokens are decided" in stepper.caption("Step by step")
    stepper.press("Step", "ArrowLeft")
    stepper.wait_for("Step by step", "3 of 10 tokens are decided")
    stepper.press("Step", "Home")
    stepper.wait_for("Step by step", "Nothing is decided yet.")
    stepper.press("Step", *["ArrowRight"] * 2)
    stepper.wait_for("Step by step", "Position 1, “the”")
    caption = stepper.caption("Step by step")
    picture = stepper.panel("Step by step").locator("img")
    expect(picture).to_have_attribute("alt", caption)


def test_the_step_slider_follows_what_is_typed(notebook) -> None:
    stepper = notebook.explorer("Mask stepper")
    stepper.type("Sentence", "How old is it?")
    stepper.wait_for("Step by step", "2 of 7 tokens are decided")
    stepper.press("Step", "End")
    stepper.wait_for("Step by step", "7 of 7 tokens are decided")
    stepper.type("Sentence", "The hedgehog overslept again.")
    stepper.wait_for("Step by step", "10 of 10 tokens are decided")


def test_rules_rates_and_seeds_are_counted(notebook) -> None:
    stepper = notebook.explorer("Mask stepper")
    before = stepper.caption("Counted")
    assert "chosen in part 0 of" not in before
    stepper.choose("Rule", "whole words: 80/10/10")
    stepper.wait_for("Counted", "chosen in part 0 of 400")
    stepper.panel("Counted").locator("summary").press("Enter")
    stepper.panel("Counted").locator("td", has_text="words chosen").first.wait_for()
    stepper.press("Rate", "ArrowRight")
    stepper.wait_for("Counted", "expected 400")  # .2 of 2,000 words
    before = stepper.caption("Step by step")
    stepper.press("Seed", "ArrowRight")
    assert "of 10 tokens are decided" in stepper.wait_for_change("Step by step", before)
    assert not notebook.errors()


def test_hostile_sentences_are_masked_as_well(notebook) -> None:
    stepper = notebook.explorer("Mask stepper")
    stepper.type("Sentence", HOSTILE)
    stepper.wait_for("Step by step", "the table has them all")
    stepper.type("Sentence", "[MASK]")
    stepper.wait_for("Counted", "type a sentence of a few words")
    assert notebook.page.title() != "taken"
    stepper.type("Sentence", "The hedgehog overslept again.")
    stepper.wait_for("Step by step", "of 10 tokens are decided")
    stepper.press("Step", "Home", *["ArrowRight"] * 5)
    stepper.wait_for("Step by step", "5 of 10 tokens are decided")
    assert not notebook.errors()


def test_blanks_are_filled_before_and_after(trained) -> None:
    explorer = trained.explorer("Blank explorer")
    before = explorer.caption("Most probable")
    assert "tiny before: " in before and "tiny after: " in before
    explorer.type("Text", "Helen counted the [MASK] until the [MASK].")
    after = explorer.wait_for_change("Most probable", before)
    assert after.startswith("Blank 1 of 2, “counted the ___ until the”") and "days" in after
    explorer.choose("Blank", "2: until the ___ .")
    explorer.wait_for("Most probable", "Blank 2 of 2")
    explorer.press("Pieces shown", *["ArrowRight"] * 2)
    explorer.wait_for("Most probable", "and 2 more")
    explorer.panel("Most probable").locator("summary").press("Enter")
    explorer.panel("Most probable").locator("td", has_text="7").first.wait_for()
    explorer.wait_for("All blanks", "helen counted the [")


def test_a_piece_is_looked_for(trained) -> None:
    explorer = trained.explorer("Blank explorer")
    explorer.type("Piece to look for", "journey")
    explorer.wait_for("One piece", "“journey” in blank 2")
    explorer.type("Piece to look for", "guinea pig")
    explorer.wait_for("One piece", "“guinea pig” is 2 pieces in this vocabulary")
    explorer.type("Piece to look for", "Days")
    explorer.wait_for("One piece", "rank of days")
    assert not trained.errors()


def test_a_text_without_a_blank_is_answered(trained) -> None:
    explorer = trained.explorer("Blank explorer")
    explorer.type("Text", HOSTILE)
    explorer.wait_for("Most probable", "There is no blank in this text. Write [MASK]")
    explorer.type("Text", f"{HOSTILE} [MASK]")
    explorer.wait_for("Most probable", "Blank 1 of 1")
    assert trained.page.title() != "taken"
    explorer.type("Text", "Can a bank learn [MASK]?")
    explorer.wait_for("Most probable", "“bank learn ___ ?”")
    assert not trained.errors()


def test_they_are_reached_by_tab(notebook, trained) -> None:
    names = notebook.explorer("Mask stepper").tab_order(8)
    sliders = [name for name in ("Rate", "Step", "Seed") for _ in range(2)]
    assert names == ["Sentence", "Rule", *sliders]
    names = trained.explorer("Blank explorer").tab_order(5)
    assert names == ["Text", "Blank", "Pieces shown", "Pieces shown", "Piece to look for"]


def test_they_are_looked_at(notebook, trained, screenshots) -> None:
    notebook.explorer("Mask stepper").screenshots(screenshots, "mask-stepper")
    trained.explorer("Blank explorer").screenshots(screenshots, "blank")
    assert not notebook.errors() and not trained.errors()
