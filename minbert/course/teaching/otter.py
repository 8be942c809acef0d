"""Assignments for otter-grader: the master notebook that `otter assign` takes."""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode, v4

from minbert.course.exercises import Exercise, Marks
from minbert.course.teaching.assignment import POINTS, assignment, without_outputs

MARKS = Marks("# BEGIN SOLUTION", "# END SOLUTION")


def master_notebook(notebook: NotebookNode, stem: str, folder: Path) -> NotebookNode:
    """The master version of a notebook, from which `otter assign` makes the students' and the
    autograder's.

    Args:
        notebook: of the course.
        stem: its name without the suffix, which becomes the assignment's.
        folder: its own, from which its links to pictures start.
    """
    made = assignment(notebook, folder, _cells)
    made.cells.insert(0, _raw("config", _config(stem)))
    return without_outputs(made)


def _config(stem: str) -> str:
    return (
        "# ASSIGNMENT CONFIG\n"
        f"name: {stem}\n"
        "tests:\n"
        "    ok_format: false\n"
        "export_cell:\n"
        "    pdf: false"
    )


def _cells(exercise: Exercise) -> list[NotebookNode]:
    """A question: its answer, the test that asks the checker, and what shows it at work."""
    name = exercise.name.replace("-", "_")
    question = f"# BEGIN QUESTION\nname: {name}\npoints: {POINTS}"
    answer = v4.new_code_cell(
        exercise.marked(MARKS), id=f"{name}-answer"[:64], metadata={"tags": ["exercise"]}
    )
    arguments = exercise.call.partition("(")[2]
    test = v4.new_code_cell(
        f"def test_{name}({', '.join(exercise.targets)}):\n"
        "    import importlib\n"
        "\n"
        f'    check = importlib.import_module("{exercise.module}")\n'
        f"    verdict = check.{exercise.checker}({arguments}\n"
        "    assert verdict.passed, verdict.message",
        id=f"{name}-test"[:64],
    )
    cells = [
        _raw(f"{name}-begin", question),
        _raw(f"{name}-begin-solution", "# BEGIN SOLUTION"),
        answer,
        _raw(f"{name}-end-solution", "# END SOLUTION"),
        _raw(f"{name}-begin-tests", "# BEGIN TESTS"),
        test,
        _raw(f"{name}-end-tests", "# END TESTS"),
        _raw(f"{name}-end", "# END QUESTION"),
    ]
    if exercise.shown:
        cells.append(v4.new_code_cell(exercise.shown, id=f"{name}-shown"[:64]))
    return cells


def _raw(name: str, source: str) -> NotebookNode:
    return v4.new_raw_cell(source, id=name[:64])
