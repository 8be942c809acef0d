"""Findings of a run: counted, listed, and called by where they were looked for."""

from __future__ import annotations

from bs4 import BeautifulSoup

from minbert.course.claims import Claim
from minbert.course.findings import Findings

WET, CHEESE = Claim("02", "water is wet", True), Claim("02", "the moon is cheese", False)


def test_all_are_found() -> None:
    found = Findings({"02": [WET], "03": [WET, WET]}, is_lab=True, complete=True)
    assert str(found) == "all 3 findings of the text were found here"
    assert found.not_found == {}
    assert found.html() == "<p>All 3 findings of the text were found here.</p>"


def test_some_are_not() -> None:
    found = Findings({"02": [WET], "03": [CHEESE, WET]}, is_lab=True, complete=True)
    assert str(found) == "not found on this machine: 1 of 3 findings\n  03: the moon is cheese"
    page = BeautifulSoup(found.html(), "html.parser")
    assert page.a["href"] == "03.html" and page.li.text == "the moon is cheese"
    assert "the processor's rounding may decide" in page.text


def test_on_other_data_it_is_the_data() -> None:
    found = Findings({"02": [CHEESE]}, is_lab=False, complete=True)
    assert found.summary == "not found on these data: 1 of 1 findings"
    assert "rounding" not in found.html() and "other data" in found.html()


def test_a_run_that_was_cut_speaks_of_what_was_tested() -> None:
    cut = Findings({"02": [WET]}, is_lab=True, complete=False)
    assert cut.summary == "all 1 findings that were tested were found here"
    cut = Findings({"02": [CHEESE]}, is_lab=True, complete=False)
    assert cut.summary == "not found on this machine: 1 of 1 findings that were tested"
    assert Findings({"02": []}, is_lab=True, complete=False).summary == "no finding was tested"
