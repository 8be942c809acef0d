"""Assignments for nbgrader: what it reads in the metadata of cells, and between its marks."""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode, v4

from minbert.course.build_track.pieces import PIECES, Piece
from minbert.course.build_track.skeleton import NAME
from minbert.course.exercises import Exercise, Marks
from minbert.course.teaching.assignment import POINTS, assignment, setup_cell, without_outputs

SCHEMA = 3
"""Version of the metadata: that of nbgrader 0.9."""
MARKS = Marks("### BEGIN SOLUTION", "### END SOLUTION")
BUILD_TRACK = "my_minbert"
CONFIG = f'''\
"""Settings of nbgrader that the course needs."""

c = get_config()  # noqa: F821

# Seconds for a cell: some of them train. nbgrader's own limit is 30.
c.Execute.timeout = 600
# Students hand in this file beside the notebook: it must not be replaced by the empty one.
c.Autograde.exclude_overwriting = {{"{BUILD_TRACK}": ["{NAME}"]}}
'''


def source_notebook(notebook: NotebookNode, stem: str, folder: Path) -> NotebookNode:
    """The instructor's version of a notebook, from which `nbgrader generate_assignment` makes the
    students'.

    Args:
        notebook: of the course.
        stem: its name without the suffix; ids of graded cells begin with it.
        folder: its own, from which its links to pictures start.
    """
    made = assignment(notebook, folder, lambda exercise: _cells(exercise, stem))
    setup = setup_cell(made)
    if setup is not None:
        setup.metadata["nbgrader"] = _metadata(f"{stem}-setup", locked=True)
    return made


def build_track_notebook() -> NotebookNode:
    """One test cell for each piece of `my_minbert.py`, which is handed in beside the notebook."""
    begin = v4.new_markdown_cell(
        "# The build track\n\n"
        f"Write the ten pieces in `{NAME}`, which lies beside this notebook, and hand both in. "
        f"`minbert course check {NAME}` says at any time which pieces are right. The cells below "
        "do the same, a piece each; they change nothing.",
        id="begin",
    )
    setup = v4.new_code_cell(
        "from minbert.course.build_track.running import check_file",
        id="setup",
        metadata={"nbgrader": _metadata(f"{BUILD_TRACK}-setup", locked=True)},
    )
    notebook = v4.new_notebook(cells=[begin, setup, *(_piece(piece) for piece in PIECES)])
    return without_outputs(notebook)


def _piece(piece: Piece) -> NotebookNode:
    source = (
        f"# Piece {piece.number}: {piece.title}\n"
        f'verdict = check_file("{NAME}", [{piece.number}])[{piece.number}]\n'
        "print(verdict)\n"
        "assert verdict.passed, verdict.message"
    )
    grade_id = f"{BUILD_TRACK}-piece-{piece.number}"
    return v4.new_code_cell(
        source,
        id=f"piece-{piece.number}",
        metadata={"nbgrader": _metadata(grade_id, locked=True, points=POINTS)},
    )


def _cells(exercise: Exercise, stem: str) -> list[NotebookNode]:
    """The answer, its test, and what shows the answer at work."""
    grade_id = f"{stem}-{exercise.name}"
    answer = v4.new_code_cell(
        exercise.marked(MARKS),
        id=f"{exercise.name}-answer"[:64],
        metadata={"tags": ["exercise"], "nbgrader": _metadata(f"{grade_id}-answer", solution=True)},
    )
    arguments = exercise.call.partition("(")[2]
    test = v4.new_code_cell(
        f"verdict = {exercise.call}\n"
        "print(verdict)\n"
        "assert verdict.passed, verdict.message\n"
        "### BEGIN HIDDEN TESTS\n"
        "# The checker anew: whoever has replaced it in the notebook gains nothing.\n"
        "import importlib\n"
        "\n"
        f'anew = importlib.reload(importlib.import_module("{exercise.module}"))\n'
        f"verdict = anew.{exercise.checker}({arguments}\n"
        "assert verdict.passed, verdict.message\n"
        "### END HIDDEN TESTS",
        id=f"{exercise.name}-test"[:64],
        metadata={"nbgrader": _metadata(f"{grade_id}-test", locked=True, points=POINTS)},
    )
    if not exercise.shown:
        return [answer, test]
    return [answer, test, v4.new_code_cell(exercise.shown, id=f"{exercise.name}-shown"[:64])]


def _metadata(
    grade_id: str, locked: bool = False, solution: bool = False, points: int | None = None
) -> dict[str, object]:
    """What nbgrader reads of a cell: it is given, to be answered, or (with points) graded."""
    found: dict[str, object] = {
        "schema_version": SCHEMA,
        "grade_id": grade_id,
        "grade": points is not None,
        "solution": solution,
        "locked": locked,
        "task": False,
        "cell_type": "code",
    }
    return found if points is None else found | {"points": points}
