"""The whole course as other machines would run it: other code paths, threads, last digits.

    python tests/machine_matrix.py --out tests/machine_matrix.json

Each cell of the matrix runs strict nbval on every notebook, from an empty cache, and keeps which
findings were not found, which compared outputs differ from the stored ones and which cells stopped.
Code paths are a help and no proof: a processor of another kind may round in a way that none of
these does. Weights changed by a millionth part stand for that.

Each cell is written when it is done, with the machine it ran on; cells of the file that are not run
now stay as they are.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as tree
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date
from pathlib import Path
from typing import Any

import torch

from minbert.course.claims import CLAIMS_FILE, read_claims
from minbert.course.notebooks import notebook_paths
from minbert.threads import granted_cores

OFFLINE = Path(__file__).with_name("offline")
SETTINGS: dict[str, dict[str, str]] = {
    "native": {},
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_CBWR": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "baseline": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_CBWR": "COMPATIBLE",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
    "perturbed": {"MINBERT_TEST_PERTURBATION": "1e-6:{threads}"},
}
"""What is set, over the machine's own settings; `{threads}` also is the perturbation's seed."""
THREADS = (1, 2, 4)
CELLS = {
    f"{name}-{threads}": (name, threads)
    for name in SETTINGS
    for threads in THREADS
    if name != "baseline" or threads == 1  # the slowest path, once
}
OLDEST = "baseline-1"
MOST_DIFFERENT = ("avx2-1", "perturbed-1")
"""The cells that `make test` runs: code paths without AVX-512, and changed weights. OLDEST is
hardly further from the second, and takes twice the time of the first: see docs/machines.md.
`make test-all` runs it, too."""
CELL_TIMEOUT_S = 300


def environment(cell: str, cache: Path) -> dict[str, str]:
    """Variables of one cell of the matrix: its code paths and threads, a cache of its own."""
    name, threads = CELLS[cell]
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("MINBERT_") and key not in ("OMP_NUM_THREADS", "MKL_CBWR")
    }
    settings = {key: value.format(threads=threads) for key, value in SETTINGS[name].items()}
    return (
        kept
        | settings
        | {
            "MINBERT_THREADS": str(threads),
            "MINBERT_CACHE": str(cache),
            "PYTHONPATH": os.pathsep.join([str(OFFLINE), *filter(None, [kept.get("PYTHONPATH")])]),
            "HF_HUB_OFFLINE": "1",
        }
    )


def nbval(path: Path, variables: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess:
    """Strict nbval of one notebook in a process of its own; junit.xml and claims in `folder`."""
    command = [
        sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q",
        "-p", "no:randomly", "-p", "no:cacheprovider", "-c", os.devnull,
        f"--rootdir={path.parent}", f"--nbval-cell-timeout={CELL_TIMEOUT_S}",
        f"--junitxml={folder / 'junit.xml'}", str(path),
    ]  # fmt: skip
    variables = dict(variables) | {CLAIMS_FILE: str(folder / "claims.jsonl")}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)


def differences(folder: Path) -> tuple[list[int], list[int]]:
    """Numbers of the code cells whose output differs, and of those that an error stopped."""
    moved, stopped = [], []
    for case in tree.parse(folder / "junit.xml").getroot().iter("testcase"):
        failure = case.find("failure")
        if failure is not None:
            number = int(re.search(r"\d+", case.get("name")).group())
            said = re.sub(r"\x1b\[[\d;]*m", "", failure.get("message", "") + (failure.text or ""))
            (moved if "outputs differ" in said else stopped).append(number)
    return moved, stopped


def run_cell(cell: str, names: list[str] | None, kept: Path | None) -> dict[str, Any]:
    """One cell of the matrix: all notebooks in the order of the course, sharing one cache.

    With `kept`, a folder, what nbval says of each notebook stays there.
    """
    started = time.perf_counter()
    found: dict[str, Any] = {"findings": 0, "not_found": [], "moved": [], "stopped": []}
    with tempfile.TemporaryDirectory() as temporary:
        variables = environment(cell, Path(temporary) / "cache")
        for path in notebook_paths(names):
            folder = Path(temporary) / path.stem
            folder.mkdir()
            run = nbval(path, variables, folder)
            if kept:
                (kept / cell).mkdir(parents=True, exist_ok=True)
                (kept / cell / f"{path.stem}.txt").write_text(run.stdout, encoding="utf-8")
            moved, stopped = differences(folder)
            claims = read_claims(folder / "claims.jsonl")
            found["findings"] += len(claims)
            found["not_found"] += [f"{path.stem}: {c.sentence}" for c in claims if not c.holds]
            found["moved"] += [f"{path.stem}, cell {number}" for number in moved]
            found["stopped"] += [f"{path.stem}, cell {number}" for number in stopped]
    found["minutes"] = round((time.perf_counter() - started) / 60, 1)
    found |= {"machine": machine(), "torch": torch.__version__, "date": f"{date.today()}"}
    print(f"{cell}: {json.dumps(found, ensure_ascii=False)}", flush=True)
    return found


def machine() -> str:
    """The processor's maker, its code paths as torch names them, how many cores are granted."""
    maker = platform.machine()
    with contextlib.suppress(OSError):
        said = re.search(r"^vendor_id\s*: (\S+)", Path("/proc/cpuinfo").read_text(), re.M)
        maker = said[1].removeprefix("Genuine").removeprefix("Authentic") if said else maker
    return f"{maker}, {torch.backends.cpu.get_cpu_capability()}, {granted_cores()} cores"


def keep_cell(out: Path, cell: str, found: dict[str, Any]) -> None:
    """Put a cell into the file of results, in the order of `CELLS`."""
    cells = json.loads(out.read_text(encoding="utf-8"))["cells"] if out.exists() else {}
    cells[cell] = found
    content = {
        "command": "python tests/machine_matrix.py",
        "settings": SETTINGS,
        "cells": {name: cells[name] for name in CELLS if name in cells},
    }
    out.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(content: dict[str, Any]) -> str:
    """The matrix for docs/machines.md."""
    lines = [
        "| code paths | threads | machine | run on | findings | not found | differing | stopped |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for cell, found in content["cells"].items():
        name, threads = CELLS[cell]
        counts = (len(found[kind]) for kind in ("not_found", "moved", "stopped"))
        lines.append(
            f"| {name} | {threads} | {found['machine']} | {found['date']} | {found['findings']} | "
            f"{' | '.join(map(str, counts))} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the cells and write what was found; 1 if anything was not as stored."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--notebooks", nargs="+", help="beginnings of names (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="cells at once")
    parser.add_argument("--keep", type=Path, help="folder for what nbval says")
    parser.add_argument("--out", type=Path, help="JSON file for the result")
    arguments = parser.parse_args()
    if arguments.out and arguments.notebooks:
        parser.error("--out records whole cells: leave out --notebooks")
    clean = True
    with ThreadPoolExecutor(arguments.jobs) as pool:
        runs = {
            pool.submit(run_cell, cell, arguments.notebooks, arguments.keep): cell
            for cell in arguments.cells
        }
        for run in as_completed(runs):
            found = run.result()
            clean = clean and not any(found[kind] for kind in ("not_found", "moved", "stopped"))
            if arguments.out:
                keep_cell(arguments.out, runs[run], found)
    print("all as stored" if clean else "NOT all as stored")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
