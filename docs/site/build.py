"""The documentation as a site: static pages that need no network, made by `make site`.

Its source is put together in one folder first: README, docs/, the notebooks with their stored
outputs, and a page for each module, written from its docstrings. Then mkdocs makes the pages, and
stops at a link that leads nowhere. Why mkdocs-material: CONTRIBUTING.md, "The site".
"""

from __future__ import annotations

import argparse
import base64
import logging
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from minbert.course.notebooks import notebook_paths, number, tags, title
from minbert.course.pages import mathml

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
GUIDES = {
    "Learn": ("build_track", "build_session", "explorers", "teaching/glossary"),
    "Teach": ("teaching/README", "grading", "machines", "classroom"),
    "Results": ("results", "lab", "beyond", "labs"),
    "Build on it": ("structure", "model_files", "surprises"),
}
"""Pages of docs/ by section; one that is in none comes under "How to"."""
LINK = re.compile(r"(?P<open>!?\[[^\]\n]*\]\()(?P<to>[^)\s#]+)(?P<at>#[^)\s]*)?\)")
FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)
BADGE = re.compile(r"^\[!\[.*\n", re.MULTILINE)
"""A picture from elsewhere, which a site without a network cannot show."""
FOREIGN = re.compile(r'<script src="https?://[^>]*></script>')
STYLE = """
.output { overflow-x: auto; font-size: .7rem }
.output table { border-collapse: collapse } .output td, .output th { padding: .15rem .6rem }
.output { border-left: .15rem solid #8884; padding: .2rem .8rem }
"""


def assemble(source: Path) -> list[Any]:
    """Write the site's source into an empty folder.

    Returns:
        The navigation, as mkdocs reads it.
    """
    written: set[str] = set()

    def write(name: str, text: str) -> str:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.add(name)
        return name

    pages = sorted(path for path in (ROOT / "docs").rglob("*.md") if "site" not in path.parts)
    recorded = sorted((ROOT / "figures" / "results").rglob("*.md"))
    for path in [*(ROOT / name for name in TOP), *pages, *recorded, *CARDS]:
        text = BADGE.sub("", path.read_text(encoding="utf-8"))
        write(named(path.relative_to(ROOT).as_posix()), text)
    notebooks = [{"All notebooks": write("notebooks/index.md", contents())}]
    for path in notebook_paths():
        notebook = nbformat.read(path, as_version=4)
        name = write(f"notebooks/{path.stem}.md", notebook_page(notebook, source, path.stem))
        notebooks.append({f"{number(path)} {title(notebook)}": name})
    reference = list(modules(write))
    for name in sorted(written):
        if not name.startswith("reference/"):
            text = (source / name).read_text(encoding="utf-8")
            (source / name).write_text(for_site(text, name, source, written), encoding="utf-8")
    (source / "style.css").write_text(STYLE, encoding="utf-8")
    guided = {name: section for section, names in GUIDES.items() for name in names}
    sections: dict[str, list[Any]] = {"How to": [], **{section: [] for section in GUIDES}}
    for path in pages:
        name = path.relative_to(ROOT / "docs").with_suffix("").as_posix()
        if name != "teaching/slides":
            sections[guided.get(name, "How to")].append(f"docs/{name}.md")
    sections["Build on it"] += ["CONTRIBUTING.md", "SECURITY.md"]
    return [
        {"Start": "index.md"},
        {"Notebooks": notebooks},
        *({section: members} for section, members in sections.items() if members),
        {"Reference": reference},
    ]


TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
CARDS = (ROOT / "minbert" / "assets" / "tiny" / "README.md",)


def named(name: str) -> str:
    """The name in the site's source of a file of the repository."""
    if name == "README.md":
        return "index.md"
    if name.endswith(".ipynb"):
        return name.removesuffix("ipynb") + "md"
    if name.startswith("minbert/") and name.endswith(".py"):
        module = name.removesuffix(".py").removesuffix("/__init__")
        return f"reference/{module}.md" if module != "minbert" else "reference/index.md"
    return name


