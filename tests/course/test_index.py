"""The index of a run, without running one."""

from __future__ import annotations

from bs4 import BeautifulSoup

from minbert.course.index import Row, index_page

ROWS = [
    Row("02_attention", "02 Attention", 9.4, "ok"),
    Row("x", "<b>", 1.0, "stopped: a < b"),
    Row("03_encoder", "03 The encoder", None, "not run"),
]


def index(notice: str = "") -> BeautifulSoup:
    table = "<table><tr><td>results</td></tr></table>"
    text = index_page(ROWS, "<p>All found.</p>", table, "Tier: lab & more", notice)
    return BeautifulSoup(text, "html.parser")


def test_it_lists_all_notebooks_and_escapes_them() -> None:
    page = index()
    assert [link["href"] for link in page.find_all("a")] == ["02_attention.html", "x.html"]
    assert [link.text for link in page.find_all("a")] == ["02 Attention", "<b>"]
    assert "stopped: a < b" in page.text and "Tier: lab & more" in page.text
    assert "results" in page.text and not page.find_all(["script", "link"])


def test_it_has_the_times_of_this_machine_and_the_findings() -> None:
    page = index()
    assert [cell.text for cell in page.select("th")] == ["notebook", "time here", "state"]
    assert page.find("td", string="9 s") and "All found." in page.text


def test_what_did_not_run_leads_nowhere_and_is_said() -> None:
    page = index("Not run: 03_encoder & <more>")
    [row] = [row for row in page.select("tr") if "03 The encoder" in row.text]
    assert row.a is None and row.select("td")[2].text == "not run"
    assert page.select_one(".notice").text == "Not run: 03_encoder & <more>"
    assert index().select_one(".notice") is None
