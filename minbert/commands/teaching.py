"""The commands for teachers: export, quiz, slides."""

from __future__ import annotations

import argparse
import logging

from minbert.course.notebooks import notebook_paths, notebooks_folder
from minbert.course.teaching.export import export
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
    if kept:
        logger.warning("kept as they are, because somebody changed them: %s", ", ".join(kept))
    logger.info("the assignments are in %s: %s", arguments.to, STEPS[arguments.tool])
