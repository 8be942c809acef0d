"""A picture, the sentence that says what is in it, and its numbers: live, or as first drawn."""

from __future__ import annotations

import base64
import html
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import ipywidgets as widgets
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minbert.viz.table import Table

logger = logging.getLogger(__name__)

Picture = Figure | Axes | Callable[[], Figure | Axes]
"""A figure, any of its axes, or what draws one when it is needed."""

DOTS_PER_INCH = 120
SHOWN_PER_INCH = 84
"""Pixels of the page; the difference keeps letters crisp on fine screens."""
TABLE_STYLE = "max-height: 24em; overflow: auto; line-height: 1.35"
CELL_STYLE = "text-align: left; padding: 0.05em 1em 0.05em 0"
ONE_AT_A_TIME = threading.RLock()
"""A page may send one change to the kernel's main thread and the next to another thread."""
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class View:
    """What a panel shows."""

    picture: Picture | None
    """None where the table says it all."""
    alt: str
    """What is to be seen, with the numbers that matter; also the caption."""
    table: Table
    """The numbers behind the colours."""
    note: str = ""
    """What the reader must know before: a text was cut, a model has no such head."""


class Panel:
    """One picture of an explorer with its caption and table.

    Args:
        name: heading, and name in `Explorer.panels`.
        look: makes the view; called again whenever a control changes that it depends on. A
            ValueError is said in its place. Anything else that it raises is said as well, never
            raised into the page, and kept in `error`.
        live: a widget that shows the picture itself; the view's picture is then only drawn for
            readers without a kernel.
        spoken: whether screen readers say the caption when it changes.
    """

    def __init__(
        self,
        name: str,
        look: Callable[[], View],
        live: widgets.Widget | None = None,
        spoken: bool = True,
    ) -> None:
        self.name, self.look = name, look
        self.view: View | None = None
        self.error: Exception | None = None
        """A fault of ours, never the reader's; tests expect None."""
        self._png: bytes | None = None
        self._picture, self._table, self._note = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._live = live
        for said in (self._picture, self._note) if spoken else ():
            said.add_class("minbert-said")
        heading = widgets.HTML(f"<b>{html.escape(name)}</b>")
        parts = [heading, self._note, *([live] if live else []), self._picture, self._table]
        self.widget = widgets.VBox(parts)
        self.widget.add_class("minbert-panel")

    @property
    def alt(self) -> str:
        """The caption, empty while there is nothing to be seen."""
        return self.view.alt if self.view else ""

    @property
    def table(self) -> Table:
        """The numbers; an empty table while there are none."""
        return self.view.table if self.view else Table([], [])

    @property
    def note(self) -> str:
        """The sentence above the picture, as plain text."""
        return html.unescape(self._note.value.partition(">")[2].rpartition("<")[0])

    @property
    def png(self) -> bytes:
        """The picture; empty if there is none."""
        if self._png is None:
            self._png = _png(self.view.picture) if self.view and self.view.picture else b""
        return self._png

    def refresh(self, change: Any = None) -> None:
        """Look again, and show what is seen."""
        with ONE_AT_A_TIME:
            self.error, self._png = None, None
            try:
                self.view = self.look()
                drawn = b"" if self._live else self.png
            except Exception as error:
                self.view = None
                if not isinstance(error, ValueError):
                    logger.debug("panel %s", self.name, exc_info=True)
                    self.error = error
                first = str(error).partition("\n")[0]
                self._show(b"", first or type(error).__name__)
            else:
                self._show(drawn, self.view.note)

    def _show(self, drawn: bytes, note: str) -> None:
        alt = html.escape(self.alt, quote=True)
        encoded = base64.b64encode(drawn).decode()
        image = (
            f'<img alt="{alt}" style="width: {_shown_width(drawn)}px; max-width: 100%; '
            f'height: auto" src="data:image/png;base64,{encoded}">'
        )
        caption = f'<div class="minbert-caption" style="line-height: 1.35">{alt}</div>'
        # The caption comes last: whoever reads it finds the note and the table that belong to it.
        self._note.value = f'<span role="status">{html.escape(note)}</span>' if note else ""
        self._table.value = _folded(self.table, "Numbers") if self.view else ""
        self._picture.value = (image if drawn else "") + (caption if alt else "")

    def show_static(self, hidden: widgets.Widget) -> None:
        """Display the picture and its table; where there is a kernel, `hidden` in their place."""
        view = widget_view(hidden)
        said = f"{self.name}: {self.alt or self.note}"
        picture: dict[str, Any] = {"text/plain": said, WIDGET_VIEW: view}
        if self.png:
            picture |= {"image/png": self.png, "text/plain": f"Picture: {said}"}
        if self.png or not self.view:
            display(picture, metadata={"image/png": {"alt": self.alt}}, raw=True)
        if not self.view:
            return
        said = " ".join(filter(None, [self.view.note, self.alt]))
        page = f'<p style="max-width: 46em">{html.escape(said)}</p>'
        numbers = {
            "text/html": page + _folded(self.table, f"{self.name}: numbers as first drawn"),
            "text/plain": repr(self.table),
            WIDGET_VIEW: view,
        }
        display(numbers, raw=True)


def widget_view(widget: widgets.Widget) -> dict[str, Any]:
    """Where a live page finds a widget: goes under `WIDGET_VIEW` in an output."""
    return {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}


def _folded(table: Table, summary: str) -> str:
    return (
        f"<details><summary>{html.escape(summary)}</summary>"
        f'<div style="{TABLE_STYLE}" tabindex="0">'
        f"{table.html(CELL_STYLE)}</div></details>"
    )


def _png(picture: Picture) -> bytes:
    """A picture on white."""
    if not isinstance(picture, Figure | Axes):
        picture = picture()
    figure = picture.figure if isinstance(picture, Axes) else picture
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    return buffer.getvalue()


def _shown_width(drawn: bytes) -> int:
    """Width on the page; a PNG's own is in its bytes 16 to 19."""
    return round(int.from_bytes(drawn[16:20], "big") * SHOWN_PER_INCH / DOTS_PER_INCH)
