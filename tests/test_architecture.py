"""The shape of the code: the way of the data, small files, nothing of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from layers import LAYERS, PACKAGE, Imports, layer  # noqa: E402

FILES = sorted(PACKAGE.rglob("*.py"))
IMPORTS = Imports.read(PACKAGE)
NAMES = list(IMPORTS.of)
ORDER = list(LAYERS)

READING_PATH = ("config", "attention", "encoder", "pooling", "heads", "multitask", "masking",
                "losses", "optimizer")  # fmt: skip
"""The model and the losses: to be read in one sitting."""


def test_imports_have_no_cycle() -> None:
    """Imports inside functions and those of the faces count: a room's files do not go out and in by
    their own door, which would make each of them depend on all."""
    graph = Imports.read(PACKAGE).of
    assert sum(map(len, graph.values())) > 100
    list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("name", NAMES)
def test_imports_follow_the_way_of_the_data(name: str) -> None:
    for other in IMPORTS.of[name]:
        assert ORDER.index(layer(other)) <= ORDER.index(layer(name)), f"{name} imports {other}"


def test_training_knows_nothing_of_evaluation_nor_the_other_way() -> None:
    """Losses decide what is learned, metrics what is said of it; a run joins them."""
    for name in NAMES:
        rooms = {other.split("/")[0] for other in IMPORTS.of[name]}
        if name.startswith("training/"):
            assert not rooms & {"evaluation", "analysis"}, name
        if name.startswith(("evaluation/", "analysis/")):
            assert "training" not in rooms, name


def test_an_explorer_is_a_room_of_its_own() -> None:
    """It knows what all share, pictures and the library, and of other explorers nothing but what
    they compute or draw."""
    rooms = [name for name in NAMES if name.startswith("viz/explorers/")]
    for name in rooms:
        own = name.split("/")[2]
        for other in IMPORTS.of[name] & set(rooms):
            subject = other.split("/")[2]
            if own == "__init__.py" or subject in (own, "base"):
                continue
            assert own != "base" and not other.endswith("/explorer.py"), (name, other)
    for name in NAMES:
        if name.startswith("viz/") and not name.startswith("viz/explorers/"):
            assert not IMPORTS.of[name] & set(rooms), name


def test_the_library_does_not_need_the_notebooks_packages() -> None:
    """Only pictures and the course import what notebooks need; nobody imports the oracles."""
    drawn = (
        "matplotlib",
        "seaborn",
        "ipywidgets",
        "anywidget",
        "IPython",
        "nbformat",
        "nbclient",
        "nbconvert",
    )
    for path in FILES:
        place = path.relative_to(PACKAGE).parts[0]
        forbidden = ["transformers", "sentence_transformers"]
        if place not in ("viz", "course") and path.name != "course.py":
            forbidden += drawn
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] not in forbidden, f"{path.name} imports {name}"


def test_the_model_and_the_losses_are_one_sitting() -> None:
    files = [PACKAGE / f"{name}.py" for name in READING_PATH]
    assert sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files) < 1500


@pytest.mark.parametrize("name", NAMES)
def test_everything_public_is_documented(name: str) -> None:
    tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the file says nothing of what it is"
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for owner in [tree, *(node for node in classes if not node.name.startswith("_"))]:
        for node in owner.body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
                continue
            plain = node.name in ("forward", "extra_repr", "error")
            assert plain or ast.get_docstring(node), f"{name}: {node.name}"


@pytest.mark.parametrize("name", NAMES)
def test_the_library_logs_and_does_not_print(name: str) -> None:
    prints = [
        node.lineno
        for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert not prints or name == "__main__.py" or name.startswith(("commands/", "course/"))


def tracked() -> list[Path]:
    """Files of the repository, as git lists them; without git, all but what is built."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("git is not here, or this is no clone")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_nothing_of_one_machine_is_committed() -> None:
    """No absolute path, no address of a package registry, nothing that is still to be done."""
    marks = re.compile(
        r"(?<![\w.:/])/(home|work|root|Users|opt)/\w"
        r"|/tm" r"p/\w"
        r"|--(extra-)?index-ur" r"l|--find-lin" r"ks|pypi\.or" r"g/simple"
        r"|\b(TO" r"DO|FIX" r"ME)\b"
    )  # fmt: skip
    files = tracked()
    assert len(files) > 60
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found = marks.search(text)
        assert not found, f"{path.relative_to(ROOT)}: {found.group()}"


def test_results_hold_numbers_and_ids_only() -> None:
    """Recorded predictions are `id , number`: no sentence of the real data is committed."""
    files = [path for path in tracked() if "predictions" in path.parts]
    assert files
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            assert re.fullmatch(r"[0-9a-f]+ , -?\d+(\.\d+)? ", line), path.name


def test_pictures_are_made_without_pyplot() -> None:
    """JupyterLab may answer two changes in two threads; pyplot has one state for all."""
    for path in sorted((PACKAGE / "viz").rglob("*.py")):
        if path.name != "show.py":  # which closes what a notebook has opened with pyplot
            assert "pyplot" not in re.sub(r'""".*?"""', "", path.read_text("utf-8"), flags=re.S)


def test_no_module_gives_a_name_to_two_things() -> None:
    """The later one would be used by what stands above it, too."""
    twice = []
    for path in FILES:
        seen: set[str] = set()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names: list[str] = []
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names = [node.name]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                parts = [part for target in targets for part in ast.walk(target)]
                names = [
                    part.id
                    for part in parts
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
                ]
            elif isinstance(node, ast.ImportFrom):
                names = [alias.asname or alias.name for alias in node.names]
            twice += [f"{path.name}: {name}" for name in names if name in seen]
            seen.update(names)
    assert twice == []
