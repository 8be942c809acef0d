"""The commands for teachers: export, quiz, slides."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from minbert.commands.kept import say_kept
from minbert.course.notebooks import notebook_paths, notebooks_folder
from minbert.course.teaching.export import export
from minbert.course.teaching.questions import question_bank, shuffled
from minbert.course.teaching.quiz_formats import FORMATS
from minbert.course.teaching.slides import PAGE, course_slides
from minbert.folders.added import adding_to

logger = logging.getLogger(__name__)

STEPS = {
    "nbgrader": "`nbgrader generate_assignment NAME` there makes the students' version",
    "otter": "`otter assign NAME/NAME.ipynb DIST` there makes the students' version",
}


def run_export(arguments: argparse.Namespace) -> None:
    """`minbert course export`: the notebooks as assignments for nbgrader or otter.

    New files are added and unchanged ones renewed. Those that somebody changed stay: they are
    named, and the command has done its work (exit code 0).
    """
    paths = notebook_paths(arguments.names)
    sources = {"the folder of the notebooks": notebooks_folder()}
    everything = not arguments.names
    with adding_to(arguments.to, "course export", "--to", sources) as folder:
        kept = export(paths, arguments.tool, everything, folder)
    say_kept(kept)
    logger.info("the assignments are in %s: %s", arguments.to, STEPS[arguments.tool])


def run_quiz(arguments: argparse.Namespace) -> None:
    """`minbert course quiz`: the bank of questions as one new file; never over another one."""
    questions = shuffled(question_bank(notebook_paths(arguments.names)), arguments.seed)
    path = Path(arguments.to)
    text = FORMATS[arguments.format](questions)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise ValueError(
            f"{path} is there already and stays as it is: choose another name, or move it away"
        ) from None
    print(f"{len(questions)} questions in {path}")


def run_slides(arguments: argparse.Namespace) -> None:
    """`minbert course slides`: one page that needs nothing else; one that was changed stays."""
    with adding_to(arguments.to, "course slides", "--to") as folder:
        folder.write(PAGE, course_slides())
    print(f"the slides are in {Path(arguments.to) / PAGE}")
