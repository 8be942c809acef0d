"""The student edition: the same notebooks without solutions and without outputs."""

from __future__ import annotations

from copy import deepcopy

from nbformat import NotebookNode

from minbert.course.notebooks import normalise, tags


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
