"""One step of masking a sentence token by token: its picture, and why it came out as it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from minbert.viz.explorers.masking.steps import (
    KEPT,
    LEFT,
    MASKED,
    SPECIAL,
    MaskingRule,
    MaskingStep,
)
from minbert.viz.plots.masking import LINES, masking_strip
from minbert.viz.style import subplots
from minbert.viz.table import Table
from minbert.viz.text import drawable, plain

MOST_COLUMNS = 10
"""Tokens side by side in the picture: those around the current one; the table has them all."""
MOST_SAID = 12
"""Chosen tokens that the caption names."""


def window(count: int, decided: int) -> range:
    """Positions that are drawn: the current one, those before it, some that are to come."""
    first = min(max(0, decided - 7), max(0, count - MOST_COLUMNS))
    return range(first, min(count, first + MOST_COLUMNS))


def explain(step: MaskingStep, rule: MaskingRule, probability: float) -> str:
    """What was drawn for a token, and why it became what it became.

    Args:
        step: of `masking_steps`.
        rule, probability: that it was made with.
    """
    token, shown = f"“{plain(step.token)}”", f"“{plain(step.shown)}”"
    if step.fate == SPECIAL:
        return f"{token} is a special token: it is never chosen, whatever is drawn."
    drew = f"{token}: its first draw, {step.draw:.3f},"
    if step.draws_with:
        first = plain(step.draws_with)
        drew = f"{token} has the first draw of “{first}”, which begins its word: {step.draw:.3f}"
    if step.fate == LEFT:
        return f"{drew} is not below {probability:g}, so it is not chosen: read, not asked for."
    chosen = f"{drew} is below {probability:g}, so it is chosen and is to be predicted."
    if rule.replace >= 1:
        return f"{chosen} Every chosen token becomes [MASK]."
    second, edge = f"Its second draw, {step.fate_draw:.3f},", rule.replace + rule.random
    if step.fate == MASKED:
        return f"{chosen} {second} is below {rule.replace:g}, so the model reads [MASK]."
    if step.fate == KEPT:
        return f"{chosen} {second} is not below {edge:g}, so the model reads it as it was."
    between = f"lies between {rule.replace:g} and {edge:g}"
    return f"{chosen} {second} {between}, so the model reads a random piece, {shown}."


def draw_step(
    steps: Sequence[MaskingStep], decided: int, rule: MaskingRule, probability: float
) -> tuple[Axes, str]:
    """The strip as far as it has come, the current token framed; and why it became what it is.

    Args:
        steps: of `masking_steps`, all of them.
        decided: how many tokens have had their turn, from 0.
        rule, probability: that the steps were made with.
    """
    places = window(len(steps), decided)
    drawn = [
        replace(step, token=drawable(step.token, 12), shown=drawable(step.shown, 12))
        for step in (steps[place] for place in places)
    ]
    width = 1.3 + 0.69 * len(drawn)
    figure, grid = subplots(figsize=(width, 2.7), layout="none")
    figure.subplots_adjust(left=1.2 / width, right=1 - 0.1 / width, top=0.97, bottom=0.17)
    axes, _ = masking_strip(
        drawn, grid[0, 0], probability=probability,
        decided=min(max(decided - places.start, 0), len(drawn)),
    )  # fmt: skip
    axes.set_xticks([n + 0.5 for n in range(len(drawn))], [str(n) for n in places], fontsize=8)
    axes.set_xlabel("position", fontsize=8)
    if decided:
        axes.add_patch(
            Rectangle(
                (decided - 1 - places.start, 0), 1, len(LINES), fill=False, edgecolor="black",
                linewidth=2.2, clip_on=False, zorder=5,
            )
        )  # fmt: skip
    return axes, _said(steps, decided, rule, probability)


def _said(steps: Sequence[MaskingStep], decided: int, rule: MaskingRule, probability: float) -> str:
    chosen = [step for step in steps[:decided] if step.chosen]
    now = "Nothing is decided yet."
    if decided:
        now = f"Position {decided - 1}, {explain(steps[decided - 1], rule, probability)}"
    names = ", ".join(plain(step.token) for step in chosen[:MOST_SAID])
    more = f" and {len(chosen) - MOST_SAID} more" if len(chosen) > MOST_SAID else ""
    so_far = f"{decided} of {len(steps)} tokens are decided; to be predicted: "
    if decided == len(steps) and not chosen:
        return f"{now} {so_far}none, so this draw of the text gives no loss."
    return f"{now} {so_far}{names or 'none so far'}{more}."


def steps_table(steps: Sequence[MaskingStep], decided: int) -> Table:
    """All tokens; what has not come yet is left empty."""
    rows = []
    for position, step in enumerate(steps):
        row = [str(position), plain(step.token)]
        if position >= decided:
            row += [""] * 5
        elif step.fate == SPECIAL:
            row += ["never", "", step.fate, plain(step.shown), ""]
        else:
            second, asked = (f"{step.fate_draw:.3f}", step.token) if step.chosen else ("", "")
            row += [f"{step.draw:.3f}", second, step.fate, plain(step.shown), plain(asked)]
        rows.append(row)
    header = ["position", "token", "first draw", "second draw", "fate", "model reads"]
    return Table([*header, "to predict"], rows)
