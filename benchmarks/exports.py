"""Certificates of exports, measured on this machine, and the part of docs/export.md they fill.

    python benchmarks/exports.py --data cs224n:FOLDER --out benchmarks/exports.json
    python benchmarks/exports.py --page benchmarks/exports.json

It needs `pip install "minbert[export]"`. Every export is made and measured as `minbert export`
does it; torch and the export take turns in one process, on equal threads.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from pathlib import Path

from sections import fill

from minbert.__main__ import main as minbert
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.export import Certificate

PAGE = Path(__file__).parents[1] / "docs" / "export.md"
EXPORTS = (["--to", "onnx"], ["--to", "openvino"], ["--to", "onnx", "--int8"])


def measured(data: str, model: str, count: int, threads: int) -> list[dict]:
    """The certificates of all exports of a model."""
    found = []
    for options in EXPORTS:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "export"
            code = minbert(
                ["export", "--model", model, *options, "--data", data, "--out", str(out),
                 "--count", str(count), "--threads", str(threads)]
            )  # fmt: skip
            if code:
                raise SystemExit(code)
            found.append(json.loads((out / "certificate.json").read_text(encoding="utf-8")))
    return found


def certificate(values: dict) -> Certificate:
    """A recorded certificate."""
    return Certificate(**{name: value for name, value in values.items() if name != "good"})


def section(recorded: dict) -> str:
    """The certificates as the page shows them."""
    parts = [f"`{recorded['model']}`, measured with:", "", "```", recorded["command"], "```", ""]
    for values in recorded["certificates"]:
        parts += [certificate(values).markdown(), ""]
    return "\n".join(parts)


def main() -> None:
    """Measure, or fill the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default="classroom")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--page", type=Path, help="a recorded file, to be put into docs/export.md")
    arguments = parser.parse_args()
    if arguments.page:
        recorded = json.loads(arguments.page.read_text(encoding="utf-8"))
        fill(PAGE, {"certificates": section(recorded)})
        return
    if arguments.out is None:
        parser.error("--out or --page")
    check_replaceable(arguments.out, ["certificates"])
    given = [
        one if "/" not in one or one.startswith("bench") else "cs224n:FOLDER"
        for one in sys.argv[1:]
    ]
    write_json(
        arguments.out,
        {
            "command": shlex.join(["python", "benchmarks/exports.py", *given]),
            "model": arguments.model,
            "certificates": measured(
                arguments.data, arguments.model, arguments.count, arguments.threads
            ),
        },
    )


if __name__ == "__main__":
    main()
