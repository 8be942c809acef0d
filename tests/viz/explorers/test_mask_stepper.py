"""The mask stepper: every control has its effect, and the caption says why."""

from __future__ import annotations

import itertools

import pytest
from explorers import HOSTILE, check_every_control, check_sound, check_static

import minbert.viz.explorers.masking.explorer as module
from minbert import from_pretrained
from minbert.masking import MaskingRule
from minbert.viz.explorers.masking.compute import (
    KEPT,
    LEFT,
    MASKED,
    RANDOM,
    RULES,
    SPECIAL,
    MaskingStep,
    masking_steps,
)
from minbert.viz.explorers.masking.draw import (
    LINES,
    MOST_COLUMNS,
    draw_step,
    explain,
    steps_table,
    window,
)
from minbert.viz.explorers.masking.explorer import MaskStepper

_, TOKENIZER = from_pretrained("tiny")
PAPER, BERT, WHOLE = RULES.values()
TEXT = "The hedgehog overslept again."


@pytest.fixture
def explorer() -> MaskStepper:
    return MaskStepper(TOKENIZER)


@pytest.mark.parametrize(
    "step, rule, words",
    [
        (MaskingStep("[CLS]", 0.02, 0.5, SPECIAL, "[CLS]"), BERT, "never chosen"),
        (MaskingStep("?", 0.72, 0.1, LEFT, "?"), BERT, "0.720, is not below 0.15"),
        (MaskingStep("do", 0.09, 0.34, MASKED, "[MASK]"), PAPER, "Every chosen token becomes"),
        (MaskingStep("do", 0.09, 0.34, MASKED, "[MASK]"), BERT, "0.340, is below 0.8, so the model "
         "reads [MASK]"),
        (MaskingStep("a", 0.13, 0.83, RANDOM, "soup"), BERT, "0.830, lies between 0.8 and 0.9, so "
         "the model reads a random piece, “soup”"),
        (MaskingStep("pig", 0.11, 0.95, KEPT, "pig"), BERT, "0.950, is not below 0.9, so the model "
         "reads it as it was"),
        (MaskingStep("##pt", 0.11, 0.2, MASKED, "[MASK]", "over"), WHOLE, "has the first draw of "
         "“over”, which begins its word: 0.110 is below 0.15"),
    ],
)  # fmt: skip
def test_it_is_said_why_a_token_became_what_it_became(
    step: MaskingStep, rule: MaskingRule, words: str
) -> None:
    said = explain(step, rule)
    assert words in said and f"“{step.token}”" in said and said.endswith(".")
    assert ("is to be predicted" in said) == step.chosen


@pytest.mark.parametrize("count", [2, 5, MOST_COLUMNS, 11, 40])
def test_the_current_token_is_always_in_the_picture(count: int) -> None:
    for decided in range(count + 1):
        places = window(count, decided)
        assert len(places) == min(count, MOST_COLUMNS)
        assert max(decided - 1, 0) in places and places[-1] < count


def test_the_picture_is_filled_in_up_to_the_current_token() -> None:
    steps = masking_steps(TOKENIZER, TEXT, 0, BERT)
    axes, alt = draw_step(steps, 3, BERT)
    assert len(axes.texts) == len(steps) + 3 * (len(LINES) - 1)
    frame = axes.patches[-1]
    assert (frame.get_x(), frame.get_height()) == (2, len(LINES))
    assert alt.startswith("Position 2, “hedgehog”: its first draw") and "3 of 10 tokens" in alt
    axes, alt = draw_step(steps, 0, BERT)
    assert len(axes.texts) == len(axes.patches) == len(steps)
    assert alt.startswith("Nothing is decided yet.") and alt.endswith("none so far.")


def test_what_is_to_be_predicted_is_listed_and_may_be_nothing() -> None:
    steps = masking_steps(TOKENIZER, "word " * 30, 0, MaskingRule(1.0))
    assert draw_step(steps, 32, MaskingRule(1.0))[1].endswith("word, word and 18 more.")
    steps = masking_steps(TOKENIZER, TEXT, 0, MaskingRule(0.0))
    assert draw_step(steps, 10, MaskingRule(0.0))[1].endswith(
        "none, so this draw of the text gives no loss."
    )


def test_the_table_has_no_more_than_is_decided() -> None:
    steps = masking_steps(TOKENIZER, TEXT, 0, BERT)
    rows = steps_table(steps, 3).rows
    assert rows[0] == ["0", "[CLS]", "never", "", "special", "[CLS]", ""]
    assert rows[1][2:] == [f"{steps[1].draw:.3f}", "", "not chosen", "the", ""]
    assert rows[2][2:] == [
        f"{steps[2].draw:.3f}",
        f"{steps[2].fate_draw:.3f}",
        "[MASK]",
        "[MASK]",
        "hedgehog",
    ]
    assert all(row[2:] == [""] * 5 for row in rows[3:]) and len(rows) == len(steps)


