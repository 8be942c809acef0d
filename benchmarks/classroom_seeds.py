"""What holds on other classroom corpora than seed 31's? The lab's grid on each of ten.

    python benchmarks/classroom_seeds.py --out benchmarks/classroom_seeds.json

Two questions. Does a cell lie in the band of the notebooks, where one more training seed is
expected on corpus 31 at 99 %? A corpus of another seed has other sentences, so more cells than one
in a hundred may lie outside. And which sentences of the story come out, when the corpora are what
varies: one training on each, with Student's t over the corpora?

A corpus takes about three minutes. `--jobs 2` trains on two corpora at once, with one thread each.
What is finished is kept: the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sections import fill

from minbert.course.live import ARITHMETIC
from minbert.course.recorded import Recorded, recorded
from minbert.experiments import findings
from minbert.experiments.run_folder import check_replaceable

RECORDED = "lab-tiny-quick"
PAGE = Path(__file__).parents[1] / "docs" / "teaching" / "corpora.md"
NEEDED = ("arms", "ladder", "mlm_held_out")
"""Of a results.json, what is kept of each corpus."""


def main() -> None:
    """Run the grids, print what lies outside, write everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--jobs", type=int, default=1, help="corpora at once")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--page", action="store_true", help="write the tables of docs/teaching")
    arguments = parser.parse_args()
    runs: dict[str, dict[str, Any]] = {}
    if arguments.out:
        check_replaceable(arguments.out, ("command",))
        if arguments.out.exists():
            runs = json.loads(arguments.out.read_text(encoding="utf-8"))["runs"]
    wanted = [seed for seed in arguments.corpora if str(seed) not in runs]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        begun = {pool.submit(grid, seed, arguments.jobs): seed for seed in wanted}
        for done in as_completed(begun):
            runs[str(begun[done])] = done.result()
            print(f"classroom:{begun[done]} done", flush=True)
            runs = dict(sorted(runs.items(), key=lambda item: int(item[0])))
            if arguments.out:  # after each corpus: Ctrl-C loses those that run
                content = {"command": " ".join(["python", *sys.argv]), "runs": runs}
                arguments.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    tables = {"cells": cells_table(runs), "story": story_table(runs)}
    print(*tables.values(), sep="\n")
    if arguments.page:
        fill(PAGE, tables)


def grid(seed: int, jobs: int) -> dict[str, Any]:
    """The lab's arms on one corpus, with one training seed; what is kept of its results.

    Raises:
        RuntimeError: the run failed; with what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "minbert", "reproduce", "--data", f"classroom:{seed}",
                   "--out", str(out)]  # fmt: skip
        threads = {"MINBERT_THREADS": "1"} if jobs > 1 else {}
        cache = {"MINBERT_CACHE": str(Path(folder) / "cache")}
        done = subprocess.run(
            command, env=os.environ | threads | cache, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"the grid on classroom:{seed} failed: {done.stderr[-2000:]}")
        results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return {name: results[name] for name in NEEDED}


def held(results: Mapping[str, Any], bands: Recorded) -> dict[tuple[str, str, str], bool]:
    """Whether each cell of a grid, named by arm, stage and metric, lies in its band."""
    cells = {}
    for arm, stages in results["arms"].items():
        for stage, metrics in stages.items():
            for metric, value in metrics.items():
                low, high = bands.band(arm, stage, metric)
                inside = low - ARITHMETIC <= value["value"] <= high + ARITHMETIC
                cells[arm, stage, metric] = inside
    return cells


def cells_table(runs: Mapping[str, Mapping[str, Any]]) -> str:
    """How many cells of each corpus lie in the notebooks' bands; and which most often do not."""
    bands = recorded(RECORDED)
    found = {seed: held(results, bands) for seed, results in runs.items()}
    lines = ["| corpus | cells in the bands of seed 31 |", "| --- | --- |"]
    lines += [
        f"| `classroom:{seed}` | {sum(cells.values())} of {len(cells)} |"
        for seed, cells in found.items()
    ]
    left = Counter(
        f"{arm}, {stage}: {metric}"
        for cells in found.values()
        for (arm, stage, metric), inside in cells.items()
        if not inside
    )
    lines += ["", "| cell that is left | by how many of the corpora |", "| --- | --- |"]
    lines += [f"| {name} | {count} of {len(found)} |" for name, count in left.most_common()]
    return "\n".join(lines) + "\n"


def story_table(runs: Mapping[str, Mapping[str, Any]]) -> str:
    """The story's sentences with the corpora in the place of training seeds."""
    if len(runs) < 2:
        return ""
    lines = [
        "| sentence | expected | mean over corpora [95 %] | corpora of that sign | comes out |",
        "| --- | --- | --- | --- | --- |",
    ]
    story = findings(over_corpora(runs))
    for finding in map(asdict, story):
        value = finding["value"]
        low, high = value["ci95"]
        mean = value["value"]
        same = sum(one * mean > 0 for one in value["per_seed"])
        lines.append(
            f"| {finding['statement']} | {finding['expected']} | {mean:+z.3f} [{low:+z.3f}, "
            f"{high:+z.3f}] | {same} of {len(runs)} | {finding['verdict']} |"
        )
    out = sum(finding.verdict == "yes" for finding in story)
    return "\n".join([*lines, "", f"{out} of {len(story)} sentences come out."]) + "\n"


def over_corpora(runs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Runs of one seed on several corpora as one run of several seeds; rungs by their mean."""
    several = list(runs.values())
    return {"seeds": list(map(int, runs)), **_joined([dict(run) for run in several])}


def _joined(several: Sequence[Any]) -> Any:
    """Mappings of one shape as one: their `per_seed` side by side, with the mean of all."""
    first = several[0]
    if not isinstance(first, Mapping):
        return first
    if "per_seed" in first:
        values = [value for one in several for value in one["per_seed"]]
        return {"value": sum(values) / len(values), "ci95": None, "per_seed": values}
    return {name: _joined([one[name] for one in several]) for name in first}


if __name__ == "__main__":
    main()
