"""The notebooks as files: which there are, what is in them, how they are stored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from minbert.clone import material

IGNORE = ("nbval-ignore-output", "nbval-skip")
"""Tags that keep nbval from comparing a cell's output."""
KEPT_METADATA = ("tags", "jupyter")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def notebooks_folder() -> Path:
    """`notebooks/` of the clone, or of the copy inside an installed package.

    Raises:
        FileNotFoundError: neither is there.
    """
    return material() / "notebooks"


def notebook_paths(names: list[str] | None = None) -> list[Path]:
    """All notebooks in the order of the course, or those whose names begin as asked.

    Args:
        names: for example `["02", "10_results"]`.

    Raises:
        ValueError: a name fits no notebook.
    """
    patterns = ("[0-9][0-9]_*.ipynb", "[0-9][0-9][a-z]_*.ipynb")
    paths = sorted(path for pattern in patterns for path in notebooks_folder().glob(pattern))
    if not names:
        return paths
    for name in names:
        if not any(path.stem.startswith(name) for path in paths):
            raise ValueError(
                f"no notebook begins with {name!r}: there are {', '.join(p.stem for p in paths)}"
            )
    return [path for path in paths if any(path.stem.startswith(name) for name in names)]


def read(path: Path) -> NotebookNode:
    """A notebook, in the current format."""
    return nbformat.read(path, as_version=4)


def title(notebook: NotebookNode) -> str:
    """The first heading."""
    for cell in notebook.cells:
        found = re.search(r"^# (.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and found:
            return found.group(1)
    return "(no title)"


def tags(cell: NotebookNode) -> list[str]:
    """Tags of a cell."""
    return list(cell.metadata.get("tags", []))


def number(path: Path) -> str:
    """How a notebook is called in lists: `03`, and `03b` for its second part."""
    return path.stem.partition("_")[0]


@dataclass(frozen=True)
class Compared:
    """How much of a notebook strict nbval really compares."""

    with_output: int
    """Code cells that have an output."""
    compared: int
    """Of these, the ones without an ignoring tag."""

    @property
    def share(self) -> float:
        """compared / with_output; 1 for no output at all."""
        return self.compared / self.with_output if self.with_output else 1.0


def compared(notebook: NotebookNode) -> Compared:
    """Count code cells whose output is compared; a picture alone is not (nbval skips PNG)."""
    shown = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    return Compared(len(shown), sum(not any(tag in IGNORE for tag in tags(cell)) for cell in shown))


TIME = re.compile(r"About (\d+) minutes of study \(estimated from its length\); runs in [^.\n]+\.")
"""The sentence on time in a notebook's first cell; the group is the minutes of study."""


def study_minutes(notebook: NotebookNode) -> int:
    """Minutes a learner needs, estimated: 150 words or 25 lines of code a minute, and 7 an
    exercise; rounded to 5."""
    words = sum(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    lines = sum(len(cell.source.splitlines()) for cell in code)
    exercises = sum("exercise" in tags(cell) for cell in code)
    return max(5, 5 * round((words / 150 + lines / 25 + 7 * exercises) / 5))


def with_time(notebook: NotebookNode) -> NotebookNode:
    """Write the minutes of study into the first cell; of the run only what holds on any machine.

    Edits the notebook in place and returns it.
    """
    said = (
        f"About {study_minutes(notebook)} minutes of study (estimated from its length); "
        "runs in two minutes or less on two cores."
    )
    notebook.cells[0].source = TIME.sub(said, notebook.cells[0].source)
    return notebook


def overview(paths: list[Path]) -> str:
    """The table of notebooks for the README, with the study times that their first cells name."""
    lines = ["| | notebook | study, minutes |", "| --- | --- | --- |"]
    for path in paths:
        notebook = read(path)
        minutes = TIME.search(notebook.cells[0].source).group(1)
        link = f"[{title(notebook)}](notebooks/{path.name})"
        lines.append(f"| {number(path)} | {link} | {minutes} |")
    return "\n".join(lines) + "\n"


def normalise(notebook: NotebookNode) -> NotebookNode:
    """What is stored: no times, no widget state, no progress bars, execution counts in order.

    Edits the notebook in place and returns it.
    """
    notebook.metadata = NotebookNode(
        kernelspec=NotebookNode(display_name="Python 3", language="python", name="python3"),
        language_info=NotebookNode(name="python"),
    )
    count = 0
    for cell in notebook.cells:
        cell.metadata = NotebookNode(
            {key: cell.metadata[key] for key in KEPT_METADATA if key in cell.metadata}
        )
        if cell.cell_type != "code":
            continue
        cell.source = cell.source.strip()
        count += 1
        cell.execution_count = count
        cell.outputs = [output for output in cell.outputs if not _is_progress_bar(output)]
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET_VIEW, None)
            if "execution_count" in output:
                output.execution_count = count
        cell.outputs = _joined_streams(cell.outputs)
    return notebook


def _joined_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Text that one cell writes in several pieces is one piece: how it is cut is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if (
            last is not None
            and output.output_type == last.output_type == "stream"
            and output.name == last.name
        ):
            last.text += output.text
        else:
            joined.append(output)
    return joined


def _is_progress_bar(output: NotebookNode) -> bool:
    text = output.get("data", {}).get("text/plain", "")
    return WIDGET_VIEW in output.get("data", {}) and bool(re.search(r"\d+%\|", text))
