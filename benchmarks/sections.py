"""Recorded figures in their places on a page: between `<!-- name -->` and `<!-- /name -->`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def filled(text: str, sections: Mapping[str, str]) -> str:
    """A page with other text between the marks of each section, to the letter.

    Raises:
        ValueError: a mark is missing.
    """
    for name, content in sections.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page must hold {begin} and after it {end}")
        text = before + begin + content + end + after
    return text


def fill(page: Path, tables: Mapping[str, str]) -> None:
    """Put tables, which end with a line end, on lines of their own between their marks.

    Raises:
        ValueError: a mark is missing.
    """
    blocks = {name: f"\n{table}" for name, table in tables.items()}
    try:
        text = filled(page.read_text(encoding="utf-8"), blocks)
    except ValueError as error:
        raise ValueError(f"{page}: {error}") from error
    page.write_text(text, encoding="utf-8")
