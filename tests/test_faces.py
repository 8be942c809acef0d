"""What packages hand on: each name is there, lazily, and notebooks need nothing else."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from minbert.course.notebooks import notebook_paths
from minbert.faces import face

PACKAGE = Path(__file__).parents[1] / "minbert"
LAZY = ("minbert", "minbert.data", "minbert.training", "minbert.evaluation", "minbert.analysis",
        "minbert.experiments", "minbert.export")  # fmt: skip
EAGER = ("minbert.viz", "minbert.viz.plots", "minbert.viz.explorers", "minbert.course")
SUBJECTS = ("minbert.losses", "minbert.paper", "minbert.course.checks", "minbert.course.guesses",
            "minbert.viz.explorers.embeddings")  # fmt: skip
"""Modules by whose names a notebook calls what is in them: `losses.sentiment`, `check.…`."""


@pytest.mark.parametrize("name", LAZY + EAGER)
def test_every_name_is_there(name: str) -> None:
    package = importlib.import_module(name)
    assert len(package.__all__) == len(set(package.__all__)) >= 4
    for member in package.__all__:
        assert getattr(package, member) is not None
        assert member in dir(package)


@pytest.mark.parametrize("name", LAZY)
def test_what_is_handed_on_says_so_to_type_checkers(name: str) -> None:
    """Of an installed package they take `import A as A`, and no plain `import A` (PEP 484)."""
    tree = ast.parse(PACKAGE.joinpath(*name.split(".")[1:], "__init__.py").read_text("utf-8"))
    aliases = [
        alias
        for block in tree.body
        for node in (block.body if isinstance(block, ast.If) else [block])
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in importlib.import_module(name).__all__
    ]
    assert len(aliases) >= 4
    assert [alias.name for alias in aliases if alias.asname != alias.name] == []


@pytest.mark.parametrize("name", LAZY)
def test_no_name_is_that_of_a_module_beside_it(name: str) -> None:
    """Python would hand out the module, or the function, whichever came last."""
    folder = PACKAGE.joinpath(*name.split(".")[1:])
    modules = {path.stem for path in folder.glob("*.py")} | {p.name for p in folder.iterdir()}
    assert not modules & set(importlib.import_module(name).__all__)


def test_an_unknown_name_is_named() -> None:
    import minbert.training

    with pytest.raises(AttributeError, match=r"module 'minbert.training' has no attribute 'fit'"):
        minbert.training.fit  # noqa: B018
    names, get, _ = face("minbert.training", minbert.training.__file__)
    assert get("train") is minbert.training.train and "train" in names


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
def test_a_notebook_imports_from_the_faces(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    allowed = {*LAZY, *EAGER, *SUBJECTS}
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or "minbert" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("minbert"):
                part_of = {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
                inside = node.module.startswith("minbert.course.guesses.")
                assert inside or part_of & allowed, f"{path.stem}: {ast.unparse(node)}"


LIGHT = {
    "--version": ["--version"],
    "--help": ["--help"],
    "data check": ["data", "check", "nowhere"],
    "grade": ["grade", "nowhere.csv", "nowhere.csv"],
}


@pytest.mark.parametrize("arguments", LIGHT.values(), ids=LIGHT)
def test_the_door_is_light(arguments: list[str], toy_data_folder: Path) -> None:
    """What needs no tensor does not wait for torch, and what needs no statistics not for scipy."""
    heavy = ["torch", "scipy", "sklearn"]
    if arguments[0] == "data":  # reads all rows: counting them needs no arrays
        arguments, heavy = [*arguments[:-1], str(toy_data_folder)], [*heavy, "numpy"]
    code = (
        "import sys; from minbert.__main__ import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "[]", run.stdout
