"""The commands about data: check, download, export, sample, ladder."""

from __future__ import annotations

import argparse
import logging

from minbert.data import load_data
from minbert.data.check import check_folder
from minbert.data.download import download
from minbert.data.export import write_course_files
from minbert.data.sample import sample_markdown
from minbert.evaluation.baselines import ladder
from minbert.evaluation.report import ladder_table

logger = logging.getLogger(__name__)


def run_data_check(arguments: argparse.Namespace) -> int:
    """`minbert data check`."""
    report = check_folder(arguments.folder)
    print(report)
    return 0 if report.ok else 2


def run_data_download(arguments: argparse.Namespace) -> None:
    """`minbert data download`."""
    source = {"base_url": arguments.source} if arguments.source else {}
    download(arguments.to, force=arguments.force, **source)


def run_data_export(arguments: argparse.Namespace) -> None:
    """`minbert data export`."""
    data = load_data(arguments.data)
    write_course_files(data, arguments.to)
    logger.info("%s: written to %s", data.note, arguments.to)


def run_data_sample(arguments: argparse.Namespace) -> None:
    """`minbert data sample`."""
    print(sample_markdown(load_data(arguments.data), arguments.count))


def run_data_ladder(arguments: argparse.Namespace) -> None:
    """`minbert data ladder`."""
    data = load_data(arguments.data)
    print(f"{data.note}; dev, fitted on train\n\n{ladder_table(ladder(data))}", end="")
