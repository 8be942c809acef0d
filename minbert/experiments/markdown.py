"""How numbers are written in tables: three decimals, intervals in brackets, Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def cell(value: dict[str, Any] | None, paper_value: float | None = None) -> str:
    """`.504 [.474, .533] (paper: .503)`."""
    shown = "—" if value is None else f"{number(value['value'])} {interval(value['ci95'])}"
    return shown if paper_value is None else f"{shown} (paper: {number(paper_value)})"


def number(value: float) -> str:
    """Three decimals, no zero before the point."""
    text = f"{value:z.3f}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def interval(bounds: Sequence[float]) -> str:
    """`[.474, .533]`."""
    return f"[{number(bounds[0])}, {number(bounds[1])}]"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines of a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def signed(value: float) -> str:
    """Three decimals with their sign; what is rounded to zero has none."""
    said = f"{value:+z.3f}"
    return "0.000" if said == "+0.000" else said
