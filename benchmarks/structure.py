"""The structure of the project before and now, in numbers.

    python benchmarks/structure.py --before COMMIT --out benchmarks/structure.json

Both states are measured by the same code: the one now is the working tree, the one before is taken
from git into a temporary folder. The table in docs/structure.md is made from the file:
`python benchmarks/structure.py --page benchmarks/structure.json` writes it there.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from layers import Imports
from sections import fill

from minbert.experiments.run_folder import check_replaceable

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "structure.md"
ROWS = {
    "files of the library": ("library", "files"),
    "lines of the library": ("library", "lines"),
    "files of the tests": ("tests", "files"),
    "lines of the tests": ("tests", "lines"),
    "layers that the tests hold the code to": ("layers",),
    "imports between files of the library": ("imports",),
    "… inside functions": ("imports_inside",),
    "`# fmt: skip` in library and tests": ("unformatted",),
    "one experiment, files of training and runs entered": ("way", "training and runs", "entered"),
    "… returns to an earlier file": ("way", "training and runs", "returns"),
    "one experiment, files of runs alone entered": ("way", "runs", "entered"),
    "… returns to an earlier one of them": ("way", "runs", "returns"),
}
"""Rows of the table, and where their numbers are in what `measure` gives."""


def measure(root: Path) -> dict[str, Any]:
    """One state of the project.

    Args:
        root: folder with `minbert` and `tests`.
    """
    imports = Imports.read(root / "minbert").of
    outside = Imports.read(root / "minbert", inside=False).of
    return {
        "library": _size(root / "minbert"),
        "tests": _size(root / "tests"),
        "layers": _layers(root),
        "imports": sum(map(len, imports.values())),
        "imports_inside": sum(len(imports[name] - outside[name]) for name in imports),
        "unformatted": sum(map(_unformatted, (root / "minbert", root / "tests"))),
        "has_import_cycle": _has_cycle(imports),
        "way": _way(root),
    }


def _size(folder: Path) -> dict[str, int]:
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    return {"files": len(texts), "lines": sum(len(text.splitlines()) for text in texts)}


def _unformatted(folder: Path) -> int:
    """Statements that the formatter is told to leave alone."""
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    return sum(text.count("# fmt: skip\n") for text in texts)


def _layers(root: Path) -> int:
    """How many entries `LAYERS` has, which stood in the test of the architecture before."""
    for name in ("benchmarks/layers.py", "tests/test_architecture.py"):
        if (root / name).is_file():
            for node in ast.parse((root / name).read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LAYERS":
                    return len(ast.literal_eval(node.value))
    raise ValueError(f"no LAYERS in {root}: expected them in the test of the architecture")


def _has_cycle(imports: Mapping[str, set[str]]) -> bool:
    """Whether files import each other, imports inside functions included."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError:
        return True
    return False


def _way(root: Path) -> dict[str, Any]:
    """See `way_of_one_experiment`."""
    found = json.loads(
        subprocess.run(
            [sys.executable, Path(__file__).with_name("way_of_one_experiment.py")],
            env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}"},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        ).stdout
    )
    return {name: {"entered": len(way["files"]), **way} for name, way in found.items()}


def measure_commit(commit: str) -> dict[str, Any]:
    """A state of the project that git has."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "project.tar"
        subprocess.run(
            ["git", "archive", "--output", archive, commit, "minbert", "tests"],
            cwd=ROOT,
            check=True,
        )
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
        return measure(Path(folder))


def table(result: Mapping[str, Any]) -> str:
    """Before, now and the difference, for docs/structure.md."""
    lines = ["| | before | now | difference |", "| --- | ---: | ---: | ---: |"]
    for row, place in ROWS.items():
        before, now = (_at(result[state], place) for state in ("before", "now"))
        change = f"{now - before:+,}" if now != before else "0"
        lines.append(f"| {row} | {before:,} | {now:,} | {change} |")
    cycles = ("yes" if result[state]["has_import_cycle"] else "none" for state in ("before", "now"))
    lines.append(f"| files that import each other in a circle | {' | '.join(cycles)} | |")
    return "\n".join(lines) + "\n"


def _at(values: Any, place: tuple[str, ...]) -> int:
    for name in place:
        values = values[name]
    return values


def way(result: Mapping[str, Any]) -> str:
    """The way of one experiment, now, for docs/structure.md."""
    names = [f"`{Path(name).stem}`" for name in result["now"]["way"]["training and runs"]["files"]]
    return " → ".join(names) + "\n"


def write_page(result: Mapping[str, Any]) -> None:
    """Put the recorded numbers into docs/structure.md."""
    fill(PAGE, {"structure": table(result), "way": way(result)})


def main() -> None:
    """Measure both states, or write the page from what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", metavar="COMMIT", help="measure; the earlier state")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--page", type=Path, metavar="FILE", help="write docs/structure.md")
    arguments = parser.parse_args()
    if arguments.out:
        check_replaceable(arguments.out, ("command",))
    if arguments.before:
        result = {
            "command": " ".join(["python", *sys.argv]),
            "before": measure_commit(arguments.before),
            "now": measure(ROOT),
        }
        print(table(result))
        if arguments.out:
            arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if arguments.page:
        write_page(json.loads(arguments.page.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
