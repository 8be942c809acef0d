"""A table that reads well in a notebook, on a web page and as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

NUMBERS = re.compile(r"[-+−±.,%\d\s\[\]()]+")
SIGN_OF_ZERO = re.compile(r"(?<![\d.])[-−+](?=0*\.?0+(?![.\d]))")


class Table:
    """Rows of ready-made strings under a header; every cell is escaped.

    Args:
        header: one title per column.
        rows: as many cells each; numbers must be rounded already
            (`minbert.course.rounded`), so that outputs can be compared. What was rounded to zero
            loses its sign: `-0.000` and `+0.000` are `0.000`.
        caption: one sentence above the table.

    Raises:
        ValueError: a row has another length than the header.
    """

    def __init__(
        self, header: Sequence[str], rows: Sequence[Sequence[object]], caption: str = ""
    ) -> None:
        self.header = [str(title) for title in header]
        self.rows = [[_shown(cell) for cell in row] for row in rows]
        self.caption = caption
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"expected {len(self.header)} cells, got {len(row)}: {row}")

    def _repr_html_(self) -> str:
        return self.html()

    def html(self, style: str = "text-align: left") -> str:
        """The table as HTML; `style` is that of every cell."""

        def line(cells: Sequence[str], tag: str) -> str:
            start = f'<{tag} scope="col"' if tag == "th" else f"<{tag}"
            inner = "".join(f'{start} style="{style}">{escape(cell)}</{tag}>' for cell in cells)
            return f"<tr>{inner}</tr>"

        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        body = "".join(line(row, "td") for row in self.rows)
        head = line(self.header, "th")
        return f"<table>{caption}<thead>{head}</thead><tbody>{body}</tbody></table>"

    def __repr__(self) -> str:
        columns = list(zip(self.header, *self.rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [self.header, *self.rows]
        ]
        return "\n".join([*([self.caption] if self.caption else []), *lines])


def _shown(cell: object) -> str:
    text = str(cell)
    return SIGN_OF_ZERO.sub("", text) if NUMBERS.fullmatch(text) else text
