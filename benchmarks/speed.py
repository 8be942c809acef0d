"""All benchmarks of speed on the CPU, and README's table of what they recorded.

    python benchmarks/speed.py [--data cs224n:DIR] [--threads 2]    measure, record, write the table
    python benchmarks/speed.py --table                              write it from what is recorded

`make bench` is the first. It takes about 17 minutes on two cores; a benchmark whose script is not
there, or whose rivals are not installed, is left out and said so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from peers import PEERS
from sections import fill

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
PAGE = HERE.parent / "docs" / "speed.md"
BENCHMARKS = ("encoding", "training")
"""Scripts here, each with `--record FILE.json`; figures are recorded beside them."""

ON_FP32 = tuple(f"{name}_fp32" for name in BENCHMARKS)
"""Records of the same scripts on a processor that does not multiply bf16 fast."""


def rows_of(recorded: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of one record: what, against what, the bar and the ratio."""
    if "rows" in recorded:
        return list(recorded["rows"])
    return [
        {
            **bar,
            "what": f"{bar['what']}, {bar['fast']}",
            "against": bar["slow"],
            "sense": "at least",
            "met": bar["median"] >= bar["bar"],
        }
        for bar in recorded["bars"]
    ]


def read(names: Sequence[str] = BENCHMARKS) -> dict[str, dict[str, Any]]:
    """What is recorded, by the name of its file."""
    return {
        name: json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
        for name in names
        if (HERE / f"{name}.json").exists()
    }


def table(records: Mapping[str, Mapping[str, Any]]) -> str:
    """The recorded figures as Markdown, each record with its machine and its command."""
    parts = []
    for recorded in records.values():
        head = [
            "| | instead of | times (lowest–highest) | processor time | bar | |",
            "| --- | --- | ---: | ---: | ---: | --- |",
        ]
        parts.append("\n".join([*head, *map(_line, rows_of(recorded))]) + "\n")
        parts.append(_machine(recorded))
    return "\n".join(parts)


def _line(row: Mapping[str, Any]) -> str:
    sign = "≥" if row["sense"] == "at least" else "≤"
    spread = f"{row['median']:.2f} ({row['lowest']:.2f}–{row['highest']:.2f})"
    return (
        f"| {row['what']} | {row['against']} | {spread} | {row['processor_time']:.2f} "
        f"| {sign} {row['bar']:g} | {'met' if row['met'] else 'missed'} |"
    )


def _machine(recorded: Mapping[str, Any]) -> str:
    fast = "" if recorded["bf16_is_fast"] else ", without bf16"
    shared = ", which others used at the same time" if recorded.get("machine_shared") else ""
    packages = ", ".join(
        f"{name} {recorded['versions'][name]}"
        for name in ("torch", *PEERS)
        if name in recorded["versions"]
    )
    return (
        f"`{recorded['command']}`: {recorded['device']}{fast}{shared}; {packages}; "
        f"{recorded['data'].split(' (')[0]}.\n"
    )


def write_tables(readme: Path = README, page: Path = PAGE) -> None:
    """Put the tables between the comments in README, and in docs/speed.md.

    Raises:
        ValueError: the comments are not there.
    """
    fill(readme, {"speed": table(read())})
    fill(page, {"fp32": table(read(ON_FP32))})


def main(given: Sequence[str] | None = None) -> None:
    """Measure what can be measured here, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="measure nothing")
    parser.add_argument("--data", help="cs224n:DIR; synthetic sentences without it")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(given)
    failed = []
    for name in () if arguments.table else BENCHMARKS:
        script = HERE / f"{name}.py"
        if not script.exists():
            print(f"{script.name} is not here: left out")
            continue
        command = [sys.executable, str(script), "--threads", str(arguments.threads)]
        command += ["--data", arguments.data] if arguments.data else []
        command += ["--record", str(HERE / f"{name}.json")]
        if subprocess.run(command).returncode:
            failed.append(script.name)
    write_tables()
    if failed:
        sys.exit(f"did not end well: {', '.join(failed)}; README has what was recorded before")


if __name__ == "__main__":
    main()
