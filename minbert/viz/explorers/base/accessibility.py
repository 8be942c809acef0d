"""What ipywidgets leaves out for those who cannot see the page, or use no mouse."""

from __future__ import annotations

from pathlib import Path

import anywidget
import ipywidgets as widgets

STYLE = """
.minbert-explorer img { border-radius: 6px; }
[data-jp-theme-light="false"] .minbert-explorer img,
[data-jp-theme-light="false"] .minbert-explorer .minbert-points { filter: brightness(0.78); }
"""
"""In a dark theme pictures stay on a light ground, since captions name their colours, but are
dimmed: a white page in a dark one glares."""


class Accessibility(anywidget.AnyWidget):
    """An invisible part of an explorer: names its sliders, has captions read, keeps tables open,
    and dims pictures in a dark theme."""

    _esm = Path(__file__).parent / "accessibility.js"
    _css = STYLE

    def __init__(self) -> None:
        super().__init__(layout=widgets.Layout(height="0", margin="0", overflow="hidden"))
