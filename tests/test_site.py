"""The site: every internal link leads somewhere; built, it asks nothing from anywhere."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
)
LINK = re.compile(r"\]\(([^)\s#\\]*)(#[^)\s\\]+)?\)")
ELSEWHERE = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=[\"']?(?:https?:)?//"
    r"|<link[^>]*rel=[\"']?(?:stylesheet|preconnect|icon|preload)[^>]*href=[\"']?(?:https?:)?//"
    r"|@import\s+url\(|url\([\"']?(?:https?:)?//"
)


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_build", ROOT / "docs" / "site" / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = script()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_internal_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        text = "\n\n".join(prose)
    text = re.sub(r"`[^`\n]+`", "", build.FENCE.sub("", text))
    for to, at in LINK.findall(text):
        if "://" in to or to.startswith(("mailto:", "data:")):
            continue
        target = (page.parent / to).resolve() if to else page
        assert target.exists(), f"{to} is not there"
        if at and target.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
            assert at[1:] in {build.slug(heading, "-") for heading in plain}, f"{to}{at}"


def test_the_source_of_the_site_is_complete(tmp_path: Path) -> None:
    navigation = build.assemble(tmp_path)
    titles = [title for entry in navigation for title in entry]
    assert titles[:2] == ["Start", "Notebooks"] and titles[-1] == "Reference"
    named = re.findall(r"'([\w./-]+\.md)'", str(navigation))
    assert len(named) == len(set(named)) > 250
    assert all((tmp_path / name).is_file() for name in named)
    modules = sorted((ROOT / "minbert").rglob("*.py"))
    pages = {build.named(path.relative_to(ROOT).as_posix()) for path in modules}
    assert pages <= set(named)
    for path in tmp_path.rglob("*.md"):
        for to, _ in LINK.findall(build.FENCE.sub("", path.read_text(encoding="utf-8"))):
            if to and "://" not in to and not to.startswith(("mailto:", "data:")):
                assert (path.parent / to).is_file(), (path.name, to)


def test_formulas_and_folded_parts_are_what_mkdocs_reads() -> None:
    drawn = build.formulas("so $a_1 * b_2 * c$ it is")
    assert "<math" in drawn and "*" not in drawn and "_" not in drawn and "$" not in drawn
    assert (
        build.with_blank_lines("text\n- one\n- two\n| a |\n") == "text\n\n- one\n- two\n\n| a |\n"
    )
    assert build.slug("The map: where is …?", "-") == "the-map-where-is-"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_built_site_asks_nothing_from_anywhere(tmp_path: Path) -> None:
    for package in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(package, reason="the site's packages are optional: make site")
    command = [sys.executable, str(ROOT / "docs" / "site" / "build.py"), "--to", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "WARNING" not in done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 300
    for page in pages:
        assert not ELSEWHERE.search(page.read_text(encoding="utf-8")), page.name
    encoder = (tmp_path / "reference" / "minbert" / "encoder.html").read_text(encoding="utf-8")
    assert "attention_mask" in encoder and "BERT without heads" in encoder
    assert (tmp_path / "search" / "search_index.js").is_file()
