"""Pictures of masking: the strip of tokens, one draw, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minbert.masking import MaskingRule
from minbert.viz.explorers.masking.compute import (
    CHOSEN,
    FATES,
    KEPT,
    LEFT,
    MASKED,
    RANDOM,
    SPECIAL,
    Count,
    MaskingCounts,
    MaskingStep,
)
from minbert.viz.style import COLOURS, REFERENCE, new_axes, subplots, tidy
from minbert.viz.table import Table
from minbert.viz.text import drawable, plain

FACE = {
    SPECIAL: "#eeeeee",
    LEFT: "#ffffff",
    MASKED: "#9ecae1",
    RANDOM: "#fdd49e",
    KEPT: "#a1d9b4",
}
"""Light enough for black text on them, and told apart in grey by what is in the cells."""
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
        steps: of `minbert.viz.explorers.masking.compute.masking_steps`, in the order of the tokens.
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
                column + 0.5,
                line + 0.5,
                text,
                ha="center",
                va="center",
                clip_on=True,
                fontsize=8 if len(text) < 9 else 6.5,
                fontweight="bold" if step.chosen and shown > 1 else "normal",
            )
    axes.set_xlim(0, len(steps))
    axes.set_ylim(len(LINES), 0)
    names = [f"{name} < {probability:g}?" if name == "first draw" else name for name in LINES]
    axes.set_yticks([line + 0.5 for line in range(lines)], names[:lines], fontsize=8)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=10)
    return axes, _said_of_steps(steps[:decided], title)


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


def _said_of_steps(steps: Sequence[MaskingStep], title: str) -> str:
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


MOST_BARS = 30
"""Tokens in the picture; the table has them all."""
MOST_LEVEL = 12
"""Tokens up to which there is room for their names side by side."""


def draw_counts(counts: MaskingCounts) -> tuple[Figure, str]:
    """Shares of what was counted, and each token's rate, with the intervals of chance."""
    bars, names = 0.28 * len(counts.whole), 0.8 if len(counts.names) > MOST_LEVEL else 0.35
    height = bars + 2.6 + names
    figure, axes = subplots(
        2, 1, figsize=(7.8, height), layout="none", gridspec_kw={"height_ratios": (bars, 1.7)}
    )
    figure.subplots_adjust(
        left=0.3, right=0.98, top=1 - 0.1 / height, bottom=names / height, hspace=1.6 / height
    )
    _draw_shares(axes[0, 0], counts)
    _draw_rates(axes[1, 0], counts)
    axes[1, 0].set_position([0.09, names / height, 0.89, 1.7 / height])
    tokens = [count for count in counts.tokens if count]
    outside = sum(not count.inside for count in tokens)
    said = "; ".join(map(_said_of_count, counts.whole))
    low, high = tokens[0].interval
    alt = (
        f"{counts.draws} maskings of this text: {said}. Tokens chosen less or more often than the "
        f"interval of {low:,} to {high:,} times says: {outside} of {len(tokens)}; chance alone "
        "makes it about one in twenty."
    )
    left_out = len(counts.names) - MOST_BARS
    return figure, f"{alt} {left_out} more tokens are in the table." if left_out > 0 else alt


def _said_of_count(count: Count) -> str:
    low, high = count.interval
    found = f"{count.name} {count.found:,} of {count.trials:,}"
    if not count.trials:
        return found
    return (
        f"{found} ({100 * count.found / count.trials:.1f} %; expected {count.expected:,.0f}, "
        f"interval {low:,} to {high:,})"
    )


def _draw_shares(axes: Axes, counts: MaskingCounts) -> None:
    for place, count in enumerate(counts.whole):
        if not count.trials:
            continue
        axes.barh(place, count.found / count.trials, color=COLOURS[4], height=0.7)
        low, high = (end / count.trials for end in count.interval)
        axes.plot([low, high], [place, place], color="black", linewidth=1.4)
        axes.plot([low, count.share, high], [place] * 3, "|", color="black", markersize=9)
    axes.set_yticks(range(len(counts.whole)), [count.name for count in counts.whole], fontsize=8)
    axes.set_ylim(len(counts.whole) - 0.4, -0.6)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("share; black: expected, and where 95 % of such shares lie", fontsize=8)
    axes.tick_params(labelsize=8)
    tidy(axes).grid(axis="y", visible=False)


