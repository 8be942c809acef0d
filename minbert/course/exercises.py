"""The exercises of a notebook: what is asked, what the learner begins with, and the answer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from minbert.course.notebooks import tags


@dataclass(frozen=True)
class Exercise:
    """An exercise and its answer."""

    at: int
    """Index of its cell in the notebook; the solution's cell follows."""
    asked: str
    """The cell before it: heading, text and hints, in Markdown."""
    stub: str
    """What the learner begins with."""
    solution: str
    """The solution's cell, with the learner's names in place of its own."""
    praise: str
    """What the checker says of the solution in the stored output: what was learned."""

    @property
    def title(self) -> str:
        """The heading that stands last before it, without marks."""
        return (re.findall(r"^#+ (.+)$", self.asked, re.MULTILINE) or ["Exercise"])[-1]

    @property
    def names(self) -> list[str]:
        """What the learner defines, and the checker is given."""
        return _given_to_checker(self.stub)


def exercises(notebook: NotebookNode) -> Iterator[Exercise]:
    """All exercises of a notebook, in order.

    Raises:
        ValueError: a cell tagged `exercise` is not followed by one tagged `solution`, or their
            checkers are given different numbers of things.
    """
    cells = notebook.cells
    for at, cell in enumerate(cells):
        if "exercise" not in tags(cell):
            continue
        if at + 1 == len(cells) or "solution" not in tags(cells[at + 1]):
            raise ValueError(f"no solution follows the exercise in cell {at}: {cell.source[:60]!r}")
        asked = cells[at - 1].source if at and cells[at - 1].cell_type == "markdown" else ""
        yield Exercise(
            at, asked, cell.source, _renamed(cells[at + 1].source, cell.source),
            _praise(cells[at + 1]),
        )  # fmt: skip


def _given_to_checker(source: str) -> list[str]:
    """Names that a cell hands to its checker: of `print(check.loss(my_loss))`, `my_loss`."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "check"
        ):
            return [given.id for given in node.args if isinstance(given, ast.Name)]
    return []


def _renamed(solution: str, stub: str) -> str:
    """A solution under the names that the learner's cell has."""
    own, learners = _given_to_checker(solution), _given_to_checker(stub)
    if len(own) != len(learners):
        raise ValueError(f"the solution's checker is given {own}, the exercise's {learners}")
    for old, new in zip(own, learners, strict=True):
        solution = re.sub(rf"\b{re.escape(old)}\b", new, solution)
    return solution


def _praise(cell: NotebookNode) -> str:
    """The line that begins with `Right: `, without these words."""
    for output in cell.get("outputs", []):
        for line in output.get("text", "").splitlines():
            if line.startswith("Right: "):
                return line.removeprefix("Right: ")
    return ""


def unwritten(stub: str) -> str:
    """A stub whose functions raise a sentence until they are written.

    Only bodies that are three dots or return None are replaced.
    """
    lines = stub.splitlines()
    for node in reversed(ast.parse(stub).body):
        if not isinstance(node, ast.FunctionDef) or not _is_empty(node):
            continue
        first = node.body[-1]
        says = f'raise NotImplementedError("{node.name} is not written yet")'
        if first.lineno == node.lineno:
            lines[first.lineno - 1 : first.end_lineno] = [
                lines[first.lineno - 1][: first.col_offset].rstrip(), f"    {says}",
            ]  # fmt: skip
        else:
            lines[first.lineno - 1 : first.end_lineno] = [f"    {says}"]
    return "\n".join(lines)


def _is_empty(function: ast.FunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if len(body) != 1:
        return False
    if isinstance(body[0], ast.Return):
        value = body[0].value
        return value is None or (isinstance(value, ast.Constant) and value.value is None)
    return (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and body[0].value.value is Ellipsis
    )
