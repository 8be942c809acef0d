"""The command that prints a shell's completion script."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from minbert.clone import how_to_install
from minbert.commands.parser import build_parser, commands_of

FOLDERS = ("out", "to", "cache", "folder", "run", "run_folder", "run_a", "run_b", "sources")
FILES = ("file", "predictions", "labels", "points")
"""Names of arguments after which a shell offers what is on the disk."""


def run_completion(arguments: argparse.Namespace) -> None:
    """`minbert completion`: print the script.

    Raises:
        ValueError: shtab, which writes it, is not installed.
    """
    if find_spec("shtab") is None:
        raise ValueError(f"completion needs shtab: {how_to_install('completion')} brings it")
    import shtab  # optional

    parser = build_parser()
    for _, command in commands_of(parser):
        for action in command._actions:
            if action.dest in FOLDERS:
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
            elif action.dest in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, arguments.shell))
