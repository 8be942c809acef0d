"""Many learners on one machine: n copies of a training at once, and n notebooks.

    python benchmarks/copies.py --out benchmarks/copies.json
    python benchmarks/copies.py --rounds 0 --out benchmarks/copies.json    (eight notebooks only)
    python benchmarks/copies.py --rounds 0 --out benchmarks/copies.json \
        --kernels 07 09 05 11 03b 07 09 05 11 03b 07 09 05 11 03b 07 09 05 11 03b

A copy is sentiment fine-tuning of the lab, with a cache of its own. Fair sharing would let n copies
take n times one copy's time on one thread, divided by the cores; the ratio to that is printed. All
copies must give the result of one alone. The notebooks share one cache, as on a server where a
course has one: all must end, the copies of a notebook must say the same, and afterwards each stage
must be whole, file by file, as it was written.

Every figure is a ratio of times taken in this call; `before` is how the same code ran when each
copy took two threads that spin while they wait, stopped after `--limit` seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minbert.course.notebooks import notebook_paths
from minbert.experiments.run_folder import check_replaceable
from minbert.threads import FIXED, granted_cores
from minbert.training.seal import damage

TRAINING = ["single-task", "--task", "sst", "--mode", "finetune"]
WAYS = {
    "one thread": {"MINBERT_THREADS": "1"},
    "now": {},
    "before": {"OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": "300000", "OMP_WAIT_POLICY": ""},
}
"""Of waiting and of choosing threads. 300,000 looks before sleeping is libgomp's own context."""
LAST_CELL = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
"""Prints a kernel's peak memory, in KiB on Linux."""


def environment(way: str, cache: Path) -> dict[str, str]:
    """Variables of one copy."""
    kept = {name: value for name, value in os.environ.items() if name not in FIXED}
    wanted = kept | WAYS[way] | {"MINBERT_CACHE": str(cache), "TQDM_DISABLE": "1"}
    return {name: value for name, value in wanted.items() if value}


def at_once(
    commands: list[list[str]], environments: list[Mapping[str, str]], limit_s: float
) -> tuple[float | None, list[float]]:
    """Seconds until the last of several processes has ended, and the peak memory of each in MiB.

    None for the seconds where they were stopped at the limit.

    Raises:
        RuntimeError: one failed; with what it said.
    """
    started = time.perf_counter()
    running = {}
    for command, variables in zip(commands, environments, strict=True):
        log = Path(variables["MINBERT_CACHE"]).with_name(f"log{len(running)}")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as file:
            process = subprocess.Popen(command, env=variables, stdout=file, stderr=file)
        running[process.pid] = log
    memory = []
    while running:
        process, status, usage = os.wait4(-1, os.WNOHANG)
        if process:
            log = running.pop(process)
            if status:
                raise RuntimeError(f"a copy failed: {log.read_text()[-2000:]}")
            memory.append(usage.ru_maxrss / 1024)
        elif time.perf_counter() - started > limit_s:
            for process in running:
                os.kill(process, 9)
                os.waitpid(process, 0)
            return None, memory
        else:
            time.sleep(0.02)
    return time.perf_counter() - started, memory


def trainings(copies: int, way: str, limit_s: float) -> dict[str, Any]:
    """Train `copies` times at once, and compare what came out."""
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary) / str(number) for number in range(copies)]
        commands = [
            [sys.executable, "-m", "minbert", *TRAINING, "--out", str(folder / "out")]
            for folder in folders
        ]
        variables = [environment(way, folder / "cache") for folder in folders]
        seconds, memory = at_once(commands, variables, limit_s)
        digests = set()
        if seconds is not None:
            for folder in folders:
                curve = (folder / "out" / "curves.csv").read_bytes()
                predictions = (folder / "out" / "predictions" / "sst-dev.csv").read_bytes()
                digests.add(hashlib.sha256(curve + predictions).hexdigest())
    return {"copies": copies, "way": way, "seconds": seconds,
            "peak_mib": max(memory, default=None), "results": sorted(digests)}  # fmt: skip


def kernels(names: list[str], limit_s: float) -> dict[str, Any]:
    """Run notebooks at once with one shared cache; their kernels' peak memory, the cache after."""
    import nbformat

    with tempfile.TemporaryDirectory() as temporary:
        commands, paths = [], []
        for number, name in enumerate(names):
            [path] = notebook_paths([name])
            notebook = nbformat.read(path, as_version=4)
            notebook.cells.append(nbformat.v4.new_code_cell(LAST_CELL))
            copy = Path(temporary) / f"{number}.ipynb"
            nbformat.write(notebook, copy)
            paths.append(copy)
            commands.append([sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute",
                             "--inplace", "--log-level=ERROR",
                             "--ExecutePreprocessor.startup_timeout=600",
                             "--ExecutePreprocessor.timeout=3600", str(copy)])  # fmt: skip
        cache = Path(temporary) / "cache"
        seconds, _ = at_once(commands, [environment("now", cache)] * len(names), limit_s)
        peaks = [
            int(nbformat.read(path, as_version=4).cells[-1].outputs[0].text) / 1024
            for path in paths
        ]
        said = {}
        for name, path in zip(names, paths, strict=True):
            said.setdefault(name, set()).add(compared(nbformat.read(path, as_version=4)))
        left = [path.name for path in cache.glob("*.partial")]
        stages = sorted(path for path in cache.iterdir() if (path / "what.json").is_file())
        damaged = [path.name for path in stages if damage(path, {})]
        shutil.rmtree(cache)
    return {"notebooks": names, "seconds": seconds, "peak_mib": peaks, "stages": len(stages),
            "unfinished_stages": left, "damaged_stages": damaged,
            "differing_notebooks": [name for name in said if len(said[name]) > 1]}  # fmt: skip


