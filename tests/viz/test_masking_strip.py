"""Masking step by step: what the steps say, and what their picture shows."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
import torch

from minbert.masking import IGNORE, MaskingRule, mask_tokens, word_starts
from minbert.pretrained import from_pretrained
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.masking.compute import (
    KEPT,
    LEFT,
    MASKED,
    RANDOM,
    SPECIAL,
    MaskingStep,
    masking_steps,
)
from minbert.viz.explorers.masking.draw import LINES, masking_strip

TEXT = "Nobody expected such a long dance, and the whole village came to see it."
STEPS = [
    MaskingStep("[CLS]", 0.02, 0.5, SPECIAL, "[CLS]"),
    MaskingStep("do", 0.09, 0.34, MASKED, "[MASK]"),
    MaskingStep("a", 0.13, 0.83, RANDOM, "soup"),
    MaskingStep("pig", 0.11, 0.95, KEPT, "pig"),
    MaskingStep("?", 0.72, 0.1, LEFT, "?"),
]


@pytest.fixture(scope="module")
def tokenizer() -> WordPieceTokenizer:
    return from_pretrained("tiny")[1]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("seed", range(5))
def test_the_steps_are_what_the_library_does(tokenizer: WordPieceTokenizer, seed: int) -> None:
    steps = masking_steps(tokenizer, TEXT, seed, MaskingRule(0.5, 0.8, 0.1))
    ids = tokenizer([TEXT])["input_ids"]
    corrupted, labels = mask_tokens(
        ids,
        torch.Generator().manual_seed(seed),
        MaskingRule(0.5, 0.8, 0.1),
        mask_id=tokenizer.mask_id,
        special_ids=tokenizer.special_ids,
        vocab_size=tokenizer.vocab_size,
    )
    assert [step.token for step in steps] == tokenizer.tokens(ids[0])
    assert [step.shown for step in steps] == tokenizer.tokens(corrupted[0])
    assert [step.chosen for step in steps] == (labels[0] != IGNORE).tolist()
    for step in steps:
        assert step.chosen == (step.draw < 0.5 and step.fate != SPECIAL)
        assert (step.fate == MASKED) == (step.chosen and step.fate_draw < 0.8)
        assert step.fate == RANDOM or step.shown in (step.token, "[MASK]")


def test_special_tokens_are_never_chosen_and_the_papers_rule_only_masks(tokenizer) -> None:
    fates = [step.fate for step in masking_steps(tokenizer, TEXT, rule=MaskingRule(1.0))]
    assert fates[0] == fates[-1] == SPECIAL
    assert set(fates[1:-1]) == {MASKED}


def test_the_picture_has_a_column_a_token_and_says_what_became_of_them() -> None:
    axes, alt = masking_strip(STEPS, title="By hand")
    texts = [text.get_text() for text in axes.texts]
    assert len(texts) == len(STEPS) * len(LINES)
    assert texts[6:12] == ["do", "0.090", "0.340", "[MASK]", "[MASK]", "do"]
    assert "never" in texts and "0.020" not in texts, "a special token is not drawn for"
    assert alt == (
        "By hand: 5 tokens, 1 special, 1 not chosen, 1 [MASK], 1 random piece, 1 kept. "
        "To be predicted: do (becomes [MASK]), a (becomes soup), pig (stays)."
    )


@pytest.mark.parametrize("lines", range(1, len(LINES) + 1))
def test_a_stepper_shows_as_many_lines_as_it_has_come_to(lines: int) -> None:
    axes, _ = masking_strip(STEPS, lines=lines)
    assert len(axes.texts) == len(axes.patches) == len(STEPS) * lines
    colours = {patch.get_facecolor() for patch in axes.patches}
    assert len(colours) == (1 if lines == 1 else 3 if lines < 4 else 5)


@pytest.mark.parametrize("seed", range(5))
def test_whole_words_share_their_first_draw(tokenizer: WordPieceTokenizer, seed: int) -> None:
    text, rule = "The hedgehogs overslept unbelievably.", MaskingRule(0.5, 0.8, 0.1, True)
    steps = masking_steps(tokenizer, text, seed, rule)
    ids = tokenizer([text])["input_ids"]
    starts = word_starts([step.token for step in steps])
    corrupted, labels = mask_tokens(
        ids,
        torch.Generator().manual_seed(seed),
        rule,
        starts=starts,
        mask_id=tokenizer.mask_id,
        special_ids=tokenizer.special_ids,
        vocab_size=tokenizer.vocab_size,
    )
    assert [step.shown for step in steps] == tokenizer.tokens(corrupted[0])
    assert [step.chosen for step in steps] == (labels[0] != IGNORE).tolist()
    assert sum(step.draws_with == "over" for step in steps) > 1
    first = steps[0]
    for step in steps:
        first = first if step.draws_with else step
        assert step.draw == first.draw and step.draws_with in ("", first.token)
        assert step.chosen == (step.draw < 0.5 and step.fate != SPECIAL)
        assert (step.fate == MASKED) == (step.chosen and step.fate_draw < 0.8)
        assert step.fate == RANDOM or step.shown in (step.token, "[MASK]")


def test_a_text_is_cut_where_it_is_asked(tokenizer: WordPieceTokenizer) -> None:
    assert len(masking_steps(tokenizer, TEXT, max_length=7)) == 7


@pytest.mark.parametrize("decided", range(len(STEPS) + 1))
def test_a_stepper_fills_in_as_many_columns_as_it_has_come_to(decided: int) -> None:
    axes, alt = masking_strip(STEPS, decided=decided)
    assert len(axes.texts) == len(STEPS) + decided * (len(LINES) - 1)
    assert f"{decided} tokens" in alt
    white = [patch for patch in axes.patches if patch.get_facecolor() == (1, 1, 1, 1)]
    assert len(white) >= len(STEPS) - decided


def test_nothing_chosen_is_said() -> None:
    assert "none, so this text gives no loss" in masking_strip(STEPS[-1:])[1]


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        masking_strip([])
    with pytest.raises(ValueError, match="between 1 and 6"):
        masking_strip(STEPS, lines=7)
    with pytest.raises(ValueError, match="between 0 and 5"):
        masking_strip(STEPS, decided=6)
