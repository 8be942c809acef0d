"""Exercises are found by tags and structure, and cut so that a student gets no answer."""

from __future__ import annotations

import ast

import nbformat
import pytest
from nbformat import NotebookNode, v4

from minbert.course.exercises import Marks, exercises, renamed
from minbert.course.notebooks import notebook_paths, read, tags
from minbert.course.teaching import nbgrader, otter

MARKS = Marks("### BEGIN SOLUTION", "### END SOLUTION")
PATHS = notebook_paths()


def notebook(exercise: str, solution: str, *later: str) -> NotebookNode:
    check = "from minbert.course.checks import attention as check"
    cells = [
        v4.new_code_cell(check, metadata={"tags": ["setup"]}),
        v4.new_code_cell(exercise, metadata={"tags": ["exercise"]}),
        v4.new_code_cell(solution, metadata={"tags": ["solution"]}),
        *(v4.new_code_cell(source) for source in later),
    ]
    return v4.new_notebook(cells=cells)


def test_a_solution_takes_the_name_that_its_exercise_asks_for(tmp_path) -> None:
    made = notebook(
        "def mine(query): ...\n\n\nprint(check.weights(mine))",
        "def weights_solution(query):\n    # why\n    return query\n\n\n"
        "print(weights_solution(3))\nprint(check.weights(weights_solution))",
        "print(weights_solution(1), f(weights_solution=2), this.weights_solution)",
    )
    [found] = exercises(made)
    assert found.marked(MARKS) == (
        "def mine(query):\n    ### BEGIN SOLUTION\n    # why\n    return query\n"
        "    ### END SOLUTION"
    )
    assert found.shown == "print(mine(3))" and found.call == "check.weights(mine)"
    assert found.module == "minbert.course.checks.attention"
    exported = nbgrader.source_notebook(made, "02_attention", tmp_path)
    later = "print(mine(1), f(weights_solution=2), this.weights_solution)"
    assert exported.cells[-1].source == later


@pytest.mark.parametrize(
    "exercise, solution, expected",
    [
        ("answer = ...\n\nprint(check.a(answer))", "answer = 8 - 1\n\nprint(check.a(answer))",
         "# Define: answer\n### BEGIN SOLUTION\nanswer = 8 - 1\n### END SOLUTION"),
        ("def f(x): ...\n\n\nprint(check.a(f))", "def f(x): return x\n\n\nprint(check.a(f))",
         "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"),
        ("def f(x): ...\n\n\nprint(check.a(f))",
         "import math\n\nhalf = 0.5\n\n\ndef f(x):\n    return half\n\n\nprint(check.a(f))",
         "import math\n\n\n# Define: f(x)\n### BEGIN SOLUTION\nhalf = 0.5\n\n\n"
         "def f(x):\n    return half\n### END SOLUTION"),
        ("import math\n\n\ndef f(x):\n    'Says.'\n    ...\n\n\nprint(check.a(f))",
         "def f(x):\n    'Says.'\n    return x\n\n\nprint(check.a(f))",
         "import math\n\n\ndef f(x):\n    'Says.'\n    ### BEGIN SOLUTION\n    return x\n"
         "    ### END SOLUTION"),
    ],
)  # fmt: skip
def test_what_is_between_the_marks(exercise: str, solution: str, expected: str) -> None:
    [found] = exercises(notebook(exercise, solution))
    assert found.marked(MARKS) == expected


def test_what_is_no_exercise_is_named() -> None:
    with pytest.raises(ValueError, match="asks no checker"):
        exercises(notebook("x = 1", "x = 2"))
    with pytest.raises(ValueError, match="has no solution after it"):
        broken = notebook("f = 1\nprint(check.a(f))", "f = 1\nprint(check.a(f))")
        exercises(v4.new_notebook(cells=broken.cells[:2]))
    with pytest.raises(ValueError, match="checked alike"):
        exercises(notebook("f = 1\nprint(check.a(f))", "f = 1\nprint(check.b(f))"))
    with pytest.raises(ValueError, match="no cell of the notebook imports"):
        exercises(v4.new_notebook(cells=broken.cells[1:]))


def test_names_in_text_and_of_attributes_stay() -> None:
    source = "a.old(old, old=1)\nold = 'old'  # old\n"
    assert renamed(source, {"old": "new"}) == "a.old(new, old=1)\nnew = 'old'  # old\n"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_as_nbgrader_wants_it(path) -> None:
    original = read(path)
    made = nbgrader.source_notebook(original, path.stem, path.parent)
    nbformat.validate(made)
    about = [cell.metadata["nbgrader"] for cell in made.cells if "nbgrader" in cell.metadata]
    ids = [one["grade_id"] for one in about]
    assert len(ids) == len(set(ids)) and all(one["schema_version"] == 3 for one in about)
    asked = sum("exercise" in tags(cell) for cell in original.cells)
    graded = [one for one in about if one["grade"]]
    assert len(graded) == asked == sum(one["solution"] for one in about)
    assert all(one["locked"] and one["points"] > 0 for one in graded)
    for cell in made.cells:
        assert "](../" not in cell.source and "solution" not in tags(cell)
        if "nbgrader" in cell.metadata:
            ast.parse(cell.source)
            assert cell.source.count("### BEGIN") == cell.source.count("### END")
    again = nbgrader.source_notebook(read(path), path.stem, path.parent)
    assert nbformat.writes(again) == nbformat.writes(made)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_as_otter_wants_it(path) -> None:
    made = otter.master_notebook(read(path), path.stem, path.parent)
    nbformat.validate(made)
    raw = [cell.source.splitlines()[0] for cell in made.cells if cell.cell_type == "raw"]
    assert raw[0] == "# ASSIGNMENT CONFIG"
    assert raw[1:7] == ["# BEGIN QUESTION", "# BEGIN SOLUTION", "# END SOLUTION", "# BEGIN TESTS",
                        "# END TESTS", "# END QUESTION"]  # fmt: skip
    assert raw[1:] == raw[1:7] * len(exercises(read(path)))


def test_the_build_track_is_an_assignment() -> None:
    made = nbgrader.build_track_notebook()
    nbformat.validate(made)
    assert sum(cell.metadata.get("nbgrader", {}).get("grade", False) for cell in made.cells) == 10
