"""Pages need nothing from anywhere, and draw their formulas by themselves."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode, v4

from minbert.course.pages import Neighbours, mathml, page

PIXEL = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
        "gg=="
    )
).decode()


@pytest.mark.parametrize(
    ("markdown", "formulas"),
    [
        ("length $\\sqrt{n}$ and $x_1$, both", 2),
        ("$$\\sigma^2 = \\frac{1}{n}\\sum_i x_i$$", 1),
        ("($p$)", 1),
        ("$a$-th", 1),
    ],
)
def test_formulas_become_mathml(markdown: str, formulas: int) -> None:
    drawn = mathml(markdown)
    assert drawn.count("<math") == drawn.count("</math>") == formulas
    assert "$" not in drawn and "\n" not in drawn


def test_blocks_and_lines_are_told_apart() -> None:
    block, inline = mathml("$$x^2$$"), mathml("so $x^2$ it is")
    assert 'display="block"' in block and 'display="inline"' in inline
    assert inline.startswith("so <math") and inline.endswith("</math> it is")
    assert "<msup>" in block and "<msup>" in inline


@pytest.mark.parametrize(
    "markdown",
    [
        "it costs $5",
        "between $5 and $10 an hour",
        "from $1,000 to $2,000",
        "the variable `$PATH` and `$HOME`",
        "```\necho $x$ $y$\n```",
        "escaped \\$x\\$ signs",
        "US$ and CA$",
        "no formula at all",
    ],
)
def test_prices_and_code_are_left_alone(markdown: str) -> None:
    assert mathml(markdown) == markdown


def test_code_beside_a_formula_stays_code() -> None:
    drawn = mathml("`cost = $a$` is not $a$")
    assert drawn.startswith("`cost = $a$` is not <math")


@pytest.fixture
def notebook() -> NotebookNode:
    picture = v4.new_output(
        "display_data",
        {"image/png": PIXEL, "text/plain": "Picture: one pixel"},
        metadata={"image/png": {"alt": "One pixel & nothing else."}},
    )
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Title\n\nA formula $x^2$ and ![a drawing](drawing.svg)"),
            v4.new_code_cell("show()", outputs=[picture], execution_count=1),
            v4.new_code_cell("answer = 42", metadata={"tags": ["solution"]}, execution_count=2),
        ]
    )


@pytest.fixture
def soup(notebook: NotebookNode, tmp_path: Path) -> BeautifulSoup:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
    (tmp_path / "drawing.svg").write_text(drawing, encoding="utf-8")
    text = page(notebook, "Title", Neighbours("01_before", None), tmp_path)
    return BeautifulSoup(text, "html.parser")


def test_a_page_loads_nothing(soup: BeautifulSoup) -> None:
    assert not soup.find_all(["script", "link", "iframe"])
    sources = [tag["src"] for tag in soup.find_all(src=True)]
    assert len(sources) == 2 and all(source.startswith("data:") for source in sources)
    for tag in soup.find_all(href=True):
        assert not re.match(r"(https?:)?//", tag["href"]), tag["href"]
    styles = "\n".join(style.text for style in soup.find_all("style"))
    assert "@import" not in styles
    assert not re.search(r"url\(\s*['\"]?(https?:)?//", styles)


def test_a_page_says_what_its_pictures_show(soup: BeautifulSoup) -> None:
    assert [image["alt"] for image in soup.find_all("img")] == [
        "a drawing",
        "One pixel & nothing else.",
    ]
    assert soup.html["lang"] == "en" and soup.title.text == "Title"
    assert soup.find("math") is not None


def test_a_page_folds_its_solutions_and_leads_on(soup: BeautifulSoup) -> None:
    [folded] = [tag for tag in soup.find_all("details") if tag.summary.text == "Solution"]
    assert "42" in folded.text and not folded.has_attr("open")
    navigations = soup.find_all("nav")
    assert len(navigations) == 2
    for navigation in navigations:
        assert [link["href"] for link in navigation.find_all("a")] == [
            "01_before.html",
            "index.html",
        ]


def test_the_notebook_is_not_changed(notebook: NotebookNode, soup: BeautifulSoup) -> None:
    assert "$x^2$" in notebook.cells[0].source
