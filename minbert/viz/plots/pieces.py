"""Word pieces as boxes in the order of reading, with the three numbers that the encoder gets."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from minbert.viz.style import AXIS_COLOURS, REFERENCE, new_axes

PER_ROW = 10
"""Boxes side by side; longer texts go on below."""
FILLS = ("#DCEBF7", "#FBE7C6")
"""First and second sentence; light, so that the text on them stays readable."""
SPECIAL, PADDING = "#E4E4E4", "#FFFFFF"
PAD = "[PAD]"
ROW_HEIGHT = 1.75


def piece_boxes(
    tokens: Sequence[str],
    ids: Sequence[int],
    segments: Sequence[int] | None = None,
    mask: Sequence[int] | None = None,
    axes: Axes | None = None,
    title: str = "",
) -> tuple[Axes, str]:
    """One box a piece; below it the id, the segment, and the position.

    The second sentence has a dashed frame and another fill; special tokens are grey; padding (or
    what the mask hides) is white with a dotted frame.

    Args:
        tokens: pieces, special tokens and padding included.
        ids: their rows in the vocabulary.
        segments: 0 for the first sentence, 1 for the second; without, all 0.
        mask: 1 where a piece may be attended, 0 on padding; without, all 1.
        axes: to draw on; new ones without.
        title: above the picture and first in the alt sentence.

    Raises:
        ValueError: there is no piece, or the sequences differ in length.
    """
    segments = [0] * len(tokens) if segments is None else list(segments)
    mask = [1] * len(tokens) if mask is None else list(mask)
    lengths = {len(tokens), len(ids), len(segments), len(mask)}
    if len(lengths) > 1 or not tokens:
        raise ValueError(
            "expected as many tokens as ids, segments and mask values, and at least one: got "
            f"{len(tokens)}, {len(ids)}, {len(segments)}, {len(mask)}"
        )
    rows = -(-len(tokens) // PER_ROW)
    axes = axes or new_axes(8.2, 0.5 + 1.05 * rows)
    for position, (token, number) in enumerate(zip(tokens, ids, strict=True)):
        x, y = position % PER_ROW, -ROW_HEIGHT * (position // PER_ROW)
        segment, seen = segments[position], mask[position]
        special = token.startswith("[") and token.endswith("]")
        fill = PADDING if not seen else SPECIAL if special else FILLS[segment % len(FILLS)]
        style = ":" if not seen else "--" if segment else "-"
        axes.add_patch(
            FancyBboxPatch(
                (x - 0.42, y - 0.3),
                0.84,
                0.6,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor=fill,
                edgecolor="#333333",
                linewidth=1.0,
                linestyle=style,
            )
        )
        size = 9.5 if len(token) <= 9 else 9.5 * 9 / len(token)
        ink = "black" if seen else REFERENCE
        axes.text(x, y, token, ha="center", va="center", fontsize=size, color=ink)
        numbers = (
            (str(number), AXIS_COLOURS["vocabulary"]),
            (str(segment), "#555555"),
            (str(position), AXIS_COLOURS["seq"]),
        )
        for line, (text, colour) in enumerate(numbers):
            axes.text(
                x, y - 0.47 - 0.29 * line, text, ha="center", va="center", fontsize=8, color=colour
            )
    for row in range(rows):
        for line, name in enumerate(("id", "segment", "position")):
            axes.text(
                -0.6,
                -ROW_HEIGHT * row - 0.47 - 0.29 * line,
                name,
                ha="right",
                va="center",
                fontsize=8,
                color="#555555",
            )
    axes.set_xlim(-1.4, min(len(tokens), PER_ROW) - 0.5)
    axes.set_ylim(-ROW_HEIGHT * (rows - 1) - 1.3, 0.4)
    axes.set_axis_off()
    axes.set_title(title)
    return axes, _said(tokens, ids, segments, mask, title)


def _said(
    tokens: Sequence[str],
    ids: Sequence[int],
    segments: Sequence[int],
    mask: Sequence[int],
    title: str,
) -> str:
    shown = " ".join(
        f"{token} {number}"
        for token, number, seen in zip(tokens, ids, mask, strict=True)
        if seen and token != PAD
    )
    parts = [f"{title or 'Word pieces'}: {len(tokens)} boxes with their ids: {shown}"]
    second = [position for position, segment in enumerate(segments) if segment]
    if second:
        parts.append(f"the second sentence (segment 1) has positions {second[0]} to {second[-1]}")
    if hidden := len(mask) - sum(map(bool, mask)):
        parts.append(f"the mask hides {hidden} of them")
    return "; ".join(parts) + "."
