"""How much memory does `minbert encode` take for 10,000, 100,000 and 1,000,000 lines?

Each count runs as a process of its own, from a file of made-up lines into a file, one after the
other; recorded is the largest memory that the process ever held (its peak resident set), and how
long it took.

    python benchmarks/encoding_memory.py [--model tiny] [--record FILE.json]
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.run_folder import check_replaceable, write_json

BAR = 1.2
"""The largest count may take so many times the memory of the smallest."""

WORDS = ("the", "film", "plot", "actor", "question", "learn", "python", "money", "how", "why", "is")


def write_lines(path: Path, count: int) -> None:
    """Made-up sentences of 3 to 12 words, the same for every count as far as they go."""
    draw = random.Random(5)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count):
            file.write(" ".join(draw.choices(WORDS, k=draw.randint(3, 12))) + "\n")


def peak_of(model: str, form: str, lines: Path, out: Path) -> tuple[float, float]:
    """MiB of memory at most, and seconds, of one process."""
    command = [sys.executable, "-m", "minbert", "encode", "--model", model, "--out", str(out)]
    started = time.perf_counter()
    with lines.open("rb") as stdin:
        process = subprocess.Popen(command, stdin=stdin, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10  # macOS says bytes, Linux KiB
    return usage.ru_maxrss / unit, time.perf_counter() - started


def measure(model: str, form: str, counts: Sequence[int]) -> list[dict[str, Any]]:
    """One row a count."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            lines, out = Path(folder, "lines.txt"), Path(folder, f"vectors.{form}")
            write_lines(lines, count)
            peak, seconds = peak_of(model, form, lines, out)
            rows.append(
                {
                    "lines": count,
                    "peak_mib": round(peak, 1),
                    "seconds": round(seconds, 1),
                    "file_mib": round(out.stat().st_size / (1 << 20), 1),
                }
            )
            print(rows[-1], flush=True)
            out.unlink()
    return rows


def about(recorded: dict[str, Any]) -> str:
    """What the figures are of, in a sentence, and the command."""
    return (
        f"Peak resident memory of `minbert encode --model {recorded['model']} --out "
        f"vectors.{recorded['format']}` on made-up lines, each count in a process of its own "
        f"({recorded['device']}; torch {recorded['versions']['torch']}):\n\n"
        f"```\n{recorded['command']}\n```\n\n"
    )


def table(recorded: dict[str, Any]) -> str:
    """The recorded figures as Markdown."""
    first = recorded["rows"][0]["peak_mib"]
    lines = [
        "| lines | memory at most, MiB | times the first | file, MiB | seconds |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row['lines']:,} | {row['peak_mib']:.0f} | {row['peak_mib'] / first:.2f} "
        f"| {row['file_mib']:,.0f} | {row['seconds']:,.0f} |"
        for row in recorded["rows"]
    ]
    return "\n".join(lines) + "\n"


def main(given: Sequence[str] | None = None) -> None:
    """Measure, print, and record if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="tiny")
    parser.add_argument("--format", default="npy")
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--record", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args(given)
    if arguments.record:
        check_replaceable(arguments.record, ("rows", "bar", "command"))
    rows = measure(arguments.model, arguments.format, arguments.counts)
    recorded = {
        "model": arguments.model,
        "format": arguments.format,
        "rows": rows,
        "bar": BAR,
        "device": describe_device(torch.device("cpu")),
        "versions": versions(),
        "command": f"python benchmarks/encoding_memory.py --model {arguments.model} "
        f"--format {arguments.format} --counts {' '.join(map(str, arguments.counts))}",
    }
    print(table(recorded))
    if arguments.record:
        write_json(arguments.record, recorded)


if __name__ == "__main__":
    main()
