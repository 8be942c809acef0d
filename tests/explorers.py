"""What every explorer must withstand; the tests of each call this with their own."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

import ipywidgets as widgets
from bs4 import BeautifulSoup

from minbert.viz.explorers import Explorer

HOSTILE = (
    "",
    "   \t ",
    "a",
    "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>",
    '"quotes" & ampersands; $x^2$ and a lone $ {braces} \\alpha %s',
    "\u202egnirts desrever \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\U0001f439\U0001f468\u200d\U0001f469\u200d\U0001f467 \u4e2d\u6587 nai\u0308ve \x00\x07",
    "[MASK] [CLS] [SEP] [PAD] [UNK]",
    "word " * 2000,
    "x" * 5000,
)
"""Texts that people, and people's clipboards, put into fields."""

TYPED = (*HOSTILE, "half of a pair: \ud83d")
"""Those, and what is no Unicode: left out where it is typed, refused by name as data."""

tried = list(TYPED)
"""What is typed into every field: all of it in `make test-all`; `make test` takes every third,
which `tests/conftest.py` sets."""

HARMLESS = {
    "b", "br", "caption", "details", "div", "img", "p", "small", "span", "strong", "summary",
    "table", "tbody", "td", "th", "thead", "tr",
}  # fmt: skip
"""Elements that an explorer writes; anything else came from what was typed."""


def all_widgets(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """A widget and everything inside it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_widgets(child)


def check_sound(explorer: Explorer) -> None:
    """No fault, nothing unescaped, and words and numbers wherever there is a picture."""
    for name, panel in explorer.panels.items():
        assert panel.error is None, f"{explorer.title}, {name}: {panel.error!r}"
        if panel.view is None:
            assert panel.note, f"{name} shows nothing and does not say why"
            continue
        assert len(panel.alt) > 20 and panel.alt[-1] in ".!?…)", panel.alt
        assert panel.table.header and panel.table.rows, f"{name} has no numbers"
        if panel.view.picture is not None:
            assert panel.png.startswith(b"\x89PNG")
    for widget in all_widgets(explorer.widget):
        if isinstance(widget, widgets.HTML):
            check_escaped(widget.value)


def check_escaped(page: str) -> None:
    """Only the elements that explorers write, without any handler or address."""
    for element in BeautifulSoup(page, "html.parser").find_all(True):
        assert element.name in HARMLESS, element
        for attribute, value in element.attrs.items():
            assert not attribute.startswith("on"), element
            assert attribute != "href" and "javascript:" not in str(value)
            assert attribute != "src" or value.startswith("data:image/png;base64,")


def settings(control: widgets.Widget) -> list[Any]:
    """Values worth trying: the ends and the middle, every option, every hostile text."""
    if isinstance(control, widgets.Text | widgets.Textarea | widgets.Combobox):
        return list(tried)
    if hasattr(control, "options"):
        values = [
            option[1] if isinstance(option, tuple) else option
            for option in getattr(control, "_options_full", control.options)
        ]
        return values if len(values) <= 8 else [*values[:3], values[len(values) // 2], values[-1]]
    if isinstance(control, widgets.Checkbox | widgets.ToggleButton):
        return [True, False]
    if hasattr(control, "min") and hasattr(control, "max"):
        middle = (control.min + control.max) / 2
        return [control.min, control.max, type(control.value)(middle)]
    return []


def check_every_control(explorer: Explorer) -> None:
    """Set every control to every value worth trying, one after the other; put it back after."""
    check_sound(explorer)
    for control in explorer.controls:
        assert control.description.strip(), f"a control without a label: {control!r:.80}"
        if isinstance(control, widgets.Button):
            control.click()
            check_sound(explorer)
            continue
        before = control.value
        tried = settings(control)
        assert tried, f"{control.description}: no values to try for a {type(control).__name__}"
        for value in tried:
            control.value = value
            check_sound(explorer)
        control.value = before
        check_sound(explorer)


def shown(explorer: Explorer, monkeypatch) -> list[dict]:
    """What an explorer displays as the last value of a cell: one bundle of formats an output."""
    bundles: list[dict] = []
    for module in ("explorer", "panel"):
        monkeypatch.setattr(
            f"minbert.viz.explorers.base.{module}.display",
            lambda bundle, **options: (
                bundles.append({**bundle, "metadata": options["metadata"]})
                if "metadata" in options
                else bundles.append(bundle)
            ),
        )
    explorer._ipython_display_()
    return bundles


def check_static(explorer: Explorer, monkeypatch) -> None:
    """Without a kernel: every picture with its sentence, every table, the state of the controls."""
    bundles = shown(explorer, monkeypatch)
    live = "application/vnd.jupyter.widget-view+json"
    assert all(live in bundle and bundle["text/plain"].strip() for bundle in bundles)
    assert bundles[0][live]["model_id"] == explorer.widget.model_id
    pictures = [bundle["image/png"] for bundle in bundles if "image/png" in bundle]
    assert pictures, "nothing to be seen without a kernel"
    for panel in explorer.panels.values():
        if panel.view is None:
            assert any(panel.note in bundle["text/plain"] for bundle in bundles)
            continue
        if panel.png:
            assert panel.png in pictures
        assert any(repr(panel.table) == bundle["text/plain"] for bundle in bundles)
        said = [bundle["text/plain"] + unescape(bundle.get("text/html", "")) for bundle in bundles]
        assert any(panel.alt in text for text in said)
    for bundle in bundles:
        if "image/png" in bundle:
            assert bundle["metadata"]["image/png"]["alt"]
        check_escaped(bundle.get("text/html", ""))
