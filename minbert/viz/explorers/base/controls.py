"""The controls of all explorers: labelled, reached by Tab, and quiet until a change is finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets as widgets

STYLE = {"description_width": "10em"}
WIDE = {"width": "98%", "max_width": "46em"}
MEDIUM = {"width": "98%", "max_width": "30em"}


def text_field(label: str, value: str = "", placeholder: str = "") -> widgets.Text:
    """A line to type into; it counts when Enter is pressed or the field is left."""
    return widgets.Text(
        value,
        description=label,
        placeholder=placeholder,
        continuous_update=False,
        layout=WIDE,
        style=STYLE,
    )


def whole_number(label: str, value: int, low: int, high: int) -> widgets.IntSlider:
    """A slider for whole numbers, both ends included."""
    return widgets.IntSlider(
        value, low, high, description=label, continuous_update=False, layout=MEDIUM, style=STYLE
    )


def one_of(label: str, steps: Sequence[float], value: float) -> widgets.SelectionSlider:
    """A slider over given values, such as the rungs of a scale that is not even."""
    return widgets.SelectionSlider(
        options=[(f"{step:g}", step) for step in steps],
        value=value,
        description=label,
        continuous_update=False,
        layout=MEDIUM,
        style=STYLE,
    )


def choice(
    label: str, options: Sequence | Mapping, value: object | None = None
) -> widgets.Dropdown:
    """A list to choose from; the first one without a value. A mapping gives names to values."""
    if isinstance(options, Mapping):
        options = list(options.items())
    field = widgets.Dropdown(options=options, description=label, layout=MEDIUM, style=STYLE)
    if value is not None:
        field.value = value
    return field


def switch(label: str, value: bool = False) -> widgets.Checkbox:
    """A box to tick, its label beside it."""
    return widgets.Checkbox(value, description=label, indent=False, layout=MEDIUM)


def button(label: str, tooltip: str = "") -> widgets.Button:
    """A button that says what it does."""
    made = widgets.Button(description=label, layout=widgets.Layout(width="max-content"))
    made.tooltip = tooltip or label
    return made
