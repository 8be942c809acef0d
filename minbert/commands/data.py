"""What `check`, `download`, `export` and `sample` of `minbert data` do."""

from __future__ import annotations

import argparse
import logging

from minbert.data import load_data
from minbert.data.check import check_folder
from minbert.data.cs224n import SUFFIXES, SYNTHETIC_MARK, file_name
from minbert.data.export import write_course_files
from minbert.data.helpdesk import FILES, write_helpdesk
from minbert.data.own_check import check_own
from minbert.data.own_spec import is_own
from minbert.data.sample import sample_markdown
from minbert.data.text import user_path
from minbert.folders.added import adding_to
from minbert.folders.replaced import Kind, claimed
from minbert.tasks import COURSE_TASKS

logger = logging.getLogger(__name__)

EXPORT = Kind(
    "data export",
    (SYNTHETIC_MARK, *(file_name(task, split) for task in COURSE_TASKS for split in SUFFIXES)),
)
HELPDESK = Kind("data helpdesk", FILES)


def run_data_check(arguments: argparse.Namespace) -> int:
    """`minbert data check`."""
    what = arguments.what
    if any(map(is_own, what)):
        report = check_own(what)
    elif len(what) == 1:
        report = check_folder(what[0].removeprefix("cs224n:"))
    else:
        raise ValueError(f"check one folder of course files at a time, got {' '.join(what)}")
    print(report)
    return 0 if report.ok else 2


def run_data_download(arguments: argparse.Namespace) -> None:
    """`minbert data download`."""
    from minbert.data.download import download  # with its HTTP client a third of what starts here

    source = {"base_url": arguments.source} if arguments.source else {}
    with adding_to(arguments.to, "data download", "--to") as folder:
        download(folder.path, force=arguments.force, **source)


def run_data_export(arguments: argparse.Namespace) -> None:
    """`minbert data export`."""
    kind, _, place = arguments.data.partition(":")
    inputs = {"the data": user_path(place)} if kind == "cs224n" and place else {}
    with claimed(arguments.to, EXPORT, inputs, "--to") as folder:
        data = load_data(arguments.data)
        with folder.replaced() as working:
            write_course_files(data, working)
    logger.info("%s: written to %s", data.note, arguments.to)


def run_data_helpdesk(arguments: argparse.Namespace) -> None:
    """`minbert data helpdesk`."""
    with claimed(arguments.to, HELPDESK, {}, "--to") as folder, folder.replaced() as working:
        write_helpdesk(working, arguments.seed, arguments.questions)
    logger.info("synthetic help-desk questions: written to %s", arguments.to)


def run_data_sample(arguments: argparse.Namespace) -> None:
    """`minbert data sample`."""
    print(sample_markdown(load_data(arguments.data), arguments.count))
