"""Tables escape what they are given, and refuse rows that do not fit."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from minbert.viz import Table


def test_cells_and_caption_are_escaped() -> None:
    table = Table(["piece <b>"], [["<script>alert(1)</script>"], ["a & b"]], "1 < 2")
    page = table._repr_html_()
    assert "<script>" not in page
    soup = BeautifulSoup(page, "html.parser")
    assert [cell.text for cell in soup.find_all("td")] == ["<script>alert(1)</script>", "a & b"]
    assert soup.find("th").text == "piece <b>" and soup.find("caption").text == "1 < 2"


def test_header_cells_say_that_they_head_a_column() -> None:
    soup = BeautifulSoup(Table(["a", "b"], [[1, 2]])._repr_html_(), "html.parser")
    assert [cell["scope"] for cell in soup.find_all("th")] == ["col", "col"]
    assert soup.find("caption") is None


@pytest.mark.parametrize("row", [["only one"], ["one", "two", "three"], []])
def test_ragged_rows_are_refused(row: list) -> None:
    with pytest.raises(ValueError, match=f"expected 2 cells, got {len(row)}"):
        Table(["a", "b"], [["1", "2"], row])


def test_plain_text_is_aligned() -> None:
    table = Table(["name", "n"], [["a", 1], ["longer", 22]], "Counts")
    assert repr(table).splitlines() == ["Counts", "name    n", "a       1", "longer  22"]


def test_a_table_may_be_empty() -> None:
    assert repr(Table(["a", "b"], [])) == "a  b"
