"""Every notebook gives its stored outputs again, offline; in `make test-all` from nothing, too."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from machine_matrix import MOST_DIFFERENT, OLDEST

from minbert.course.claims import read_claims
from minbert.course.notebooks import IGNORE, notebook_paths, read, tags

PATHS = notebook_paths()


def as_stored(path: Path, run: subprocess.CompletedProcess, folder: Path) -> None:
    """Each output is the stored one, and each finding of the text was found."""
    assert run.returncode == 0, run.stdout[-6000:]
    cells = sum(cell.cell_type == "code" for cell in read(path).cells)
    assert f"{cells} passed" in run.stdout
    claims = read_claims(folder / "claims.jsonl")
    assert [claim.sentence for claim in claims if not claim.holds] == []
    assert len(claims) >= 3


CODE_PATHS, CHANGED_WEIGHTS = MOST_DIFFERENT
TURNED_BY_ROUNDING = ("03b_norms_and_dropout", "05_three_heads", "08_learning_rates")
"""Where another processor once gave another output or finding, or the last digits are compared."""


def cells_to_run() -> list:
    """A notebook and a cell of the machine matrix each; most of them only in `make test-all`."""
    return [
        pytest.param(
            path,
            cell,
            id=f"{path.stem}-{cell}",
            marks=()
            if cell == CHANGED_WEIGHTS or (cell == CODE_PATHS and path.stem in TURNED_BY_ROUNDING)
            else pytest.mark.slow,
        )
        for cell in (CHANGED_WEIGHTS, CODE_PATHS, OLDEST)
        for path in PATHS
    ]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("path", "cell"), cells_to_run())
def test_outputs_are_the_stored_ones(
    path: Path, cell: str, run_nbval, tmp_path: Path, shared_folder: Path
) -> None:
    """In the cells of the machine matrix that differ most; `make test-machines` has all ten.

    `make test` runs the whole course with changed weights, and what rounding once turned on code
    paths without AVX-512; `make test-all` runs the whole course there and on the oldest code paths,
    too. The notebooks of a cell share a cache, as in `make course`; the pages of tests/browser use
    that of the changed weights.
    """
    as_stored(path, run_nbval(path, shared_folder / f"cache-{cell}", cell), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_outputs_are_the_stored_ones_from_nothing(path: Path, run_nbval, tmp_path: Path) -> None:
    """This machine as it is: alone in a folder far from the repository, from an empty cache."""
    copy = tmp_path / "somewhere else" / path.name
    copy.parent.mkdir()
    shutil.copy(path, copy)
    as_stored(path, run_nbval(copy, tmp_path / "cache"), tmp_path)
    assert read(copy) == read(path)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_outputs_are_the_same_with_what_is_cached(path: Path, run_nbval, tmp_path: Path) -> None:
    for _ in ("first", "second"):
        as_stored(path, run_nbval(path, tmp_path / "cache"), tmp_path)


def test_a_changed_number_is_found(run_nbval, tmp_path: Path) -> None:
    notebook = read(next(path for path in PATHS if path.stem.startswith("02")))
    for cell in notebook.cells:
        if cell.cell_type == "code" and not any(tag in IGNORE for tag in tags(cell)):
            streams = [part for part in cell.outputs if re.search(r"\d\.\d", part.get("text", ""))]
            if streams:
                break
    else:
        raise AssertionError("no compared cell prints a number")
    del notebook.cells[notebook.cells.index(cell) + 1 :]
    text = streams[0].text
    streams[0].text = re.sub(
        r"(\d\.)(\d)", lambda found: found[1] + str((int(found[2]) + 1) % 10), text, count=1
    )
    assert streams[0].text != text
    changed = tmp_path / "changed.ipynb"
    nbformat.write(notebook, changed)
    run = run_nbval(changed, cache=tmp_path / "cache")
    assert run.returncode == 1
    assert "1 failed" in run.stdout


def test_kernels_have_no_network(run_nbval, tmp_path: Path) -> None:
    """The closed network of the test suite (tests/offline) holds inside a notebook's kernel."""
    lines = [
        "import socket",
        "try:",
        "    socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "except ConnectionRefusedError as error:",
        "    print('without a network' in str(error))",
    ]
    cell = nbformat.v4.new_code_cell("\n".join(lines), execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="True\n")]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    path = tmp_path / "network.ipynb"
    nbformat.write(notebook, path)
    run = run_nbval(path, cache=tmp_path / "cache")
    assert run.returncode == 0, run.stdout
