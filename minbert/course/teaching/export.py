"""Assignments written into a folder, each in one of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from minbert.course.build_track.skeleton import NAME, skeleton
from minbert.course.files import notebook_text
from minbert.course.notebooks import read
from minbert.course.teaching import nbgrader, otter
from minbert.folders.added import AddedTo

TOOLS = ("nbgrader", "otter")


def export(paths: Sequence[Path], tool: str, build_track: bool, folder: AddedTo) -> list[str]:
    """Write assignments; what a teacher has changed stays as it is.

    Args:
        paths: of the notebooks of the course.
        tool: `nbgrader` or `otter`.
        build_track: whether `my_minbert.py` is an assignment, too; for nbgrader only.
        folder: new files are added to it, unchanged ones renewed.

    Returns:
        Names of the files that are there and were changed, or that somebody else put there.

    Raises:
        ValueError: an exercise is not as exercises are, or the tool is another.
    """
    return folder.write_free(dict(_files(paths, tool, build_track)))


def _files(paths: Sequence[Path], tool: str, build_track: bool) -> Iterator[tuple[str, str]]:
    if tool not in TOOLS:
        raise ValueError(f"expected one of {', '.join(TOOLS)}, got {tool!r}")
    if tool == "nbgrader":
        yield "nbgrader_config.py", nbgrader.CONFIG
    for path in paths:
        make = nbgrader.source_notebook if tool == "nbgrader" else otter.master_notebook
        try:
            made = make(read(path), path.stem, path.parent)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
        place = f"source/{path.stem}" if tool == "nbgrader" else path.stem
        yield f"{place}/{path.name}", notebook_text(made)
    if build_track and tool == "nbgrader":
        place = f"source/{nbgrader.BUILD_TRACK}"
        text = notebook_text(nbgrader.build_track_notebook())
        yield f"{place}/{nbgrader.BUILD_TRACK}.ipynb", text
        yield f"{place}/{NAME}", skeleton()
