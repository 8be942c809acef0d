"""Slides as one page: text from Markdown, pictures from `figures/`, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path

from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html

from minbert.clone import material
from minbert.course.pages import mathml
from minbert.course.policy import POLICY

SOURCE = Path("docs") / "teaching" / "slides.md"
"""Slides between lines of three dashes, notes after a line `Notes:`."""
PAGE = "slides.html"
KINDS = {".png": "image/png", ".svg": "image/svg+xml"}
SCRIPT = """
const slides = [...document.querySelectorAll('section')];
const shown = () => slides.reduce((best, slide, at) =>
  Math.abs(slide.getBoundingClientRect().top) < Math.abs(slides[best].getBoundingClientRect().top)
    ? at : best, 0);
const go = at => {
  const slide = slides[Math.max(0, Math.min(slides.length - 1, at))];
  slide.scrollIntoView();
  slide.focus({preventScroll: true});
};
const keys = {
  ArrowRight: () => go(shown() + 1), ArrowDown: () => go(shown() + 1),
  PageDown: () => go(shown() + 1), ' ': () => go(shown() + 1),
  ArrowLeft: () => go(shown() - 1), ArrowUp: () => go(shown() - 1),
  PageUp: () => go(shown() - 1), Home: () => go(0), End: () => go(slides.length - 1),
  n: () => document.body.classList.toggle('notes'),
};
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
"""
STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1a1a1a; --soft: #767676 }
@media (prefers-color-scheme: dark) { :root { --paper: #16181c; --ink: #ececec; --soft: #a0a0a0 } }
html { scroll-snap-type: y mandatory; background: var(--paper); color: var(--ink);
  font: clamp(1rem, 2.1vw, 1.7rem)/1.45 system-ui, sans-serif }
body { margin: 0 }
section { box-sizing: border-box; min-height: 100vh; scroll-snap-align: start;
  padding: 4vh 6vw 7vh; display: flex; flex-direction: column; justify-content: center;
  position: relative; outline: none }
h1 { font-size: 2em; line-height: 1.15; margin: 0 0 .5em }
h2 { font-size: 1.45em; margin: 0 0 .5em }
ul, p { margin: .3em 0; max-width: 46em } li { margin: .25em 0 }
img { display: block; max-width: 100%; max-height: 48vh; margin: .6em auto; background: #fff;
  border-radius: .3rem; padding: .4rem; box-sizing: border-box }
table { border-collapse: collapse } th, td { padding: .2em .8em; border-bottom: 1px solid #8886;
  text-align: left }
.count { position: absolute; right: 2vw; bottom: 1.5vh; font-size: .6em; color: var(--soft) }
aside { display: none; font-size: .75em; border-left: .25em solid #0072B2; padding-left: .8em;
  margin-top: 1em; max-width: 60em } .notes aside { display: block }
code { font-size: .9em } .help { font-size: .6em; color: var(--soft) }
@media print { html { font-size: 16pt } section { break-after: page; min-height: auto }
  .help { display: none } }
"""


def slides_page(markdown: str, figures: Path) -> str:
    """The page: a section for each slide. Keys turn the slides, `n` shows the notes.

    Args:
        markdown: slides between lines of three dashes; `![](…/NAME)` is a picture.
        figures: folder of the pictures, whose `manifest.json` says what is to be seen in each.

    Raises:
        ValueError: a picture is not there, or nothing says what is to be seen in it.
    """
    manifest = json.loads((figures / "manifest.json").read_text(encoding="utf-8"))
    parts = [part.strip() for part in re.split(r"^---$", markdown, flags=re.MULTILINE)]
    sections = []
    for number, part in enumerate(parts, start=1):
        text, _, notes = part.partition("\nNotes:")
        body = _drawn(text, figures, manifest)
        aside = f"<aside>{_drawn(notes, figures, manifest)}</aside>" if notes.strip() else ""
        count = f'<span class="count">{number} / {len(parts)}</span>'
        sections.append(f'<section id="{number}" tabindex="-1">{body}{aside}{count}</section>')
    title = next(line[2:] for line in parts[0].splitlines() if line.startswith("# "))
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = f"{POLICY}; script-src 'sha256-{digest}'"
    sections[0] = sections[0].replace(
        "</section>", '<p class="help">Arrow keys or space: next. n: notes.</p></section>'
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(sections)
        + f"\n<script>{SCRIPT}</script>\n</body></html>\n"
    )


def course_slides() -> str:
    """The slides of the course.

    Raises:
        OSError: text or pictures are not there.
    """
    root = material()
    return slides_page((root / SOURCE).read_text(encoding="utf-8"), root / "figures")


def _drawn(markdown: str, figures: Path, manifest: dict[str, dict[str, str]]) -> str:
    """Markdown as HTML, with formulas that browsers draw and pictures inside."""
    soup = BeautifulSoup(str(markdown2html(mathml(markdown.strip()))), "html.parser")
    for link in soup.select("a.anchor-link"):
        link.decompose()
    for picture in soup.find_all("img"):
        name = str(picture["src"]).rpartition("/")[2]
        path = figures / name
        if name not in manifest or not path.is_file():
            known = ", ".join(manifest)
            raise ValueError(f"the slides show {name}, expected one of {known}")
        content = base64.b64encode(path.read_bytes()).decode()
        picture["src"] = f"data:{KINDS[path.suffix]};base64,{content}"
        picture["alt"] = manifest[name]["alt"]
    return str(soup)
