"""The student edition has the exercises and no answer."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode, v4

from minbert.__main__ import main
from minbert.course.build_track.skeleton import KEY, skeleton
from minbert.course.exercises import Exercise, exercises
from minbert.course.notebooks import notebook_paths, read, tags
from minbert.course.runner import execute
from minbert.course.stubs import unwritten
from minbert.course.student import student_edition

SHORT = 12
"""Lines of a solution that are shorter tell nothing: `n = len(x)`."""


def telling_lines(exercise: Exercise) -> list[str]:
    """The lines in the functions of a solution that are not in the stub."""
    functions = [
        node
        for node in ast.parse(exercise.solution).body
        if isinstance(node, ast.FunctionDef) and node.name in exercise.targets
    ]
    given = {line.strip() for line in exercise.stub.splitlines()}
    lines = exercise.solution.splitlines()
    body = [
        line.strip()
        for node in functions
        for line in lines[node.body[0].lineno - 1 : node.end_lineno]
    ]
    return [line for line in body if line not in given and len(line) >= SHORT]


def test_solutions_and_outputs_are_gone_and_hints_stay() -> None:
    hints = "### Exercise 1\n\n<details><summary>Hint 3</summary>\n\nadd them\n\n</details>"
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell(hints),
            v4.new_code_cell(
                "def f(): ...",
                execution_count=3,
                metadata={"tags": ["exercise"]},
                outputs=[v4.new_output("stream", name="stdout", text="Not yet: …")],
            ),
            v4.new_code_cell("def f(): return 1", metadata={"tags": ["solution"]}),
        ]
    )
    edition = student_edition(notebook)
    stub = 'def f():\n    raise NotImplementedError("f is not written yet")'
    assert [cell.source for cell in edition.cells] == [hints, stub]
    assert edition.cells[1].outputs == [] and edition.cells[1].execution_count is None
    assert len(notebook.cells) == 3 and notebook.cells[1].outputs  # the original has them still


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
def test_no_notebook_gives_its_solutions_away(path) -> None:
    original = read(path)
    edition = student_edition(original)
    nbformat.validate(edition)
    hidden = [cell.source for cell in original.cells if "solution" in tags(cell)]
    left = "\n".join(cell.source for cell in edition.cells)
    assert hidden and len(edition.cells) == len(original.cells) - len(hidden)
    assert not any(solution in left for solution in hidden)
    for exercise in exercises(original):
        for line in telling_lines(exercise):
            assert line not in left, line
    for cell in edition.cells:
        assert "solution" not in tags(cell)
        assert cell.cell_type != "code" or (not cell.outputs and cell.execution_count is None)
    assert sum("exercise" in tags(cell) for cell in edition.cells) == len(hidden)


PATHS = [pytest.param(path, id=path.stem) for path in notebook_paths()]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_above_an_exercise_is_its_answer(path: Path) -> None:
    """Neither a source nor an output before it has a line of its solution."""
    notebook = read(path)
    for exercise in exercises(notebook):
        above = "\n".join(texts(notebook.cells[: exercise.at]))
        for line in telling_lines(exercise):
            assert line not in above, f"{exercise.title}: {line}"


def texts(cells: list[NotebookNode]) -> list[str]:
    """Sources and printed outputs of cells; of solutions, which learners open last, none."""
    found = []
    for cell in cells:
        if "solution" in tags(cell):
            continue
        found.append(cell.source)
        for output in cell.get("outputs", []):
            found.append(output.get("text", "") + output.get("data", {}).get("text/plain", ""))
    return found


@pytest.mark.parametrize("path", PATHS)
def test_no_solution_takes_the_learners_name(path: Path) -> None:
    notebook = read(path)
    for exercise in exercises(notebook):
        own = {
            node.name
            for node in ast.parse(notebook.cells[exercise.at + 1].source).body
            if isinstance(node, ast.FunctionDef)
        }
        assert not own & set(exercise.targets), exercise.title


@pytest.mark.parametrize(
    ("stub", "body"),
    [
        ("def f(x): ...\n\n\nprint(check.f(f))", []),
        ("def f(x): ...  # your code", []),
        ("def f(x):\n    # your code\n    return None", ["    # your code"]),
        ('def f(x):\n    """Says."""\n    ...', ['    """Says."""']),
    ],
)
def test_a_stub_raises_a_sentence(stub: str, body: list[str]) -> None:
    text = unwritten(stub)
    says = '    raise NotImplementedError("f is not written yet")'
    assert text.splitlines()[: 2 + len(body)] == ["def f(x):", *body, says]
    assert unwritten(text) == text
    names: dict = {}
    exec(text.partition("print(")[0], names)
    with pytest.raises(NotImplementedError, match="f is not written yet"):
        names["f"](1)


def test_what_is_written_and_values_stay() -> None:
    for kept in (
        "answer = ...",
        "def f(x):\n    return x",
        "def f(x):\n    y = x\n    return None",
    ):
        assert unwritten(kept) == kept


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editions")
    assert main(["course", "student", "--to", str(folder / "student")]) == 0
    assert main(["course", "key", "--to", str(folder / "key")]) == 0
    return folder


def test_an_edition_has_all_that_it_links_to(editions: Path) -> None:
    for folder in (editions / "student", editions / "key"):
        for path in folder.glob("*.ipynb"):
            for cell in read(path).cells:
                assert "](../" not in cell.source
                for link in inspect.cleandoc(cell.source).split("](figures/")[1:]:
                    assert (folder / "figures" / link.split(")")[0]).stat().st_size > 0
    assert list((editions / "student" / "figures").iterdir())
    assert (editions / "student" / "my_minbert.py").read_text("utf-8") == skeleton()
    assert (editions / "key" / "my_minbert.py").read_text("utf-8") == KEY.read_text("utf-8")


def test_the_key_has_every_answer_with_its_reason(editions: Path) -> None:
    text = (editions / "key" / "answers.md").read_text("utf-8")
    for path in notebook_paths():
        for exercise in exercises(read(path)):
            assert exercise.solution.strip() in text
            assert exercise.praise and exercise.praise[1:] in text
            assert exercise.targets or "answer" in exercise.stub, exercise.title


def test_a_corpus_of_ones_own(tmp_path: Path) -> None:
    assert main(["course", "student", "--to", str(tmp_path), "--seed", "3"]) == 0
    for path in sorted(tmp_path.glob("*.ipynb")):
        [setup] = [cell.source for cell in read(path).cells if "setup" in tags(cell)]
        assert f'course.start("{path.stem}", seed=3)' in setup
    assert main(["course", "student", "--to", str(tmp_path), "--seed", "-3"]) == 2


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("edition", ["student", "key"])
@pytest.mark.parametrize("name", [path.name for path in notebook_paths()])
def test_an_edition_runs_from_top_to_bottom(name: str, edition: str, editions: Path) -> None:
    """With all stubs unwritten, and with the key's answers and pieces."""
    folder = editions / edition
    run = execute(folder / name, {"MINBERT_TIER": "lab"}, folder)
    assert run.error is None
    verdicts = [
        output.get("text", "")
        for cell in run.notebook.cells
        if "exercise" in tags(cell)
        for output in cell.outputs
    ]
    begins = "Right: " if edition == "key" else "Not yet: "
    assert verdicts and all(begins in text for text in verdicts)
    built = "".join(
        output.get("text", "")
        for cell in run.notebook.cells
        if "build" in tags(cell)
        for output in cell.outputs
    )
    assert ("yours, from my_minbert.py" in built) is (edition == "key" and bool(built))
