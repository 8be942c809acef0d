"""A notebook as an assignment: alone in its folder, exercises made for a grader."""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode

from minbert.course.exercises import Exercise, exercises, renamed
from minbert.course.notebooks import normalise, tags

POINTS = 10
"""Of each exercise."""
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^()\s]+)\)")
LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\((?!https?:|#|attachment:)[^()\s]+\)")


def assignment(
    notebook: NotebookNode, folder: Path, made: Callable[[Exercise], list[NotebookNode]]
) -> NotebookNode:
    """A copy in which each exercise and its solution are the cells that a grading tool wants.

    Names of a solution that differ from those of the exercise are the exercise's everywhere below.

    Args:
        notebook: of the course.
        folder: its own, from which its links to pictures start.
        made: the cells of one exercise.
    """
    copy = deepcopy(notebook)
    found = {one.at: one for one in exercises(copy)}
    solutions = {one.solution_at for one in found.values()}
    names: dict[str, str] = {}
    cells: list[NotebookNode] = []
    for at, cell in enumerate(copy.cells):
        if at in found:
            cells += made(found[at])
            names |= found[at].renamed
        elif at in solutions:
            continue
        else:
            if cell.cell_type == "markdown":
                _stand_alone(cell, folder)
            elif cell.cell_type == "code":
                cell.source = renamed(cell.source, names)
            cells.append(cell)
    copy.cells = cells
    return without_outputs(copy)


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """Edit a notebook in place: nothing ran yet. What a grading tool reads in cells stays."""
    kept = [deepcopy(cell.metadata) for cell in notebook.cells]
    normalise(notebook)
    for cell, metadata in zip(notebook.cells, kept, strict=True):
        cell.metadata = metadata
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    return notebook


def setup_cell(notebook: NotebookNode) -> NotebookNode | None:
    """The cell that imports and says the tier."""
    return next((cell for cell in notebook.cells if "setup" in tags(cell)), None)


def _stand_alone(cell: NotebookNode, folder: Path) -> None:
    """Pictures go into the cell, links to files of the repository become their words."""

    def attached(found: re.Match[str]) -> str:
        path = folder / found[2]
        if not path.is_file():
            return found[0]
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        content = base64.b64encode(path.read_bytes()).decode()
        cell.setdefault("attachments", NotebookNode())[path.name] = NotebookNode({kind: content})
        return f"![{found[1]}](attachment:{path.name})"

    cell.source = LINK.sub(r"\1", PICTURE.sub(attached, cell.source))