def test_the_step_slider_fills_in_one_token_after_the_other(explorer: MaskStepper) -> None:
    panel = explorer.panels["Step by step"]
    counts = explorer.panels["Counted"].png
    for decided in range(explorer.step.max + 1):
        explorer.step.value = decided
        assert f"{decided} of {explorer.step.max} tokens are decided" in panel.alt
        assert sum(bool(row[4]) for row in panel.table.rows) == decided
    assert explorer.panels["Counted"].png == counts


def test_the_step_slider_follows_the_text(explorer: MaskStepper) -> None:
    assert explorer.step.value == explorer.step.max == 10
    explorer.sentence.value = "How old is it?"
    assert explorer.step.value == explorer.step.max == 7, "at the end it stays at the end"
    explorer.step.value = 5
    explorer.sentence.value = "How do I train a guinea pig?"
    assert (explorer.step.value, explorer.step.max) == (5, 10)
    explorer.sentence.value = ""
    assert (explorer.step.value, explorer.step.max) == (2, 2)


def test_rule_rate_and_seed_change_both_panels(explorer: MaskStepper) -> None:
    def both() -> list[str]:
        return [panel.alt for panel in explorer.panels.values()]

    before = both()
    explorer.rate.value = 0.5
    assert "expected 1,600" in both()[1] and both()[0] != before[0]
    explorer.rule.value = BERT
    assert "of the chosen: unchanged" in both()[1]
    explorer.rule.value = WHOLE
    assert "words chosen" in both()[1] and "chosen in part 0 of 400" in both()[1]
    drawn = both()
    explorer.seed.value = 1
    assert both()[0] != drawn[0] and both()[1] != drawn[1]
    explorer.seed.value, explorer.rule.value, explorer.rate.value = 0, PAPER, 0.15
    assert both() == before


def test_nothing_is_masked_twice(explorer: MaskStepper, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    for name in ("masking_steps", "compute_counts"):
        original = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *a, f=original, n=name: (calls.append(n), f(*a))[1]
        )
    explorer.step.value = 4
    assert calls == [], "the step is only a matter of the picture"
    explorer.seed.value = 1
    assert calls == ["masking_steps", "compute_counts"]
    explorer.seed.value = 0
    assert len(calls) == 2, "what was drawn before is remembered"


def test_a_long_text_is_drawn_around_the_current_token(explorer: MaskStepper) -> None:
    explorer.sentence.value = "word " * 600
    panel = explorer.panels["Step by step"]
    assert "Only the first 2,000 of 3,000 characters are used." in panel.note
    assert "Positions 392 to 401 of 402 are drawn" in panel.note
    explorer.step.value = 200
    assert "Positions 193 to 202 of 402 are drawn" in panel.note
    check_sound(explorer)
    short = MaskStepper(TOKENIZER, "word " * 60, max_length=20)
    assert short.step.max == 20 and "42 tokens are cut off" in short.panels["Step by step"].note


def test_a_text_without_words_says_so(explorer: MaskStepper) -> None:
    explorer.sentence.value = "[MASK]"
    assert "type a sentence" in explorer.panels["Counted"].note
    assert "whatever is drawn" in explorer.panels["Step by step"].alt


def test_it_is_made_as_it_is_asked() -> None:
    rules = {"half": MaskingRule(mask=0.5)}
    explorer = MaskStepper(TOKENIZER, TEXT, rules, rate=0.25, step=4, seed=200, draws=50)
    assert explorer.state == {
        "Sentence": TEXT,
        "Rule": "half",
        "Rate": "0.25",
        "Step": "4",
        "Seed": "200",
    }
    assert "50 maskings" in explorer.panels["Counted"].alt
    for wrong in (dict(rate=1.5), dict(draws=0)):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            MaskStepper(TOKENIZER, **wrong)


def test_nothing_that_is_typed_breaks_it(explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    check_every_control(explorer)
    check_static(explorer, monkeypatch)
    for text, rule in zip(HOSTILE, itertools.cycle(RULES.values()), strict=False):
        explorer.rule.value, explorer.sentence.value = rule, text
        check_sound(explorer)


def test_the_vocabulary_of_real_weights_does_as_well(minilm_folder) -> None:
    explorer = MaskStepper(from_pretrained(minilm_folder)[1])
    explorer.rule.value = WHOLE
    assert "“[SEP]”" in explorer.panels["Step by step"].alt
    assert "chosen in part 0 of 800" in explorer.panels["Counted"].alt
