"""Notebooks as web pages that need nothing from anywhere: formulas, pictures, styles are inside."""

from __future__ import annotations

import base64
import logging
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from minbert.course.policy import META

OFFLINE = (
    "require_js_url",
    "mathjax_url",
    "jquery_url",
    "mermaid_js_url",
    "jupyter_widgets_base_url",
    "html_manager_semver_range",
)
"""What a page would load from elsewhere; all of it is left out."""
FORMULA = re.compile(
    r"\$\$(?P<block>.+?)\$\$"
    r"|(?<![\\$\w])\$(?P<inline>[^\s$](?:[^$\n]*[^\s$])?)\$(?!\d)",
    re.DOTALL,
)
CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)


@dataclass(frozen=True)
class Neighbours:
    """Where a page leads."""

    before: str | None
    after: str | None


def page(notebook: NotebookNode, title: str, neighbours: Neighbours, folder: Path) -> str:
    """One executed notebook as a page; solutions are folded, pictures keep their alt sentence.

    Args:
        notebook: with its outputs.
        title: of the page.
        neighbours: pages before and after.
        folder: the notebook's own, from which its links to pictures start.
    """
    notebook = _with_mathml(notebook)
    exporter = HTMLExporter(template_name="lab", **{name: "" for name in OFFLINE})
    exporter.log.setLevel(logging.ERROR)  # it misses alt sentences, which are put in below
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    soup = BeautifulSoup(body, "html.parser")
    pictures = [picture for picture in soup.select(".jp-RenderedImage img")]
    for picture, alt in zip(pictures, _alt_sentences(notebook), strict=True):
        picture["alt"] = alt
    for picture in soup.select(".jp-RenderedMarkdown img, .jp-MarkdownCell img"):
        picture["src"] = _embedded(picture["src"], folder)
    for link in soup.select(".jp-MarkdownCell a[href]"):
        if link["href"].endswith(".ipynb") and "/" not in link["href"]:
            link["href"] = link["href"].removesuffix("ipynb") + "html"
        elif link["href"].startswith(".."):
            link.unwrap()  # into the repository, which a page does not have beside it
    for script in soup.find_all("script"):
        script.decompose()
    for link in soup.find_all("link"):
        link.decompose()
    for cell in soup.select(".celltag_solution .jp-Cell-inputWrapper"):
        details = soup.new_tag("details")
        summary = soup.new_tag("summary")
        summary.string = "Solution"
        cell.wrap(details)
        details.insert(0, summary)
    for place, first in ((soup.body, True), (soup.body, False)):
        place.insert(0 if first else len(place.contents), _links(soup, neighbours))
    style = soup.new_tag("style")
    style.string = (
        "body { max-width: 62rem; margin: 0 auto; padding: 0 1rem } "
        "nav, summary { font-family: system-ui, sans-serif } "
        "nav { display: flex; gap: 2rem; padding: .8rem 0 } "
        "details > summary { cursor: pointer; padding: .3rem 0 } "
        "img { max-width: 100%; height: auto } .jp-OutputArea-output { overflow-x: auto }"
    )
    soup.head.append(style)
    soup.html["lang"] = "en"
    soup.head.insert(0, BeautifulSoup(META, "html.parser"))
    return str(soup)


def _alt_sentences(notebook: NotebookNode) -> list[str]:
    """Of all pictures in outputs, in their order; nbconvert's own template leaves them out."""
    return [
        output.metadata.get("image/png", {}).get("alt", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


def _embedded(source: str, folder: Path) -> str:
    """A picture beside the notebook as a data address, so that the page can be moved anywhere."""
    path = folder / source
    if source.startswith("data:") or not path.is_file():
        return source
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _links(soup: BeautifulSoup, neighbours: Neighbours):
    nav = soup.new_tag("nav")
    for text, stem in (
        ("← before", neighbours.before),
        ("all notebooks", "index"),
        ("next →", neighbours.after),
    ):
        if stem:
            link = soup.new_tag("a", href=f"{stem}.html")
            link.string = text
            nav.append(link)
    return nav


def _with_mathml(notebook: NotebookNode) -> NotebookNode:
    """A copy whose formulas are MathML, which browsers draw by themselves."""
    copy = NotebookNode(notebook)
    copy.cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell = NotebookNode(cell)
            cell.source = mathml(cell.source)
        copy.cells.append(cell)
    return copy


def mathml(markdown: str) -> str:
    """Markdown with `$…$` and `$$…$$` turned into MathML; code is left alone."""

    def formula(found: re.Match) -> str:
        block = found["block"]
        drawn = convert((block or found["inline"]).strip(), display="block" if block else "inline")
        return drawn.replace("\n", " ")

    parts = CODE.split(markdown)
    return "".join(
        part if number % 2 else FORMULA.sub(formula, part) for number, part in enumerate(parts)
    )
