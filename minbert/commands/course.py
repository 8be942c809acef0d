"""The commands about the course: run, outputs, student."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import nbformat

from minbert.course.notebooks import notebook_paths, overview, read, title, with_time
from minbert.course.pages import Neighbours, index_page, page
from minbert.course.runner import execute
from minbert.course.scoreboard import scoreboard
from minbert.course.session import Session
from minbert.course.student import student_edition
from minbert.course.tiers import choose_tier

logger = logging.getLogger(__name__)


def run_course(arguments: argparse.Namespace) -> int:
    """`minbert course run`: execute into a folder, write pages and an index, print the results."""
    tier = choose_tier(arguments.tier, arguments.data)
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    paths = notebook_paths(arguments.names)
    environment = {"MINBERT_TIER": tier.name}
    if tier.name != "lab":
        environment["MINBERT_DATA"] = str(Path(tier.data.partition(":")[2]).resolve())
    description = Session("index", tier).description
    logger.info(description)
    rows, errors, times = [], [], {}
    for number, path in enumerate(paths):
        run = execute(path, environment, path.parent)
        state = "" if run.error is None else f"stopped: {run.error.splitlines()[0]}"
        times[path.stem] = round(run.seconds, 1)
        logger.info("%s  %5.1f s  %s", path.stem.ljust(26), run.seconds, state or "ok")
        if run.error is not None:
            errors.append(path.stem)
        nbformat.write(run.notebook, out / path.name)
        stems = [other.stem for other in paths]
        neighbours = Neighbours(
            stems[number - 1] if number else None,
            stems[number + 1] if number + 1 < len(stems) else None,
        )
        name = title(run.notebook)
        (out / f"{path.stem}.html").write_text(
            page(run.notebook, name, neighbours, path.parent), encoding="utf-8"
        )
        rows.append((path.stem, f"{path.stem[:2]} {name}", f"{run.seconds:.0f} s", state or "ok"))
    results = scoreboard(tier.name)
    (out / "index.html").write_text(
        index_page(rows, results._repr_html_(), description), encoding="utf-8"
    )
    (out / "times.json").write_text(json.dumps(times, indent=1) + "\n", encoding="utf-8")
    print(f"\n{results}\n")
    total = sum(times.values())
    print(
        f"{len(paths)} notebooks in {total:.0f} s ({tier.name} tier); pages: {out / 'index.html'}"
    )
    if errors:
        print(f"stopped by an error: {', '.join(errors)}")
    return 1 if errors else 0


def run_outputs(arguments: argparse.Namespace) -> int:
    """`minbert course outputs`: execute on the lab and store the outputs in the notebooks."""
    failed = False
    for path in notebook_paths(arguments.names):
        run = execute(path, {"MINBERT_TIER": "lab"}, path.parent)
        if run.error is None:
            nbformat.write(with_time(run.notebook), path)
        failed |= run.error is not None
        logger.info("%s  %5.1f s  %s", path.stem.ljust(26), run.seconds, run.error or "stored")
    _renew_readme()
    return int(failed)


def _renew_readme() -> None:
    """The README's table of notebooks says what their first cells say."""
    paths = notebook_paths()
    readme = paths[0].parents[1] / "README.md"
    begin, end = "<!-- notebooks -->\n", "<!-- /notebooks -->"
    before, _, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    if after:
        readme.write_text(before + begin + overview(paths) + end + after, encoding="utf-8")


def run_student(arguments: argparse.Namespace) -> None:
    """`minbert course student`: write the notebooks without solutions."""
    out = Path(arguments.to)
    out.mkdir(parents=True, exist_ok=True)
    for path in notebook_paths():
        nbformat.write(student_edition(read(path)), out / path.name)
    logger.info("the student edition is in %s", out)
