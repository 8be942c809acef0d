"""Mask a sentence token by token, and the same sentence many times over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from minbert.masking import MaskingRule
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.base.controls import choice, one_of, text_field, whole_number
from minbert.viz.explorers.base.explorer import Explorer, typed
from minbert.viz.explorers.base.panel import View
from minbert.viz.explorers.masking.compute import (
    RULES,
    MaskingCounts,
    MaskingStep,
    compute_counts,
    counts_table,
    masking_steps,
)
from minbert.viz.explorers.masking.draw import draw_counts, draw_step, steps_table, window

RATES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.8)
LAST_SEED = 99


class MaskStepper(Explorer):
    """One sentence masked token by token, and what many maskings of it come to.

    Args:
        tokenizer: any; no encoder is needed.
        sentence: is in the field at the start.
        rules: to choose from, by name; the first one is shown at first.
        rate: probability of being chosen, at first.
        step: tokens that are decided at first; all without.
        seed: of the draws at first, from 0 to 99.
        draws: how often the sentence is masked for the counts.
        max_length: tokens that are kept, special ones included.

    Raises:
        ValueError: `rate` lies outside [0, 1], or `draws` is below 1.
    """

    def __init__(
        self,
        tokenizer: WordPieceTokenizer,
        sentence: str = "The hedgehog overslept again.",
        rules: Mapping[str, MaskingRule] = RULES,
        rate: float = 0.15,
        step: int | None = None,
        seed: int = 0,
        draws: int = 400,
        max_length: int | None = None,
    ) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must lie in [0, 1], got {rate}")
        if draws < 1:
            raise ValueError(f"draws must be at least 1, got {draws}")
        self.tokenizer, self.draws = tokenizer, draws
        self.max_length = max_length or tokenizer.model_max_length
        self.sentence = text_field("Sentence", sentence)
        self.rule = choice("Rule", dict(rules))
        self.rate = one_of("Rate", sorted({*RATES, rate}), rate)
        length = len(self.ids)
        self.step = whole_number("Step", length if step is None else min(step, length), 0, length)
        self.seed = whole_number("Seed", seed, 0, max(seed, LAST_SEED))
        super().__init__(
            "Mask stepper",
            "Move Step from 0 to the right: each token is drawn for, and becomes what the draw "
            "says. Another seed is another draw.",
            [self.sentence, self.rule, self.rate, self.step, self.seed],
        )
        self.sentence.observe(self.follow, names="value")
        self.add_panel("Step by step", self.look_at_step)
        self.add_panel(
            "Counted", self.look_at_counts, on=[self.sentence, self.rule, self.rate, self.seed]
        )

    @property
    def chosen_rule(self) -> MaskingRule:
        """The rule, with the rate that is set beside it."""
        return replace(self.rule.value, probability=self.rate.value)

    @property
    def ids(self) -> list[int]:
        """The sentence as word pieces."""
        (ids,) = self.tokenizer.encode([typed(self.sentence.value)[0]], self.max_length)
        return ids

    def follow(self, change: Any = None) -> None:
        """Give the step slider as many steps as the text has tokens; at its end it stays there."""
        length, at_end = len(self.ids), self.step.value == self.step.max
        self.step.max = length
        if at_end:
            self.step.value = length

    def look_at_step(self) -> View:
        """The strip up to the current token."""
        text, note = typed(self.sentence.value)
        rule, seed = self.chosen_rule, self.seed.value

        def compute() -> list[MaskingStep]:
            return masking_steps(self.tokenizer, text, seed, rule, self.max_length)

        steps = self.remember(("steps", text, rule, seed), compute)
        decided = min(self.step.value, len(steps))
        notes = [note, *self.cut(text, len(steps))]
        places = window(len(steps), decided)
        if len(places) < len(steps):
            notes.append(
                f"Positions {places[0]} to {places[-1]} of {len(steps)} are drawn; the table has "
                "them all."
            )
        axes, alt = draw_step(steps, decided, rule)
        return View(axes, alt, steps_table(steps, decided), " ".join(filter(None, notes)))

    def cut(self, text: str, kept: int) -> list[str]:
        """That a text was cut, if it was."""
        if kept < self.max_length:
            return []
        left_out = len(self.tokenizer.uncut([text])[0].ids) - kept
        return [f"{left_out} tokens are cut off: {kept} are kept."] if left_out else []

    def look_at_counts(self) -> View:
        """The same text many times."""
        ids, rule, seed = self.ids, self.chosen_rule, self.seed.value

        def compute() -> MaskingCounts:
            return compute_counts(ids, self.tokenizer, rule, seed, self.draws)

        counts = self.remember(("counts", tuple(ids), rule, seed), compute)
        figure, alt = draw_counts(counts)
        return View(figure, alt, counts_table(counts))
