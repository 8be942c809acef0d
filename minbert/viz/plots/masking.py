"""One text on its way through the masking: a column a token, a line a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from minbert.viz.explorers.masking.steps import (
    CHOSEN,
    FATES,
    KEPT,
    LEFT,
    MASKED,
    RANDOM,
    SPECIAL,
    MaskingStep,
)
from minbert.viz.style import new_axes

FACE = {
    SPECIAL: "#eeeeee", LEFT: "#ffffff", MASKED: "#9ecae1", RANDOM: "#fdd49e", KEPT: "#a1d9b4",
}  # fmt: skip
"""Light enough for black text on them, and told apart in grey by what stands in the cells."""
UNDECIDED = "#d9d9d9"
"""Chosen, in a view that has not come to the fates yet."""
LINES = ("original", "first draw", "second draw", "fate", "model reads", "to predict")


def masking_strip(
    steps: Sequence[MaskingStep],
    axes: Axes | None = None,
    title: str = "",
    probability: float = 0.15,
    lines: int = len(LINES),
    decided: int | None = None,
) -> tuple[Axes, str]:
    """A table of coloured cells: original, two draws, fate, what the model reads, what it predicts.

    Args:
        steps: of `minbert.viz.explorers.masking.steps.masking_steps`, in the order of the tokens.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.
        probability: of being chosen; stands beside the first draws.
        lines: how many lines of the table are shown, from 1 to 6: a stepper's position.
        decided: how many columns are filled in, all without; the others have their original alone,
            and the sentence does not speak of them.

    Raises:
        ValueError: there is no token, or `lines` or `decided` is out of range.
    """
    if not steps:
        raise ValueError("a masking strip needs at least one token")
    if not 1 <= lines <= len(LINES):
        raise ValueError(f"lines must lie between 1 and {len(LINES)}, got {lines}")
    decided = len(steps) if decided is None else decided
    if not 0 <= decided <= len(steps):
        raise ValueError(f"decided must lie between 0 and {len(steps)}, got {decided}")
    axes = axes or new_axes(min(1.6 + 0.78 * len(steps), 12.0), 0.6 + 0.36 * len(LINES))
    for column, step in enumerate(steps):
        shown = lines if column < decided else 1
        for line, text in enumerate(_cells(step)[:shown]):
            axes.add_patch(
                Rectangle((column, line), 1, 1, facecolor=_face(step, shown), edgecolor="#bbbbbb")
            )
            axes.text(
                column + 0.5, line + 0.5, text, ha="center", va="center", clip_on=True,
                fontsize=8 if len(text) < 9 else 6.5,
                fontweight="bold" if step.chosen and shown > 1 else "normal",
            )  # fmt: skip
    axes.set_xlim(0, len(steps))
    axes.set_ylim(len(LINES), 0)
    names = [f"{name} < {probability:g}?" if name == "first draw" else name for name in LINES]
    axes.set_yticks([line + 0.5 for line in range(lines)], names[:lines], fontsize=8)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=10)
    return axes, _said(steps[:decided], title)


def _face(step: MaskingStep, lines: int) -> str:
    """Colour of a column as far as the shown lines tell."""
    if lines == 1:
        return FACE[LEFT]
    return UNDECIDED if step.chosen and lines < 4 else FACE[step.fate]


def _cells(step: MaskingStep) -> tuple[str, ...]:
    """Texts of one column, in the order of `LINES`."""
    special = step.fate == SPECIAL
    return (
        step.token,
        "never" if special else f"{step.draw:.3f}",
        f"{step.fate_draw:.3f}" if step.chosen else "",
        "special" if special else step.fate if step.chosen else "–",
        step.shown,
        step.token if step.chosen else "",
    )


def _said(steps: Sequence[MaskingStep], title: str) -> str:
    counts = Counter(step.fate for step in steps)
    fates = ", ".join(f"{counts[fate]} {fate}" for fate in FATES if counts[fate])
    chosen = ", ".join(
        f"{step.token} ({'stays' if step.fate == KEPT else f'becomes {step.shown}'})"
        for step in steps
        if step.fate in CHOSEN
    )
    return (
        f"{title or 'Masking'}: {len(steps)} tokens, {fates}. "
        f"To be predicted: {chosen or 'none, so this text gives no loss'}."
    )
