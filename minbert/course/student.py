"""The student edition: the same notebooks without solutions and without outputs."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode

from minbert.course.files import notebook_text
from minbert.course.notebooks import normalise, read, tags
from minbert.folders.added import AddedTo


def student_edition(notebook: NotebookNode) -> NotebookNode:
    """A copy without the cells tagged `solution`, and with no output to look up.

    Hints stay: they are graded, and the last one nearly gives the answer.
    """
    copy = deepcopy(notebook)
    copy.cells = [cell for cell in copy.cells if "solution" not in tags(cell)]
    normalise(copy)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    return copy


def hand_out(paths: Sequence[Path], folder: AddedTo) -> list[str]:
    """Write the student edition of notebooks; what a learner has changed stays as it is.

    Args:
        paths: of the notebooks with solutions.
        folder: new notebooks are added to it, unchanged ones renewed.

    Returns:
        Names of the notebooks that are there and were changed, or that somebody else put there.
    """
    kept = []
    for path in paths:
        text = notebook_text(student_edition(read(path)))
        if folder.is_free(path.name, text):
            folder.write(path.name, text)
        else:
            kept.append(path.name)
    return kept
