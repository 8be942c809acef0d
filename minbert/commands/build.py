"""The commands of the build track: build, check, finale."""

from __future__ import annotations

import argparse

from minbert.course.build_track.skeleton import write_skeleton


def run_build(arguments: argparse.Namespace) -> None:
    """`minbert course build`: write the file that a learner begins with; never over another one."""
    path = write_skeleton(arguments.to)
    print(f"{path} is yours: write its ten pieces in any order, and ask `minbert course check`")


def run_check(arguments: argparse.Namespace) -> int:
    """`minbert course check`: say of each piece that is asked for whether it is right.

    Returns:
        0 if all of them are right, 1 if not.
    """
    from minbert.course.build_track.pieces import PIECES
    from minbert.course.build_track.running import check_file
    from minbert.course.checks.base import Verdict

    titles = {piece.number: piece.title for piece in PIECES}
    numbers = sorted(set(arguments.piece or titles))

    def tell(number: int, verdict: Verdict) -> None:
        print(f"piece {number}, {titles[number]}. {verdict}", flush=True)

    found = check_file(arguments.file, numbers, arguments.seconds, tell)
    right = sum(verdict.passed for verdict in found.values())
    print(f"{right} of {len(found)} right")
    return int(right < len(found))


def run_finale(arguments: argparse.Namespace) -> int:
    """`minbert course finale`: the published weights, a training, and a certificate.

    Returns:
        0 if all ten pieces are right, the hidden states are the library's, and the trained
        accuracy lies within the band; else 1.
    """
    from minbert.course.build_track.certificate import certificate
    from minbert.course.build_track.pieces import PIECES
    from minbert.course.build_track.running import check_file, run_finale

    verdicts = check_file(arguments.file, [piece.number for piece in PIECES], arguments.seconds)
    own = [number for number, verdict in verdicts.items() if verdict.passed]
    found = run_finale(arguments.file, own, lambda line: print(f"{line} …", flush=True))
    text, complete = certificate(str(arguments.file), own, found)
    print(f"\n{text}", end="")
    return int(not complete)
