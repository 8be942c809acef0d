"""The course as a folder of one's own: notebooks as they are, and all that they lead to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from pathlib import Path

from minbert.course.student import BESIDE
from minbert.folders.added import AddedTo

LINK = re.compile(r"(?P<before>!?\[(?P<text>[^\]]*)\]\()(?P<to>[^)#\s]+)(?P<at>#[^)\s]*)?\)")
"""Of Markdown; `to` is a file, `at` a place in it."""


def open_course(paths: Sequence[Path], folder: AddedTo) -> list[str]:
    """Write notebooks, and the figures and pages they lead to, in the order of a clone.

    Links lead from file to file as in a clone; a page's link to what is not copied, such as a
    line of the library, becomes its text.

    Args:
        paths: of the notebooks, all in one folder.
        folder: new files are added to it, unchanged ones renewed.

    Returns:
        Names of the files that are there and were changed, or that somebody else put there.
    """
    return folder.write_free(course_files(paths, paths[0].parents[1]))


def course_files(paths: Sequence[Path], root: Path) -> dict[str, str | bytes]:
    """Content by name of the notebooks and of what can be reached from them by links.

    Args:
        paths: of the notebooks.
        root: the folder that has `notebooks`, `figures` and `docs`.
    """
    content: dict[str, str | bytes] = {}
    pages: dict[str, str] = {}
    waiting = [path.relative_to(root).as_posix() for path in paths]
    while waiting:
        name = waiting.pop()
        if name in content or name in pages:
            continue
        if name.endswith(".md"):
            pages[name] = (root / name).read_text(encoding="utf-8")
            leads = [led(name, found["to"]) for found in LINK.finditer(pages[name])]
        else:
            content[name] = (root / name).read_bytes()
            leads = []
        if name.endswith(".ipynb"):
            leads = BESIDE.findall(content[name].decode("utf-8"))
        waiting += [lead for lead in leads if _is_material(root, lead)]
    for name, text in pages.items():
        content[name] = _without_dead_links(text, name, {*content, *pages})
    return dict(sorted(content.items()))


def led(name: str, to: str) -> str:
    """Where a link in a file leads, from the root; `to` as it stands there."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), to))


def _is_material(root: Path, name: str) -> bool:
    """Whether a file belongs to the course, not to the library around it."""
    if not name.startswith(("figures/", "docs/")) or name.startswith("figures/scripts/"):
        return False
    return (root / name).is_file()


def _without_dead_links(text: str, name: str, there: set[str]) -> str:
    def kept(found: re.Match[str]) -> str:
        elsewhere = "://" in found["to"] or found["to"].startswith("mailto:")
        return found[0] if elsewhere or led(name, found["to"]) in there else found["text"]

    return LINK.sub(kept, text)