def for_site(text: str, page: str, source: Path, written: set[str]) -> str:
    """A page for mkdocs: links lead into the site, and files that it lacks are copied into it.

    Args:
        text: Markdown as it is in the repository.
        page: its name in the site's source.
        source: folder of the site's source.
        written: names of pages there.

    Raises:
        FileNotFoundError: a link leads to nothing in the repository.
    """
    home = "" if page == "index.md" else posixpath.dirname(page)

    def led(found: re.Match[str]) -> str:
        to = found["to"]
        if "://" in to or to.startswith(("mailto:", "data:", "files/")):
            return found[0]
        name = posixpath.normpath(posixpath.join(home, to))
        place = name if name in written else named(name)
        if place not in written:
            if not (ROOT / name).is_file():
                raise FileNotFoundError(f"{page} links to {to}, which is not there")
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
            place = name
        return f"{found['open']}{posixpath.relpath(place, home or '.')}{found['at'] or ''})"

    parts = FENCE.split(text)
    return "".join(
        part if place % 2 else with_blank_lines(LINK.sub(led, unfolded(part)))
        for place, part in enumerate(parts)
    )


def unfolded(text: str) -> str:
    """Markdown inside folded parts is Markdown for mkdocs, too."""
    return text.replace("<details>", '<details markdown="1">')


def with_blank_lines(text: str) -> str:
    """A list or a table begins after an empty line, which GitHub and Jupyter do not ask for."""
    lines: list[str] = []
    for line in text.split("\n"):
        before = lines[-1] if lines else ""
        for mark in (r"\s*(?:[-*]|\d+\.) ", r"\|"):
            starts = re.match(mark, line) and not re.match(mark, before)
            if starts and before.strip() and not before.startswith((" ", "<")):
                lines.append("")
                break
        lines.append(line)
    return "\n".join(lines)


def contents() -> str:
    rows = ["# Notebooks", "", "With their stored outputs; `minbert course open --lab` runs them."]
    for path in notebook_paths():
        heading = title(nbformat.read(path, as_version=4))
        rows.append(f"- {number(path)} [{heading}]({path.stem}.md)")
    return "\n".join(rows) + "\n"


def notebook_page(notebook: nbformat.NotebookNode, source: Path, stem: str) -> str:
    """A notebook as Markdown: formulas as MathML, solutions folded, outputs as they are stored."""
    parts = []
    for at, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(formulas(cell.source))
            continue
        shown = [f"```python\n{cell.source}\n```"]
        for place, output in enumerate(cell.outputs):
            shown.append(output_text(output, source, f"{stem}_{at}_{place}"))
        text = "\n\n".join(shown)
        if "solution" in tags(cell):
            text = f'<details markdown="1"><summary>Solution</summary>\n\n{text}\n\n</details>'
        parts.append(text)
    return "\n\n".join(parts) + "\n"


def formulas(text: str) -> str:
    """MathML in Markdown; its letters are no marks of Markdown."""
    drawn = re.compile(r"<math.*?</math>", re.DOTALL)
    return drawn.sub(
        lambda found: found[0].replace("*", "&#42;").replace("_", "&#95;").replace("|", "&#124;"),
        mathml(text),
    )


def output_text(output: nbformat.NotebookNode, source: Path, name: str) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        alt = output.metadata.get("image/png", {}).get("alt", "").replace("]", ")")
        path = source / "notebooks" / "files" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data["image/png"]))
        return f"![{' '.join(alt.split())}](files/{name}.png)"
    if "text/html" in data:
        line = " ".join(part.strip() for part in data["text/html"].splitlines())
        return f'<div class="output">{line}</div>'
    text = output.get("text") or data.get("text/plain", "")
    return f"```text\n{text.rstrip()}\n```" if text.strip() else ""


