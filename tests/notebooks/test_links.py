"""Every link of the README, the docs and the notebooks leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minbert.course.notebooks import notebook_paths, read

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *notebook_paths()]
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^()]*\)[^()\s]*)?)\)")
WELL_FORMED = re.compile(r"https://[a-z0-9.-]+\.[a-z]{2,}(/[\w./%#?=&:+~@,()-]*)?")


def prose(path: Path) -> str:
    if path.suffix == ".md":
        text = path.read_text(encoding="utf-8")
    else:
        text = "\n\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def anchors(path: Path) -> set[str]:
    """Names of headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(prose(path)):
        if target.startswith("http"):
            assert WELL_FORMED.fullmatch(target), target
            continue
        name, _, anchor = target.partition("#")
        goal = (path.parent / name).resolve() if name else path
        assert goal.exists(), f"{path.name}: {target}"
        if anchor and goal.suffix in (".md", ".ipynb"):
            assert anchor in anchors(goal), f"{path.name}: {target}"


def test_the_pattern_finds_links() -> None:
    assert LINK.findall("see [a](b.md), ![a [c] d](../x.svg) and [w](https://e.org/a_(b))") == [
        "b.md",
        "../x.svg",
        "https://e.org/a_(b)",
    ]
    assert sum(len(LINK.findall(prose(path))) for path in PAGES) > 40
