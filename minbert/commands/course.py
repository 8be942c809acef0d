"""The commands about the course: open, run, outputs, student, key."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from minbert.clone import clone, how_to_install
from minbert.commands.kept import say_kept
from minbert.course.answer_key import write_key
from minbert.course.files import notebook_text, write_notebook
from minbert.course.findings import Findings
from minbert.course.index import Row, index_page
from minbert.course.kernel import require_ipykernel
from minbert.course.notebooks import (
    notebook_paths,
    notebooks_folder,
    number,
    overview,
    read,
    title,
    with_time,
)
from minbert.course.opened import open_course
from minbert.course.pages import Neighbours, page
from minbert.course.runner import Execution, default_jobs, execute, execute_all
from minbert.course.scoreboard import scoreboard
from minbert.course.session import Session
from minbert.course.stages_first import stage_notebooks
from minbert.course.student import hand_out
from minbert.course.tiers import Tier, choose_tier
from minbert.folders.added import LOCK, AddedTo, adding_to, write_whole
from minbert.folders.lock import locked
from minbert.folders.marker import digest, some
from minbert.stopping import STOPPED, finish_first, noted, received_by

logger = logging.getLogger(__name__)

INDEX = ("index.html", "times.json")
CACHED = "it begins with the first notebook and takes finished training from the cache"


def run_open(arguments: argparse.Namespace) -> int | None:
    """`minbert course open`: write notebooks, figures and pages, and say how to begin.

    New files are added and unchanged ones renewed. Notebooks that a learner changed stay: they are
    named, and the command has done its work (exit code 0).

    Returns:
        JupyterLab's exit code with `--lab`.

    Raises:
        ValueError: `--lab`, and JupyterLab is not installed; nothing has been written.
    """
    if arguments.lab and find_spec("jupyterlab") is None:
        raise ValueError(f"--lab needs JupyterLab: {how_to_install('notebooks')} brings it")
    paths = notebook_paths()
    sources = {
        "the folder of the notebooks": notebooks_folder(),
        "the clone": notebooks_folder().parent,
    }
    with adding_to(arguments.to, "course open", "--to", sources) as folder:
        say_kept(open_course(paths, folder))
    first = folder.path / "notebooks" / paths[0].name
    command = [sys.executable, "-m", "jupyterlab", str(first)]
    print(f"the course is in {arguments.to}: {len(paths)} notebooks, with figures and pages")
    if not arguments.lab:
        print(f"begin with:  {shlex.join(command)}")
        if find_spec("jupyterlab") is None:
            print(f"JupyterLab is not installed yet: {how_to_install('notebooks')} brings it")
        return None
    sys.stdout.flush()
    return subprocess.call(command, cwd=folder.path)


def run_course(arguments: argparse.Namespace) -> int:
    """`minbert course run`: execute into a folder, write pages and an index, print the results.

    Pages of an earlier run are renewed; one that somebody changed, such as a notebook with notes,
    stops the command before it begins. Other files in the folder stay.

    Returns:
        0, also where findings were not found; 1 if a cell raised; 2 if a kernel died; 130 if
        it was interrupted. Pages and index are written in every case.
    """
    tier = choose_tier(arguments.tier, arguments.data)
    paths = notebook_paths(arguments.names)
    require_ipykernel()
    sources = {"the folder of the notebooks": notebooks_folder()}
    with adding_to(arguments.out, "course run", inputs=sources, only_ours=True) as out:
        names = [path.stem + suffix for path in paths for suffix in (".ipynb", ".html")]
        theirs = [name for name in (*names, *INDEX) if not out.is_free(name)]
        if theirs:
            raise ValueError(
                f"--out {arguments.out}: no longer as `minbert course run` wrote them: "
                f"{some(theirs)}: move them away, or choose another folder"
            )
        return _run_course(arguments, tier, paths, out)


def _run_course(
    arguments: argparse.Namespace, tier: Tier, paths: Sequence[Path], out: AddedTo
) -> int:
    environment = {"MINBERT_TIER": tier.name}
    if tier.name != "lab":
        environment["MINBERT_DATA"] = str(Path(tier.data.partition(":")[2]).resolve())
    description = Session("index", tier).description
    logger.info(description)
    runs: list[Execution] = []
    stopped = False

    def done(run: Execution) -> None:
        _say(run, "ok")
        if run.path in paths:
            _write_page(run, paths, out)
            runs.append(run)

    def folder_of(path: Path) -> Path:
        # an installed copy stays as it is: what a notebook leaves in its folder goes to --out
        return path.parent if clone() and path in paths else out.path

    jobs = min(len(paths), arguments.jobs or default_jobs())
    if jobs > 1:
        logger.info("%d notebooks at once (--jobs 1: one after the other)", jobs)
    started = time.perf_counter()
    try:
        with stage_notebooks(paths) as first:
            execute_all([*first, *paths], environment, folder_of, jobs, done)
    except KeyboardInterrupt:
        stopped = True
    seconds = time.perf_counter() - started
    findings = Findings(
        {run.path.stem: run.claims for run in runs},
        is_lab=tier.name == "lab",
        complete=len(runs) == len(paths) and not any(run.error for run in runs),
    )
    times = {run.path.stem: round(run.seconds, 1) for run in runs}
    with received_by(finish_first, signal.SIGINT, signal.SIGTERM):
        if stopped and runs:  # the page after the last one is not there
            _write_page(runs[-1], [run.path for run in runs], out)
        results = scoreboard(tier.name)
        html = results._repr_html_()
        notice = _notice(runs, paths, stopped)
        index = index_page(_rows(runs, paths), findings.html(), html, description, notice)
        out.write("index.html", index)
        out.write("times.json", json.dumps(times, indent=1) + "\n")
    first_page = Path(arguments.out) / "index.html"
    if stopped:
        print(
            f"interrupted: {len(runs)} of {len(paths)} notebooks ran, {first_page} says "
            f"which; the same command goes on: {CACHED}",
            file=sys.stderr,
        )
        return STOPPED
    print(f"\n{results}\n\n{findings}\n")
    print(f"{len(paths)} notebooks in {seconds:.0f} s ({tier.name} tier); pages: {first_page}")
    return _exit_code(runs)


def _say(run: Execution, well: str) -> None:
    logger.info("%s  %5.1f s  %s", run.path.stem.ljust(26), run.seconds, _state(run, well))


def _state(run: Execution, well: str) -> str:
    return well if run.error is None else f"stopped: {run.error.splitlines()[0]}"


def _write_page(run: Execution, paths: Sequence[Path], out: AddedTo) -> None:
    """The executed notebook and its page, which leads to those before and after it."""
    out.write(run.path.name, notebook_text(run.notebook))
    stems = [None, *(path.stem for path in paths), None]
    at = stems.index(run.path.stem)
    neighbours = Neighbours(stems[at - 1], stems[at + 1])
    text = page(run.notebook, title(run.notebook), neighbours, run.path.parent)
    out.write(f"{run.path.stem}.html", text)


def _rows(runs: Sequence[Execution], paths: Sequence[Path]) -> list[Row]:
    """Of the index: what ran, then what did not."""
    ran = [(run.path, run.notebook, run.seconds, _state(run, "ok")) for run in runs]
    missing = [(path, read(path), None, "not run") for path in paths[len(runs) :]]
    return [
        Row(path.stem, f"{number(path)} {title(notebook)}", seconds, state)
        for path, notebook, seconds, state in [*ran, *missing]
    ]


def _notice(runs: Sequence[Execution], paths: Sequence[Path], stopped: bool) -> str:
    """What is missing from the pages, or nothing."""
    cut = [run.path.stem for run in runs if run.error is not None]
    parts = []
    if stopped:
        missing = ", ".join(path.stem for path in paths[len(runs) :])
        parts.append(
            f"This run was interrupted; not run: {missing}. The same command goes on: {CACHED}."
        )
    if cut:
        parts.append(f"Stopped before the end, so that pages lack outputs: {', '.join(cut)}.")
    return " ".join(parts)


def _exit_code(runs: Sequence[Execution]) -> int:
    """2 if a kernel died, 1 if a cell raised, which is said; else 0."""
    cut = [run.path.stem for run in runs if run.error is not None]
    if cut:
        print(f"stopped before the end: {', '.join(cut)}")
    return 2 if any(run.died for run in runs) else int(bool(cut))


def run_outputs(arguments: argparse.Namespace) -> int:
    """`minbert course outputs`: execute on the lab and store the outputs in the notebooks.

    Returns:
        As `run_course`. A notebook that did not run to its end stays as it was, and so does one
        that somebody saved while it ran.

    Raises:
        ValueError: this is no clone.
    """
    if clone() is None:
        raise ValueError(
            "outputs are stored in the notebooks of a clone, and this is an installed copy: "
            "`minbert course run` executes the notebooks into a folder"
        )
    paths = notebook_paths(arguments.names)
    require_ipykernel()
    with locked(notebooks_folder() / LOCK, notebooks_folder()):
        return _run_outputs(paths)


def _run_outputs(paths: Sequence[Path]) -> int:
    runs: list[Execution] = []
    stopped = False
    try:
        for path in paths:
            before = digest(path)
            run = execute(path, {"MINBERT_TIER": "lab"}, path.parent)
            with noted():
                if run.error is None and digest(path) != before:
                    run = replace(run, error="it was saved meanwhile, and is kept as it is now")
                if run.error is None:
                    write_notebook(path, with_time(run.notebook))
                _say(run, "stored")
                runs.append(run)
    except KeyboardInterrupt:
        stopped = True
    with received_by(finish_first, signal.SIGINT, signal.SIGTERM):
        _renew_readme()
    if stopped:
        stored = sum(run.error is None for run in runs)
        print(
            f"interrupted: {stored} of {len(paths)} notebooks have new outputs, the others are as "
            f"they were; the same command goes on: {CACHED}",
            file=sys.stderr,
        )
        return STOPPED
    complete = not any(run.error for run in runs)
    print(Findings({run.path.stem: run.claims for run in runs}, is_lab=True, complete=complete))
    return _exit_code(runs)


def _renew_readme() -> None:
    """The README's table of notebooks says what their first cells say."""
    paths = notebook_paths()
    readme = paths[0].parents[1] / "README.md"
    begin, end = "<!-- notebooks -->\n", "<!-- /notebooks -->"
    before, _, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    if after:
        write_whole(readme, before + begin + overview(paths) + end + after)


def run_student(arguments: argparse.Namespace) -> None:
    """`minbert course student`: write the notebooks without solutions, and what they need.

    New files are added and unchanged ones renewed. Those that a learner changed stay: they are
    named, and the command has done its work (exit code 0).
    """
    choose_tier("lab", seed=arguments.seed)  # raises for what is no seed
    sources = {"the folder of the notebooks": notebooks_folder()}
    with adding_to(arguments.to, "course student", "--to", sources) as folder:
        say_kept(hand_out(notebook_paths(), folder, arguments.seed))
    logger.info("the student edition is in %s", arguments.to)


def run_key(arguments: argparse.Namespace) -> None:
    """`minbert course key`: write the answers, with reasons.

    Files are added and renewed as by `run_student`.
    """
    sources = {"the folder of the notebooks": notebooks_folder()}
    with adding_to(arguments.to, "course key", "--to", sources) as folder:
        say_kept(write_key(notebook_paths(), folder))
    logger.info("the key is in %s: keep it from learners", arguments.to)
