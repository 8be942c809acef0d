"""Counts of many maskings as bars, each beside the interval that chance gives it."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minbert.viz.explorers.masking.counts import Count, MaskingCounts
from minbert.viz.style import COLOURS, REFERENCE, subplots, tidy
from minbert.viz.text import drawable

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
    said = "; ".join(map(_said, counts.whole))
    low, high = tokens[0].interval
    alt = (
        f"{counts.draws} maskings of this text: {said}. Tokens chosen less or more often than the "
        f"interval of {low:,} to {high:,} times says: {outside} of {len(tokens)}; chance alone "
        "makes it about one in twenty."
    )
    left_out = len(counts.names) - MOST_BARS
    return figure, f"{alt} {left_out} more tokens are in the table." if left_out > 0 else alt


def _said(count: Count) -> str:
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
