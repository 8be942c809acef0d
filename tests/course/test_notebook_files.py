"""Notebooks as files: what is stored is the same whoever ran them."""

from __future__ import annotations

import nbformat
import pytest
from nbformat import NotebookNode, v4

from minbert.course.notebooks import (
    WIDGET_VIEW,
    compared,
    normalise,
    notebook_paths,
    study_minutes,
    tags,
    title,
    with_time,
)

TIME = "About 5 minutes of study (estimated from its length); runs in 1 s (measured on 2 cores)."


def code(source: str, outputs: list | None = None, **metadata: object) -> NotebookNode:
    return v4.new_code_cell(source, outputs=outputs or [], metadata=metadata)


def stream(text: str, name: str = "stdout") -> NotebookNode:
    return v4.new_output("stream", name=name, text=text)


def test_progress_bars_go_and_widgets_keep_their_text() -> None:
    bar = v4.new_output("display_data", {WIDGET_VIEW: {}, "text/plain": "MLM:  40%|####      |"})
    buttons = v4.new_output("display_data", {WIDGET_VIEW: {}, "text/plain": "Predict: Why?"})
    said = v4.new_output("display_data", {"text/plain": "100%| of it, no widget"})
    notebook = normalise(v4.new_notebook(cells=[code("x", [bar, buttons, said])]))
    [first, second] = notebook.cells[0].outputs
    assert first.data == {"text/plain": "Predict: Why?"}
    assert second.data == {"text/plain": "100%| of it, no widget"}


def test_pieces_of_one_stream_are_joined_and_others_are_not() -> None:
    result = v4.new_output("execute_result", {"text/plain": "1"}, execution_count=9)
    outputs = [stream("a"), stream("b\n"), stream("w", "stderr"), stream("c"), result, stream("d")]
    notebook = normalise(v4.new_notebook(cells=[code("x", outputs)]))
    texts = [output.get("text") for output in notebook.cells[0].outputs]
    assert texts == ["ab\n", "w", "c", None, "d"]
    assert notebook.cells[0].outputs[3].execution_count == 1


def test_counts_metadata_and_kernel_are_those_of_nobodys_machine() -> None:
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# A", metadata={"tags": ["quiz"], "editable": False}),
            code("  x = 1\n\n", execution={"iopub": "10:00"}, tags=["setup"]),
            code("x", jupyter={"source_hidden": True}),
        ],
        metadata={"kernelspec": {"name": "x", "display_name": "mine"}, "widgets": {"state": 1}},
    )
    notebook.cells[1].execution_count = 17
    normalise(notebook)
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2]
    assert [dict(cell.metadata) for cell in notebook.cells] == [
        {"tags": ["quiz"]},
        {"tags": ["setup"]},
        {"jupyter": {"source_hidden": True}},
    ]
    assert notebook.cells[1].source == "x = 1"
    assert notebook.metadata.kernelspec.name == "python3" and "widgets" not in notebook.metadata
    once = nbformat.writes(notebook)
    assert nbformat.writes(normalise(notebook)) == once
    nbformat.validate(notebook)


def test_what_nbval_compares_is_counted() -> None:
    cells = [
        code("a", [stream("1")]),
        code("b", [stream("2")], tags=["nbval-ignore-output"]),
        code("c"),
        v4.new_markdown_cell("text"),
    ]
    found = compared(v4.new_notebook(cells=cells))
    assert (found.with_output, found.compared, found.share) == (2, 1, 0.5)
    assert compared(v4.new_notebook()).share == 1.0


def test_title_and_tags() -> None:
    notebook = v4.new_notebook(
        cells=[code("# no title"), v4.new_markdown_cell("text\n\n# Attention\n\n## More")]
    )
    assert title(notebook) == "Attention"
    assert title(v4.new_notebook()) == "(no title)"
    assert tags(code("x", tags=["exercise"])) == ["exercise"] and tags(code("x")) == []


def test_the_time_is_written_into_the_first_cell() -> None:
    words = "word " * 1500
    exercise = code("x = 1\n" * 50, tags=["exercise"])
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell(f"# A\n\n{TIME}\n\nmore"),
            v4.new_markdown_cell(words),
            exercise,
        ]
    )
    assert study_minutes(notebook) == 20  # 10 to read, 2 for code, 7 for the exercise
    first = with_time(notebook).cells[0].source
    assert first == (
        "# A\n\nAbout 20 minutes of study (estimated from its length); "
        "runs in two minutes or less on two cores.\n\nmore"
    )
    assert with_time(notebook).cells[0].source == first


def test_notebooks_are_found_by_the_beginning_of_their_names() -> None:
    everything = [path.stem for path in notebook_paths()]
    assert everything == sorted(everything)
    chosen = [path.stem for path in notebook_paths(["03", "02_att"])]
    assert chosen == ["02_attention", "03_encoder", "03b_norms_and_dropout"]
    with pytest.raises(ValueError, match="no notebook begins with '99'"):
        notebook_paths(["02", "99"])
