"""Do the bands of seed 31 hold on other classroom corpora? A grid on each, held against them.

    python benchmarks/classroom_seeds.py --out benchmarks/classroom_seeds.json

The bands are those of the notebooks: where one more training seed is expected on corpus 31, from
five recorded ones, at 99 %. A corpus of another seed has other sentences, so more cells than one
in a hundred may lie outside; how many, and in which cells, is what this measures. A corpus takes
about three minutes on two cores; what is finished is kept, and the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from minbert.__main__ import main as minbert
from minbert.course.live import ARITHMETIC
from minbert.course.recorded import Recorded, recorded
from minbert.experiments.run_folder import check_replaceable

RECORDED = "lab-tiny-quick"


def main() -> None:
    """Run the grids, print what lies outside, write everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.out:
        check_replaceable(arguments.out, ("command",))
    bands = recorded(RECORDED)
    found: dict[str, list[dict[str, Any]]] = {}
    for seed in arguments.corpora:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "run"
            if minbert(["reproduce", "--data", f"classroom:{seed}", "--out", str(out)]):
                raise SystemExit(f"the grid on classroom:{seed} did not end well")
            results = json.loads((out / "results.json").read_text(encoding="utf-8"))
        found[str(seed)] = held(results, bands)
        inside = sum(cell["inside"] for cell in found[str(seed)])
        print(f"classroom:{seed}: {inside} of {len(found[str(seed)])} cells inside", flush=True)
        if arguments.out:  # after each corpus: Ctrl-C loses one
            content = {
                "command": " ".join(["python", *sys.argv]),
                "bands": bands.command,
                "outside": outside(found),
                "corpora": found,
            }
            arguments.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(outside(found), indent=1))


def held(results: dict[str, Any], bands: Recorded) -> list[dict[str, Any]]:
    """Each cell of a grid, and whether it lies in its band."""
    cells = []
    for arm, stages in results["arms"].items():
        for stage, metrics in stages.items():
            for metric, value in metrics.items():
                low, high = bands.band(arm, stage, metric)
                inside = low - ARITHMETIC <= value["value"] <= high + ARITHMETIC
                where = {"arm": arm, "stage": stage, "metric": metric}
                cells.append(where | {"value": value["value"], "inside": inside})
    return cells


def outside(found: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    """How many corpora leave the band of each cell; cells that none leaves are not named."""
    return dict(
        Counter(
            f"{cell['arm']}, {cell['stage']}: {cell['metric']}"
            for cells in found.values()
            for cell in cells
            if not cell["inside"]
        ).most_common()
    )


if __name__ == "__main__":
    main()
