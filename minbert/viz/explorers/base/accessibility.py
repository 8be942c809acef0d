"""What ipywidgets leaves out for those who cannot see the page, or use no mouse."""

from __future__ import annotations

from pathlib import Path

import anywidget
import ipywidgets as widgets


class Accessibility(anywidget.AnyWidget):
    """An invisible part of an explorer: names its sliders, has captions read, keeps tables open."""

    _esm = Path(__file__).parent / "accessibility.js"

    def __init__(self) -> None:
        super().__init__(layout=widgets.Layout(height="0", margin="0", overflow="hidden"))
