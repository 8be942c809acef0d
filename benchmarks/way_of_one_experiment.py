"""The way of one experiment: which files a reader enters, from `reproduce` to the written table.

    PYTHONPATH=ROOT:ROOT/tests python benchmarks/way_of_one_experiment.py

Runs the arm `mlm` with one seed on sixteen made-up rows a split (`tests/small_experiment.py`) and
listens to every call, from that of `reproduce` to its end. The *way* is the list of files in the
order in which a function of theirs is called for the first time. Its *returns*: how often the next
file is called from another than the one entered last, so that the reader goes back to an earlier
file to find out how it goes on. Counted twice: over the files of training and of runs, and over
those of runs alone, which decide what is computed, kept and written and compute nothing themselves.
The model, data, folders and measures lie below all of them and are left out.

Prints the two ways, files and the number of returns, as JSON. Imports only what PYTHONPATH leads
to, so that an earlier state of the project can be measured by the same script.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from small_experiment import small_experiment

import minbert

PACKAGE = Path(minbert.__file__).parent
RUNS_ELSEWHERE = (
    "arms cache checkpoint experiment grid provenance report reproduce results run_folder sources "
    "stage_files"
)
"""Files of runs by name, where a project has no folder `experiments` yet."""


def is_of_runs(name: str) -> bool:
    """Whether a file, a path below the package, decides what is computed, kept and written."""
    if (PACKAGE / "experiments").is_dir():
        return name.startswith("experiments/")
    return Path(name).stem in RUNS_ELSEWHERE.split() and not name.startswith(("course/", "viz/"))


def is_of_training_or_runs(name: str) -> bool:
    """Whether a file trains, or is one of a run."""
    return name.startswith("training/") or is_of_runs(name)


class Way:
    """Listens to calls: the files entered, and the returns between them.

    Args:
        counts: whether a file, a path below the package, is on the way.
    """

    def __init__(self, counts: Callable[[str], bool]) -> None:
        self.counts = counts
        self.files: list[str] = []
        self.returns = 0

    def entered(self, names: list[str]) -> None:
        """A function was called.

        Args:
            names: the package's files on the stack, that of the function first.
        """
        name, *callers = [names[0], *filter(self.counts, names[1:])]
        if not self.counts(name) or name in self.files:
            return
        self.returns += bool(self.files) and callers[0] != self.files[-1]
        self.files.append(name)


def listen(work: Callable[[], Any], ways: list[Way]) -> None:
    """Do the work; tell the ways of every call of a function that is written in the package."""
    names: dict[str, str | None] = {}

    def name_of(path: str) -> str | None:
        if path not in names:
            below = Path(path).is_relative_to(PACKAGE)
            names[path] = Path(path).relative_to(PACKAGE).as_posix() if below else None
        return names[path]

    def called(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code.co_name == "<module>" or not name_of(code.co_filename):
            return
        stack: FrameType | None = frame
        files = []
        while stack is not None:
            files.append(name_of(stack.f_code.co_filename))
            stack = stack.f_back
        for way in ways:
            way.entered([name for name in files if name])

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)


def main() -> None:
    """Run, and print the ways."""
    (file,) = PACKAGE.rglob("reproduce.py")
    module = ".".join(["minbert", *file.relative_to(PACKAGE).with_suffix("").parts])
    reproduce = importlib.import_module(module).reproduce
    ways = {
        "training and runs": Way(is_of_training_or_runs),
        "runs": Way(is_of_runs),
    }
    with tempfile.TemporaryDirectory() as folder:
        experiment = small_experiment(Path(folder))
        out = Path(folder) / "out"
        listen(lambda: reproduce(experiment, ["mlm"], [0], out, "way"), list(ways.values()))
        assert (out / "tables.md").is_file()
    found = {name: {"files": way.files, "returns": way.returns} for name, way in ways.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
