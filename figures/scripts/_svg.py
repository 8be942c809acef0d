"""What the diagrams share: boxes, arrows, text and tensor shapes, as plain SVG.

Every diagram lies on a light panel of its own, so that it reads the same on a dark page; what a
colour says is also said in words, so that it reads the same in grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from minbert.viz.style import AXIS_COLOURS

PANEL = "#fcfcfa"
INK = "#1b1b1b"
QUIET = "#565656"
LINE = "#444444"
FONT = "Helvetica, Arial, 'Liberation Sans', 'Noto Sans', sans-serif"
SMALLEST = 12.5
"""Of all text, in units of the drawing; drawings are 720 wide and shown at 700 pixels or more."""

HEAD = 3
"""Title, description and definitions come before the panel."""

NEUTRAL = "#767676"
AXES = {**AXIS_COLOURS, "dim": AXIS_COLOURS["hidden"], "vocab": AXIS_COLOURS["vocabulary"]}
"""`dim`, the width of one head, is a slice of `hidden` and has its colour."""


def tint(colour: str, amount: float = 0.2) -> str:
    """The colour on white: 0 is white, 1 the colour itself."""
    parts = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + (part - 255) * amount):02x}" for part in parts)


def width_of(text: str, size: float, bold: bool = False) -> float:
    """Width of a text in Helvetica or Arial, estimated from above."""
    narrow, wide = "iljtf.,:;|!'()[] 1/·", "mwMW@%—"
    units = sum(0.34 if c in narrow else 0.9 if c in wide else 0.69 if c.isupper() else 0.57
                for c in text)  # fmt: skip
    return units * size * (1.06 if bold else 1.0)


class Drawing:
    """An SVG that grows by one element a call; coordinates in pixels from the upper left corner.

    Args:
        height: of the panel; the width is 720.
        title: short name, for screen readers.
        alt: what is to be seen, in one or two sentences.
    """

    WIDTH = 720

    def __init__(self, height: float, title: str, alt: str) -> None:
        self.height = height
        """May grow until `source` is called."""
        self.parts = [
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(alt)}</desc>",
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
            'markerHeight="7" orient="auto-start-reverse">'
            f'<path d="M0 0.8 L10 5 L0 9.2 z" fill="{LINE}"/></marker>'
            '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect width="6" height="6" fill="#e3e3e3"/>'
            '<line x1="0" y1="0" x2="0" y2="6" stroke="#bdbdbd" stroke-width="2.4"/></pattern>'
            "</defs>",
        ]

    def source(self) -> str:
        """The whole file."""
        panel = (
            f'<rect x="0.5" y="0.5" width="{self.WIDTH - 1}" height="{self.height - 1}" rx="10" '
            f'fill="{PANEL}" stroke="#d5d5d0"/>'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.WIDTH}" height="{self.height}" '
            f'viewBox="0 0 {self.WIDTH} {self.height}" role="img" font-family="{FONT}">\n'
            + "\n".join([*self.parts[:HEAD], panel, *self.parts[HEAD:]])
            + "\n</svg>\n"
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str = "#ffffff",
        stroke: str = LINE,
        thick: float = 1.2,
        dashed: bool = False,
        round_: float = 6,
    ) -> None:
        """A rectangle with rounded corners."""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round_:g}" '
            f'fill="{fill}" stroke="{stroke}" stroke-width="{thick:g}"{dash}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 13,
        anchor: str = "start",
        bold: bool = False,
        colour: str = INK,
        italic: bool = False,
    ) -> None:
        """One line; `y` is its base line."""
        style = (' font-weight="bold"' if bold else "") + (' font-style="italic"' if italic else "")
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{max(size, SMALLEST):g}" fill="{colour}" '
            f'text-anchor="{anchor}"{style}>{escape(text)}</text>'
        )

    def lines(self, x: float, y: float, lines: Sequence[str], size: float = 13, **style) -> None:
        """Several lines of text, the first on `y`."""
        for number, line in enumerate(lines):
            self.text(x, y + number * size * 1.28, line, size, **style)

    def path(
        self,
        points: Sequence[tuple[float, float]],
        arrow: bool = True,
        colour: str = LINE,
        thick: float = 1.5,
        dashed: bool = False,
        halo: bool = False,
    ) -> None:
        """Straight pieces through the points, with a tip at the last one.

        A halo lets the line pass over others without seeming to touch them.
        """
        way = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
        if halo:
            self.parts.append(
                f'<path d="{way}" fill="none" stroke="{PANEL}" stroke-width="{thick + 6:g}"/>'
            )
        tip = ' marker-end="url(#tip)"' if arrow else ""
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self.parts.append(
            f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="{thick:g}"{dash}{tip}/>'
        )

    def dot(self, x: float, y: float, radius: float = 3.2) -> None:
        """Where lines are joined."""
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{LINE}"/>')

    def number(self, x: float, y: float, text: str, radius: float = 11, fill: str = INK) -> None:
        """A numbered disc."""
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}"/>')
        self.text(x, y + 4.6, text, 13, anchor="middle", bold=True, colour="#ffffff")

    def shape(self, x: float, y: float, axes: Sequence[str], anchor: str = "start") -> float:
        """A tensor's shape as one chip an axis, each in the colour of its axis.

        Args:
            x: left end, middle or right end, as `anchor` says.
            y: middle of the chips.
            axes: such as `("batch", "seq", "hidden 128")`; the first word decides the colour.

        Returns:
            The width of all chips together.
        """
        widths = [width_of(axis, SMALLEST) + 11 for axis in axes]
        whole = sum(widths) + 3 * (len(axes) - 1)
        at = x - {"start": 0.0, "middle": whole / 2, "end": whole}[anchor]
        for axis, width in zip(axes, widths, strict=True):
            colour = AXES.get(axis.split()[0], NEUTRAL)
            self.box(at, y - 10, width, 20, tint(colour, 0.22), colour, 1.3, round_=4)
            self.text(at + width / 2, y + 4.4, axis, SMALLEST, anchor="middle")
            at += width + 3
        return whole
