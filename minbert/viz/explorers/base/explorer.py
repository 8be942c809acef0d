"""What all explorers share: controls, panels, and which of them depend on which."""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import ipywidgets as widgets
from IPython.display import display

from minbert.viz.explorers.base.accessibility import Accessibility
from minbert.viz.explorers.base.panel import WIDGET_VIEW, Panel, View, widget_view
from minbert.viz.text import plain

LONGEST_TEXT = 2_000
"""Characters of a typed text that are used; that some were cut is said."""
MOST_REMEMBERED = 64
"""Results of slow work that an explorer keeps; the oldest goes first."""

T = TypeVar("T")


class Explorer:
    """A thin control over pure functions.

    A subclass makes its controls, calls `super().__init__`, and adds its panels. A panel's `look`
    reads the controls, calls a pure `compute` and a pure `draw`, and returns a `View`. Nothing else
    touches the page, so plain Python drives an explorer: set a control's `value`, read
    `panels[name].alt`, `.table`, `.png`.

    As the last value of a cell it shows itself: live where there is a kernel; elsewhere (GitHub,
    print) as the pictures and tables that were first drawn.

    Args:
        title: heading.
        help_text: one or two sentences: what to do, what to look at.
        controls: labelled widgets in the order in which Tab reaches them.
    """

    def __init__(self, title: str, help_text: str, controls: Sequence[widgets.Widget]) -> None:
        self.title = title
        self.controls = list(controls)
        self.panels: dict[str, Panel] = {}
        self._remembered: dict[Hashable, Any] = {}
        head = widgets.HTML(
            f'<div style="line-height: 1.35"><b>{html.escape(title)}.</b> '
            f"{html.escape(help_text)}</div>"
        )
        self._body = widgets.VBox()
        self.widget = widgets.VBox(
            [head, *self.controls, self._body, Accessibility()],
            layout=widgets.Layout(border="1px solid #8888", padding="8px", overflow="hidden"),
        )
        """The whole explorer as one widget, to be put into layouts of your own."""
        self.widget.add_class("minbert-explorer")

    def add_panel(
        self,
        name: str,
        look: Callable[[], View],
        on: Sequence[widgets.Widget] | None = None,
        live: widgets.Widget | None = None,
        spoken: bool = True,
    ) -> Panel:
        """A panel below those that are there; it is looked at now and after changes.

        Args:
            name: its heading.
            look: see `Panel`.
            on: controls it depends on; all without.
            live, spoken: see `Panel`.
        """
        panel = Panel(name, look, live, spoken)
        self.panels[name] = panel
        for control in self.controls if on is None else on:
            if control.has_trait("value"):
                control.observe(panel.refresh, names="value")
        self._body.children = [*self._body.children, panel.widget]
        panel.refresh()
        return panel

    def remember(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The result of slow work, computed only if it is not known for this key."""
        if key not in self._remembered:
            self._remembered[key] = compute()
            if len(self._remembered) > MOST_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        return self._remembered[key]

    @property
    def state(self) -> dict[str, str]:
        """What the controls stand at, by their labels."""
        return {
            control.description: plain(str(getattr(control, "label", None) or control.value))
            for control in self.controls
            if control.has_trait("value") and control.description
        }

    def _ipython_display_(self) -> None:
        state = "; ".join(f"{label}: {value}" for label, value in self.state.items() if value)
        said = f"{self.title} (live in a running notebook). {state}"
        page = f"<p><b>{html.escape(self.title)}</b> (live in a running notebook). "
        bundle = {
            WIDGET_VIEW: widget_view(self.widget),
            "text/html": f"{page}{html.escape(state)}</p>",
            "text/plain": said,
        }
        display(bundle, raw=True)
        hidden = widgets.Box(layout=widgets.Layout(display="none"))
        for panel in self.panels.values():
            panel.show_static(hidden)


def by_name(given: T | Mapping[str, T], what: str) -> dict[str, T]:
    """What may be given alone or by name, by name.

    Raises:
        ValueError: nothing is given.
    """
    if not isinstance(given, Mapping):
        given = {"this one": given}
    if not given:
        raise ValueError(f"{what}: expected one, or at least one by name, got none")
    return dict(given)


def typed(text: str) -> tuple[str, str]:
    """A typed text as it is used, and a note if something of it is left out.

    Half of a surrogate pair, as a broken clipboard leaves it, is no Unicode: tokenizers refuse it.
    """
    notes = []
    whole = "".join(each for each in text if not "\ud800" <= each <= "\udfff")
    if halves := len(text) - len(whole):
        notes.append(f"Left out, because they are halves of characters: {halves}.")
    text = whole
    if len(text) > LONGEST_TEXT:
        notes.append(f"Only the first {LONGEST_TEXT:,} of {len(text):,} characters are used.")
    return text[:LONGEST_TEXT], " ".join(notes)