def _draw_rates(axes: Axes, counts: MaskingCounts) -> None:
    shown = counts.tokens[:MOST_BARS]
    rates = [count.found / count.trials if count else 0.0 for count in shown]
    any_token = next(count for count in counts.tokens if count)
    low, high = (end / any_token.trials for end in any_token.interval)
    axes.axhspan(low, high, color="#bbbbbb", alpha=0.5, zorder=0)
    axes.axhline(any_token.share, color=REFERENCE, linestyle="--", linewidth=1)
    axes.bar(range(len(shown)), rates, color=COLOURS[4], width=0.6, zorder=2)
    for place, count in enumerate(shown):
        if count is None:
            axes.text(place, 0, "  never", rotation=90, ha="center", va="bottom", fontsize=7)
    names = [drawable(name, 12) for name in counts.names[:MOST_BARS]]
    turned = len(counts.names) > MOST_LEVEL
    axes.set_xticks(range(len(shown)), names, fontsize=8, rotation=90 if turned else 0)
    axes.set_ylim(0, min(1.02, 1.35 * max(*rates, high, 0.05)))
    axes.set_ylabel("share of draws", fontsize=8)
    title = f"How often each token was chosen in {counts.draws} draws; grey: 95 % of such shares"
    axes.set_title(title, fontsize=9)
    axes.tick_params(labelsize=8)
    tidy(axes)


MOST_COLUMNS = 10
"""Tokens side by side in the picture: those around the current one; the table has them all."""
MOST_SAID = 12
"""Chosen tokens that the caption names."""


def window(count: int, decided: int) -> range:
    """Positions that are drawn: the current one, those before it, some that are to come."""
    first = min(max(0, decided - 7), max(0, count - MOST_COLUMNS))
    return range(first, min(count, first + MOST_COLUMNS))


def explain(step: MaskingStep, rule: MaskingRule) -> str:
    """What was drawn for a token, and why it became what it became.

    Args:
        step: of `masking_steps`.
        rule: that it was made with.
    """
    token, shown = f"“{plain(step.token)}”", f"“{plain(step.shown)}”"
    if step.fate == SPECIAL:
        return f"{token} is a special token: it is never chosen, whatever is drawn."
    rate, drew = f"{rule.probability:g}", f"{token}: its first draw, {step.draw:.3f},"
    if step.draws_with:
        first = plain(step.draws_with)
        drew = f"{token} has the first draw of “{first}”, which begins its word: {step.draw:.3f}"
    if step.fate == LEFT:
        return f"{drew} is not below {rate}, so it is not chosen: read, not asked for."
    chosen = f"{drew} is below {rate}, so it is chosen and is to be predicted."
    if rule.mask >= 1:
        return f"{chosen} Every chosen token becomes [MASK]."
    second, edge = f"Its second draw, {step.fate_draw:.3f},", rule.mask + rule.random
    if step.fate == MASKED:
        return f"{chosen} {second} is below {rule.mask:g}, so the model reads [MASK]."
    if step.fate == KEPT:
        return f"{chosen} {second} is not below {edge:g}, so the model reads it as it was."
    between = f"lies between {rule.mask:g} and {edge:g}"
    return f"{chosen} {second} {between}, so the model reads a random piece, {shown}."


def draw_step(steps: Sequence[MaskingStep], decided: int, rule: MaskingRule) -> tuple[Axes, str]:
    """The strip as far as it has come, the current token framed; and why it became what it is.

    Args:
        steps: of `masking_steps`, all of them.
        decided: how many tokens have had their turn, from 0.
        rule: that the steps were made with.
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
        drawn,
        grid[0, 0],
        probability=rule.probability,
        decided=min(max(decided - places.start, 0), len(drawn)),
    )
    axes.set_xticks([n + 0.5 for n in range(len(drawn))], [str(n) for n in places], fontsize=8)
    axes.set_xlabel("position", fontsize=8)
    if decided:
        axes.add_patch(
            Rectangle(
                (decided - 1 - places.start, 0),
                1,
                len(LINES),
                fill=False,
                edgecolor="black",
                linewidth=2.2,
                clip_on=False,
                zorder=5,
            )
        )
    return axes, _said_of_draw(steps, decided, rule)


def _said_of_draw(steps: Sequence[MaskingStep], decided: int, rule: MaskingRule) -> str:
    chosen = [step for step in steps[:decided] if step.chosen]
    now = "Nothing is decided yet."
    if decided:
        now = f"Position {decided - 1}, {explain(steps[decided - 1], rule)}"
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
