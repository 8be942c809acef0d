"""One notebook through the real packages: made for students, handed in, graded."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

import minbert
from minbert.course.files import notebook_text
from minbert.course.teaching import nbgrader, otter
from minbert.course.teaching.assignment import POINTS

NAME = "02_attention"
EXERCISES = {
    "weights": (
        "def my_weights(query, key): ...\n\n\nprint(check.weights(my_weights))",
        "def weights_solution(query, key):\n"
        "    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5\n"
        "    return scores.softmax(dim=-1)\n\n\nprint(check.weights(weights_solution))",
    ),
    "masked": (
        "def masked_weights(scores, allowed): ...\n\n\nprint(check.masked(masked_weights))",
        "def masked_weights(scores, allowed):\n"
        "    lowest = torch.finfo(scores.dtype).min\n"
        "    return scores.masked_fill(~allowed, lowest).softmax(dim=-1)\n\n\n"
        "print(check.masked(masked_weights))",
    ),
}
FULL = POINTS * len(EXERCISES)


def needs(module: str, package: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{package} is not installed: `pip install -e .[teaching]`")


def small_notebook() -> nbformat.NotebookNode:
    """Two exercises of the course, one of whose solutions has another name, and nothing else."""
    first = "import torch\n\nfrom minbert.course.checks import attention as check"
    cells = [
        v4.new_markdown_cell("# Attention"),
        v4.new_code_cell(first, metadata={"tags": ["setup"]}),
    ]
    for stub, solution in EXERCISES.values():
        cells += [
            v4.new_code_cell(stub, metadata={"tags": ["exercise"]}),
            v4.new_code_cell(solution, metadata={"tags": ["solution"]}),
        ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def ran(*command: str, folder: Path) -> str:
    """A command of this Python's packages; what it printed."""
    paths = [str(Path(minbert.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    programs = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PATH": os.pathsep.join(filter(None, programs)),  # nbgrader calls alembic by its name
        },
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def test_nbgrader_releases_and_grades(tmp_path: Path) -> None:
    needs("nbgrader", "nbgrader")
    source = tmp_path / "source" / NAME
    source.mkdir(parents=True)
    (tmp_path / "nbgrader_config.py").write_text(nbgrader.CONFIG, encoding="utf-8")
    made = nbgrader.source_notebook(small_notebook(), NAME, tmp_path)
    (source / f"{NAME}.ipynb").write_text(notebook_text(made), encoding="utf-8")
    ran("nbgrader", "generate_assignment", NAME, folder=tmp_path)
    release = tmp_path / "release" / NAME / f"{NAME}.ipynb"
    text = release.read_text(encoding="utf-8")
    assert "softmax" not in text and "HIDDEN" not in text and "importlib" not in text
    assert "def my_weights(query, key):" in text

    half = nbformat.read(source / f"{NAME}.ipynb", as_version=4)
    stub = nbformat.read(release, as_version=4)
    for cell, empty in zip(half.cells, stub.cells, strict=True):
        if "masked_weights" in cell.source:
            cell.source = empty.source
        if cell.source.startswith("import torch"):
            cell.source += "\ncheck = None  # it is made anew from the source"
    handed_in = {
        "nothing": release.read_text(encoding="utf-8"),
        "all": (source / f"{NAME}.ipynb").read_text(encoding="utf-8"),
        "half": notebook_text(half),
    }
    for student, content in handed_in.items():
        place = tmp_path / "submitted" / student / NAME
        place.mkdir(parents=True)
        (place / f"{NAME}.ipynb").write_text(content, encoding="utf-8")
    ran("nbgrader", "autograde", NAME, folder=tmp_path)
    ran("nbgrader", "export", folder=tmp_path)
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores = {row["student_id"]: float(row["score"]) for row in rows}
    assert scores == {"nothing": 0, "all": FULL, "half": POINTS}
    assert {float(row["max_score"]) for row in rows} == {FULL}


def test_otter_assigns_and_grades(tmp_path: Path) -> None:
    needs("otter", "otter-grader")
    master = tmp_path / f"{NAME}.ipynb"
    made = otter.master_notebook(small_notebook(), NAME, tmp_path)
    master.write_text(notebook_text(made), encoding="utf-8")
    ran("otter", "assign", "--no-pdfs", "--no-run-tests", master.name, "dist", folder=tmp_path)
    student = tmp_path / "dist" / "student" / master.name
    text = student.read_text(encoding="utf-8")
    assert "softmax" not in text and "def my_weights(query, key):" in text
    [archive] = (tmp_path / "dist" / "autograder").glob("*.zip")
    scores = {}
    for who in ("student", "autograder"):
        folder = tmp_path / who
        folder.mkdir()
        shutil.copy(tmp_path / "dist" / who / master.name, folder)
        ran("otter", "run", "-a", str(archive), "-o", str(folder), master.name, folder=folder)
        results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        scores[who] = sum(one.get("score", 0) for one in results["tests"])
    assert scores == {"student": 0, "autograder": FULL}