def compared(notebook: Any) -> str:
    """Digest of what an executed notebook says, without cells that tests do not compare."""
    said = [
        "".join(
            output.get("text") or output.get("data", {}).get("text/plain", "")
            for output in cell.outputs  # on a busy machine a text comes in several pieces
            if output.get("name") != "stderr"
        )
        for cell in notebook.cells[:-1]  # the last one prints the memory
        if cell.cell_type == "code" and "nbval-ignore-output" not in cell.metadata.get("tags", [])
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def table(result: Mapping[str, Any]) -> str:
    """The copies as a table for docs/machines.md."""
    lines = [
        "| copies at once | threads | multiple of fair sharing | of one copy before |"
        " peak memory of a copy, MiB |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in result["summary"]:
        more = "more than " if row["stopped"] else ""
        once = f"{row['to_one_copy_before']:.2f}" if "to_one_copy_before" in row else ""
        lines.append(
            f"| {row['copies']} | {row['way']} | {more}{row['to_fair_sharing']:.2f} | {once} "
            f"| {'' if row['stopped'] else round(row['peak_mib'])} |"
        )
    return "\n".join(lines) + "\n"


def kernels_sentence(found: Mapping[str, Any]) -> str:
    """Notebooks at once as a sentence for docs/machines.md."""
    peaks = found["peak_mib"]
    names = ", ".join(dict.fromkeys(found["notebooks"]))
    wrong = found["unfinished_stages"] + found["damaged_stages"] + found["differing_notebooks"]
    return (
        f"{len(peaks)} notebooks at once ({names}, each several times) with one shared cache: peak "
        f"memory of a kernel {min(peaks):.0f} to {max(peaks):.0f} MiB, of all together at most "
        f"{sum(peaks) / 1024:.1f} GiB. Afterwards the cache holds {found['stages']} stages; "
        "unfinished or damaged ones, and notebooks whose copies differ: "
        f"{', '.join(wrong) or 'none'}.\n"
    )


def main() -> None:
    """Measure, print ratios, write everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--rounds", type=int, default=3, help="of all numbers of copies, in turn")
    parser.add_argument("--before", type=int, nargs="*", default=[1, 4], help="copies as before")
    parser.add_argument("--limit", type=float, default=400, help="seconds for one set of copies")
    parser.add_argument("--kernels", nargs="*", default=["07", "09"] * 4, help="notebooks at once")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.out:
        check_replaceable(arguments.out, ("command",))
    cores = granted_cores()
    rounds = []
    for number in range(arguments.rounds):
        wanted = [(1, "one thread"), *((count, "now") for count in arguments.copies)]
        if number == 0:
            wanted += [(count, "before") for count in arguments.before]
        elif 1 in arguments.before:
            wanted += [(1, "before")]
        for count, way in wanted:
            run = trainings(count, way, arguments.limit) | {"round": number}
            rounds.append(run)
            shown = f"more than {arguments.limit:.0f}" if run["seconds"] is None else run["seconds"]
            print(f"round {number}, {count} at once, {way}: {shown} s", flush=True)
    result = {}
    if arguments.out and arguments.out.exists():  # what is not measured now stays
        result = json.loads(arguments.out.read_text(encoding="utf-8"))
    command = " ".join(["python", *sys.argv])
    if rounds:
        summary = summarise(rounds, cores, arguments.limit)
        result |= {"command": command, "cores": cores, "rounds": rounds, "summary": summary}
    if arguments.kernels:
        result.setdefault("command", command)
        found = kernels(arguments.kernels, arguments.limit * 4) | {"command": command}
        result.setdefault("kernels", {})[str(len(arguments.kernels))] = found
        print(kernels_sentence(found))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def summarise(rounds: list[dict[str, Any]], cores: int, limit_s: float) -> list[dict[str, Any]]:
    """Medians over rounds as ratios: to fair sharing, and to one copy as before."""
    single = [run["seconds"] for run in rounds if run["way"] == "one thread"]
    before = [run["seconds"] for run in rounds if (run["copies"], run["way"]) == (1, "before")]
    rows = []
    for count, way in dict.fromkeys((run["copies"], run["way"]) for run in rounds):
        runs = [run for run in rounds if (run["copies"], run["way"]) == (count, way)]
        stopped = any(run["seconds"] is None for run in runs)
        seconds = limit_s if stopped else statistics.median(run["seconds"] for run in runs)
        fair = max(1.0, count / cores) * statistics.median(single)
        row = {"copies": count, "way": way, "seconds": seconds, "stopped": stopped,
               "to_fair_sharing": seconds / fair,
               "peak_mib": max((run["peak_mib"] or 0 for run in runs), default=0),
               "same_results": len({x for run in runs for x in run["results"]}) <= 1}  # fmt: skip
        if count == 1 and before:
            row["to_one_copy_before"] = seconds / statistics.median(before)
        rows.append(row)
        more = "more than " if stopped else ""
        print(f"{count} at once, {way}: {more}{row['to_fair_sharing']:.2f} of fair sharing"
              + (f", {row['to_one_copy_before']:.2f} of one copy before"
                 if "to_one_copy_before" in row else "")
              + f"; peak {row['peak_mib']:.0f} MiB")  # fmt: skip
    if len({x for run in rounds for x in run["results"]}) > 1:
        print("NOT the same results in all copies")
    return rows


if __name__ == "__main__":
    main()
