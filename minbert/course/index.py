"""The first page of a run: which notebooks ran and how long, what was found, the results."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from minbert.course.policy import META

STYLE = (
    ":root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; "
    "max-width: 62rem; margin: 0 auto; padding: 1rem } table { border-collapse: collapse } "
    "th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #8886 } "
    "main > div { overflow-x: auto } .notice { border-left: .3rem solid #c60; padding-left: .8rem }"
)


@dataclass(frozen=True)
class Row:
    """One notebook in the index."""

    stem: str
    title: str
    seconds: float | None
    """How long it ran here; None if it did not, and then there is no page to lead to."""
    state: str
    """`ok`, or what stopped it."""


def index_page(
    rows: Sequence[Row], findings: str, result_table: str, tier: str, notice: str = ""
) -> str:
    """The page.

    Args:
        rows: one per notebook.
        findings: HTML.
        result_table: HTML.
        tier: sentence that names it.
        notice: sentence on what is missing, if something is.
    """
    said = f'<p class="notice">{html.escape(notice)}</p>' if notice else ""
    return (
        '<!doctype html><html lang="en"><head>'
        f'{META}<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>minBERT: the course</title><style>{STYLE}</style></head><body><main>"
        f"<h1>minBERT: the course</h1><p>{html.escape(tier)}</p>{said}"
        '<div><table><thead><tr><th scope="col">notebook</th><th scope="col">time here</th>'
        '<th scope="col">state</th></tr></thead>'
        f"<tbody>{''.join(map(_line, rows))}</tbody></table></div>"
        f"<h2>Findings</h2>{findings}"
        f"<h2>Results</h2><div>{result_table}</div></main></body></html>"
    )


def _line(row: Row) -> str:
    name = html.escape(row.title)
    time = ""
    if row.seconds is not None:
        name = f'<a href="{html.escape(row.stem)}.html">{name}</a>'
        time = f"{row.seconds:.0f} s"
    return f"<tr><td>{name}</td><td>{time}</td><td>{html.escape(row.state)}</td></tr>"
