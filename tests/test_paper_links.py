"""From a formula of the paper to the line: every link leads somewhere, and the page shows all."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from minbert import paper

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("link", paper.LINKS, ids=[link.code for link in paper.LINKS])
def test_a_link_leads_to_documented_code(link: paper.Link) -> None:
    module, _, name = link.code.rpartition(".")
    found = getattr(importlib.import_module(f"minbert.{module}"), name)
    if inspect.isclass(found) or inspect.isfunction(found):
        assert inspect.getdoc(found) and found.__module__ == f"minbert.{module}"
    else:
        assert found
    assert (ROOT / "minbert" / (module.replace(".", "/") + ".py")).is_file()


def test_the_page_shows_them() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert (
        page.partition("<!-- paper -->\n")[2].partition("<!-- /paper -->")[0] == paper.links_table()
    )
    assert len(paper.LINKS) > 30


def test_every_section_that_says_what_was_done_has_its_code() -> None:
    sections = {link.where.split(",")[0] for link in paper.LINKS}
    assert sections >= {"4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "5.1", "5.2", "5.3", "5.4", "6"}
