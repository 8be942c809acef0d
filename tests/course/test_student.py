"""The student edition has the exercises and no answer."""

from __future__ import annotations

import nbformat
import pytest
from nbformat import v4

from minbert.course.notebooks import notebook_paths, read, tags
from minbert.course.student import student_edition


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
    assert [cell.source for cell in edition.cells] == [hints, "def f(): ..."]
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
    for cell in edition.cells:
        assert "solution" not in tags(cell)
        assert cell.cell_type != "code" or (not cell.outputs and cell.execution_count is None)
    assert sum("exercise" in tags(cell) for cell in edition.cells) == len(hidden)
