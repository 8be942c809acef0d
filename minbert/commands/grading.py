"""`minbert course grade`: points and feedback for many submissions of the build track."""

from __future__ import annotations

import argparse
import logging
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from minbert.course.build_track.blocks import cut
from minbert.course.build_track.skeleton import KEY
from minbert.course.grading.feedback import feedback, file_name, total
from minbert.course.grading.grader import Graded, Limits, grade_all
from minbert.course.grading.points import points_of, shown
from minbert.course.grading.scores import as_json, earlier, note, table
from minbert.course.grading.submissions import Submission, submissions
from minbert.folders.added import AddedTo, adding_to
from minbert.stopping import finish_first, received_by
from minbert.threads import granted_cores

logger = logging.getLogger(__name__)
FEEDBACK = "feedback"
MOST_JOBS = 16
"""Without --jobs: each takes about 0.6 GB of memory."""


def run_course_grade(arguments: argparse.Namespace) -> None:
    """`minbert course grade`: CSV, JSON and a page for each student; nobody's failure is ours."""
    blocks = cut(KEY.read_text(encoding="utf-8"))
    titles = {block.number: block.title for block in blocks if block.number}
    points = points_of(Path(arguments.points) if arguments.points else None, titles)
    handed_in = submissions(map(Path, arguments.sources))
    limits = Limits(
        arguments.seed,
        arguments.seconds,
        arguments.memory,
        arguments.jobs or min(granted_cores(), MOST_JOBS),
    )
    csv_path = Path(arguments.out)
    if csv_path.suffix.lower() != ".csv":
        raise ValueError(f"--out {arguments.out}: expected the name of a file that ends in .csv")
    for source in map(Path, arguments.sources):
        if source.is_dir() and csv_path.resolve().is_relative_to(source.resolve()):
            raise ValueError(
                f"--out {csv_path} lies in what is graded, {source}: choose another folder, or the "
                "next grading takes the feedback for submissions"
            )
    with adding_to(csv_path.parent, "course grade", "the folder of --out") as folder:
        Grading(folder, csv_path.name, titles, points, limits).run(handed_in)


class Grading:
    """One run of the command: what was found earlier, what is found now, and what is written."""

    def __init__(
        self,
        folder: AddedTo,
        name: str,
        titles: Mapping[int, str],
        points: Mapping[int, float],
        limits: Limits,
    ) -> None:
        self._folder, self._titles, self._points, self._limits = folder, titles, points, limits
        self._csv, self._json = name, f"{name[:-4]}.json"

    def run(self, handed_in: Sequence[Submission]) -> None:
        """Grade what is new, and write; interrupted, what is done is written.

        Raises:
            ValueError: a file to write is there and not ours.
        """
        pages = _pages([one.student for one in handed_in])
        for name in (self._csv, self._json, *pages.values()):
            if not self._folder.is_free(name):
                raise ValueError(
                    f"{self._folder.path / name} is not as `minbert course grade` wrote it: move "
                    "it away, or choose another folder"
                )
        known = self._earlier()
        found = [known[key] for one in handed_in if (key := (one.student, one.digest)) in known]
        new = [one for one in handed_in if (one.student, one.digest) not in known]
        if found:
            logger.info(
                "%d of %d submissions are as they were, and keep their points",
                len(found),
                len(handed_in),
            )
        began = time.monotonic()
        try:
            with closing(grade_all(new, self._limits, logger.info)) as grading:
                for graded in grading:
                    found.append(graded)
                    self._say(graded)
        finally:
            with received_by(finish_first, signal.SIGINT, signal.SIGTERM):
                if found:
                    self._write(sorted(found, key=lambda one: one.student), pages)
        minutes = (time.monotonic() - began) / 60
        path = self._folder.path / self._csv
        print(f"{len(found)} submissions graded in {minutes:.1f} min: {path}")

    def _earlier(self) -> dict[tuple[str, str], Graded]:
        if not self._folder.marker.wrote(self._folder.path, self._json):
            return {}
        text = (self._folder.path / self._json).read_text(encoding="utf-8")
        return earlier(text, self._limits)

    def _say(self, graded: Graded) -> None:
        got, of = total(graded, self._points), sum(self._points.values())
        said = note(graded)
        print(
            f"{graded.student}: {shown(got)} of {shown(of)}" + (f" ({said[:200]})" if said else ""),
            flush=True,
        )

    def _write(self, found: Sequence[Graded], pages: Mapping[str, str]) -> None:
        (self._folder.path / FEEDBACK).mkdir(exist_ok=True)
        for one in found:
            text = feedback(one, self._titles, self._points)
            self._folder.write(pages[one.student], text)
        self._folder.write(self._csv, table(found, self._titles, self._points))
        text = as_json(found, self._titles, self._points, self._limits)
        self._folder.write(self._json, text)


def _pages(students: Sequence[str]) -> dict[str, str]:
    """The file of each student's feedback; names that a disk takes for one get a number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for student in students:
        name, number = file_name(student), 1
        while name.casefold() in taken:
            number += 1
            name = f"{file_name(student)[:-3]}-{number}.md"
        taken.add(name.casefold())
        found[student] = f"{FEEDBACK}/{name}"
    return found