def modules(write: Any) -> Iterator[Any]:
    """A page for each module, and its place in the navigation."""

    def below(folder: Path) -> Iterator[Any]:
        for path in sorted(folder.iterdir()):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if path.suffix == ".py" and path.stem != "__init__":
                yield {path.stem: page(module, path)}
            elif (path / "__init__.py").is_file():
                first = page(module, path / "__init__.py")
                yield {path.name: [first, *below(path)]}

    def page(module: str, path: Path) -> str:
        name = named(path.relative_to(ROOT).as_posix())
        return write(name, f"# {module}\n\n::: {module}\n")

    yield {"minbert": page("minbert", ROOT / "minbert" / "__init__.py")}
    yield from below(ROOT / "minbert")


def slug(text: str, separator: str) -> str:
    """The name of a heading's place, as GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", text.strip().lower())
    return kept.replace(" ", separator)


def configuration(source: Path, site: Path, navigation: list[Any]) -> Any:
    from mkdocs.config import load_config

    options = {
        "docstring_style": "google", "show_source": True, "show_root_heading": False,
        "show_root_toc_entry": False, "members_order": "source", "separate_signature": True,
        "show_if_no_docstring": False, "heading_level": 2, "filters": ["!^_"],
        "show_signature_annotations": True,
        # "a, b: …" documents two arguments at once
        "docstring_options": {"warn_unknown_params": False, "warn_missing_types": False,
                              "warnings": False},
    }  # fmt: skip
    start = source.parent / "mkdocs.yml"  # it must be a file; all else is said below
    start.write_text("site_name: minBERT\n", encoding="utf-8")
    return load_config(
        str(start),
        docs_dir=str(source),
        site_dir=str(site),
        nav=navigation,
        use_directory_urls=False,
        strict=True,
        theme={
            "name": "material", "font": False, "language": "en",
            "features": ["navigation.prune", "navigation.indexes", "navigation.footer",
                         "toc.follow", "content.code.copy"],
            "palette": [
                {"media": "(prefers-color-scheme: light)", "scheme": "default",
                 "toggle": {"icon": "material/weather-night", "name": "dark"}},
                {"media": "(prefers-color-scheme: dark)", "scheme": "slate",
                 "toggle": {"icon": "material/weather-sunny", "name": "light"}},
            ],
        },
        extra={"generator": False},
        extra_css=["style.css"],
        plugins=[
            "material/search",
            "material/offline",
            {"mkdocstrings": {"handlers": {"python": {"paths": [str(ROOT)], "options": options}}}},
        ],
        markdown_extensions=[
            "attr_list", "md_in_html", "tables", "admonition", "pymdownx.superfences",
            "pymdownx.highlight", {"toc": {"slugify": slug, "permalink": True}},
        ],
        validation={"nav": {"omitted_files": "info", "not_found": "warn"},
                    "links": {"not_found": "warn", "anchors": "warn",
                              "unrecognized_links": "warn"}},
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=BUILD / "site", help="folder of the pages")
    parser.add_argument("--source-only", action="store_true", help="put the source together only")
    arguments = parser.parse_args()
    source = BUILD / "site-source"
    shutil.rmtree(source, ignore_errors=True)
    navigation = assemble(source)
    if arguments.source_only:
        return 0
    try:
        from mkdocs.commands.build import build
        from mkdocs.exceptions import Abort
    except ImportError:
        print("the site needs mkdocs: pip install -e .[site]", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    loaded = configuration(source, arguments.to.resolve(), navigation)
    loaded.plugins.run_event("startup", command="build", dirty=False)
    try:
        build(loaded)
    except Abort as stopped:
        print(f"the site is not built: {stopped}", file=sys.stderr)
        return 2
    for page in arguments.to.rglob("*.html"):  # the theme's one script from elsewhere
        text = page.read_text(encoding="utf-8")
        page.write_text(FOREIGN.sub("", text), encoding="utf-8")
    print(f"the site begins at {arguments.to / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
