"""The student edition: the notebooks without solutions and outputs, and all that they need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode

from minbert.course.build_track.skeleton import NAME, skeleton
from minbert.course.files import notebook_text
from minbert.course.notebooks import normalise, read, tags
from minbert.course.stubs import unwritten
from minbert.folders.added import AddedTo

BESIDE = re.compile(r"\]\(\.\./([^)#?\s]+)")
"""A link of a notebook to a file of the repository outside the notebooks' folder."""


def student_edition(notebook: NotebookNode, seed: int | None = None) -> NotebookNode:
    """A copy without the cells tagged `solution`, and with no output to look up.

    Hints stay: they are graded, and the last one gives the idea. Functions that are to be written
    raise a sentence. Links lead to copies beside the notebooks.

    Args:
        seed: of the classroom corpus that the copy runs on; None leaves it to the reader's tier.
    """
    copy = deepcopy(notebook)
    copy.cells = [cell for cell in copy.cells if "solution" not in tags(cell)]
    normalise(copy)
    for cell in copy.cells:
        if cell.cell_type == "markdown":
            cell.source = BESIDE.sub(r"](\1", cell.source)
            continue
        cell.outputs = []
        cell.execution_count = None
        if "exercise" in tags(cell):
            cell.source = unwritten(cell.source)
        if "setup" in tags(cell) and seed is not None:
            cell.source = re.sub(
                r'course\.start\("(\w+)"\)', rf'course.start("\1", seed={seed})', cell.source
            )
    return copy


def linked(notebook: NotebookNode) -> Iterator[str]:
    """Files outside the notebooks' folder that a notebook links to, from the repository's root."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield from BESIDE.findall(cell.source)


def edition_files(
    paths: Sequence[Path], made: Callable[[NotebookNode], NotebookNode]
) -> dict[str, str | bytes]:
    """Content by name of an edition's notebooks, and of copies of what they link to.

    Args:
        paths: of the notebooks with solutions.
        made: makes one notebook of the edition.
    """
    content: dict[str, str | bytes] = {}
    for path in paths:
        notebook = read(path)
        content[path.name] = notebook_text(made(notebook))
        for name in linked(notebook):
            content[name] = (path.parents[1] / name).read_bytes()
    return content


def hand_out(paths: Sequence[Path], folder: AddedTo, seed: int | None = None) -> list[str]:
    """Write the student edition of notebooks; what a learner has changed stays as it is.

    What they link to is copied beside them, and `my_minbert.py` is there to be filled.

    Args:
        paths: of the notebooks with solutions.
        folder: new files are added to it, unchanged ones renewed.
        seed: see `student_edition`.

    Returns:
        Names of the files that are there and were changed, or that somebody else put there.
    """
    files = edition_files(paths, lambda notebook: student_edition(notebook, seed))
    return folder.write_free({**files, NAME: skeleton()})
