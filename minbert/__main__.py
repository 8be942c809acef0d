"""The command line's first file: small, so that Ctrl-C has its sentence while the rest loads."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress

from minbert.ranks import be_quiet, launched, let_another_speak, refusal
from minbert.stopping import STOPPED, as_ctrl_c, leave_at_once, received_by


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0; 1, a notebook was stopped by an error, or a piece of the build track is
        not right yet; 2, wrong input, said on stderr, or a kernel that died; 130, Ctrl-C or
        SIGTERM.
    """
    with received_by(leave_at_once, signal.SIGINT, signal.SIGTERM):
        from minbert.commands.parser import build_parser
    place = launched()
    follows = place is not None and place.rank > 0
    with be_quiet() if follows else nullcontext():
        parsed = build_parser().parse_args(arguments)
    if place is not None and (refused := refusal(parsed.command, place)):
        if follows:
            let_another_speak()
        else:
            print(f"minbert {parsed.command}: {refused}", file=sys.stderr)
        return 2
    logging.basicConfig(
        level=logging.DEBUG if parsed.verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s" if parsed.verbose else "%(message)s",
        stream=sys.stderr,
    )
    for noisy in ("filelock", "urllib3", "httpx", "httpcore", "huggingface_hub", "traitlets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    given = sys.argv[1:] if arguments is None else arguments
    launcher = [] if place is None else place.launcher
    parsed.command_line = shlex.join([*launcher, "minbert", *given])  # quoted: it can be run again
    try:
        with received_by(as_ctrl_c, signal.SIGTERM):
            code = parsed.run(parsed) or 0
            if sys.stdout is not None:  # closed by whoever started this
                sys.stdout.flush()  # a full disk is said here, not by the interpreter at its end
            return code
    except KeyboardInterrupt as error:
        said = f"{error}" or "interrupted: the same command goes on where this one stopped"
        print(said, file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        _let_go_of_stdout()
        return 1
    except (ValueError, OSError) as error:
        if parsed.verbose:
            raise
        said = f"{error}"
        if isinstance(error, OSError) and error.errno and error.filename is None:
            said = f"what it prints (or a file) cannot be written: {error.strerror}"
        print(f"minbert {parsed.command}: {said}", file=sys.stderr)
        return 2


def _let_go_of_stdout() -> None:
    """Whoever read it has closed it: what is left in it goes nowhere, without a word at the end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
