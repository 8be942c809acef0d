"""A map of many points, drawn by the page: hover, click, arrow keys, and points that move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets

from minbert.viz.plots.points import group_style
from minbert.viz.text import plain

ASPECT = 1.5
"""Width of the map by its height; the page draws it so."""
LONGEST_SHOWN = 160
"""Characters of a sentence that are shown beside a point."""

STYLE = f"""
.minbert-points {{ background: #fff; color: #222; border: 1px solid #bbb; padding: 6px;
  position: relative; box-sizing: border-box; max-width: 760px; font-size: 13px; }}
.minbert-points > canvas {{ display: block; width: 100%; aspect-ratio: {ASPECT};
  cursor: crosshair; touch-action: pan-y; }}
.minbert-points > canvas:focus {{ outline: 3px solid #0072B2; outline-offset: 2px; }}
.minbert-points-legend {{ display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 6px 0 4px; }}
.minbert-points-legend canvas {{ width: 14px; height: 14px; margin-right: 4px;
  vertical-align: -2px; }}
.minbert-points-said {{ min-height: 2.6em; line-height: 1.3; overflow-wrap: anywhere; }}
.minbert-points-zoom {{ position: absolute; top: 8px; right: 8px; }}
.minbert-points-zoom button {{ width: 2em; background: #fff; color: #222;
  border: 1px solid #888; margin-left: 2px; }}
.minbert-points-tip {{ position: absolute; max-width: 300px; background: #fff;
  border: 1px solid #555; padding: 3px 6px; pointer-events: none; overflow-wrap: anywhere; }}
"""
"""White in light and in dark themes, as all pictures are."""


class PointMap(anywidget.AnyWidget):
    """Points in the plane, one of them chosen; both sides may choose.

    Places and numbers travel as bytes, the sentences once.

    Args:
        sentences: one a point, shown as text whatever is in them.
    """

    _esm = Path(__file__).parent / "point_map.js"
    _css = STYLE
    sentences = traitlets.List(traitlets.Unicode()).tag(sync=True)
    positions = traitlets.Bytes().tag(sync=True)
    """float32 (point, 2): the map's height runs from -1 to 1, its width from -ASPECT to ASPECT."""
    groups = traitlets.Bytes().tag(sync=True)
    """uint8 per point: place in `legend`."""
    legend = traitlets.List(traitlets.Dict()).tag(sync=True)
    highlighted = traitlets.Bytes().tag(sync=True)
    """uint8 per point, 1 where it stands out; empty when none is looked for."""
    neighbours = traitlets.Bytes().tag(sync=True)
    """uint32: a point, then those that lines lead to from it."""
    axes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    busy = traitlets.Unicode().tag(sync=True)
    """Shown over the map while something slow is computed."""
    selected = traitlets.Int(0).tag(sync=True)

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(
            sentences=[plain(sentence, LONGEST_SHOWN) for sentence in sentences],
            layout=widgets.Layout(width="100%", max_width="760px"),
        )

    @traitlets.validate("selected")
    def _inside(self, proposal: dict[str, Any]) -> int:
        return min(max(proposal["value"], 0), len(self.sentences) - 1)

    def place(
        self,
        positions: np.ndarray,
        frame: tuple[float, float, float, float],
        axes: Iterable[str] = ("", ""),
    ) -> None:
        """Move the points to (point, 2); left, right, bottom and top of `frame` fill the map."""
        self.axes = [plain(name, 60) for name in axes]
        self.positions = into_frame(positions, frame).tobytes()

    def colour(self, names: Sequence[str], of: np.ndarray) -> None:
        """Give each group a colour and a marker, those of `viz.plots.point_map`."""
        counts = np.bincount(of, minlength=len(names))
        self.legend = [
            dict(zip(("colour", "marker"), group_style(at), strict=True), name=name, count=int(n))
            for at, (name, n) in enumerate(zip(names, counts, strict=True))
        ]
        self.groups = np.asarray(of, np.uint8).tobytes()

    def highlight(self, rows: Sequence[int] | None) -> None:
        """Let some points stand out; None when nothing is looked for."""
        marks = np.zeros(0 if rows is None else len(self.sentences), np.uint8)
        if rows is not None:
            marks[np.asarray(rows, dtype=int)] = 1
        self.highlighted = marks.tobytes()

    def lead_to(self, row: int, others: Sequence[int]) -> None:
        """Draw lines from a point to others."""
        self.neighbours = np.array([row, *others], dtype=np.uint32).tobytes()

    def clear(self) -> None:
        """Take the points away: there is no map."""
        self.positions = b""


def into_frame(positions: np.ndarray, frame: tuple[float, float, float, float]) -> np.ndarray:
    """Places, float32 (point, 2), such that a frame just fits, and both axes have one scale."""
    left, right, bottom, top = frame
    half = max((right - left) / ASPECT, top - bottom) / 2 or 1.0
    middle = np.array([left + right, bottom + top]) / 2
    return ((np.asarray(positions) - middle) / half).astype(np.float32)
