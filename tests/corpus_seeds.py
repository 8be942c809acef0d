"""The course on other classroom corpora: which of its findings are of one corpus only?

    python tests/corpus_seeds.py --seeds 0 1 2 --out tests/corpus_seeds.json

Every notebook runs with MINBERT_LAB_SEED set, as a learner's copy with a corpus of its own does
(`minbert course student --seed N`); the notebooks of one seed share a cache. Seeds that are in the
file already stay there. A corpus takes some ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from minbert.course.notebooks import notebook_paths
from minbert.course.runner import execute
from minbert.data import LAB_SEED

RECORD = Path(__file__).with_name("corpus_seeds.json")


def run_notebook(path: Path, seed: int, cache: Path) -> dict[str, Any]:
    """Findings that a notebook states on a corpus, those not found, and what stopped it."""
    environment = {
        "MINBERT_TIER": "lab",
        "MINBERT_LAB_SEED": str(seed),
        "MINBERT_CACHE": str(cache),
    }
    run = execute(path, environment, path.parent)
    stopped = [] if run.error is None else [f"{path.stem}: {run.error.splitlines()[0]}"]
    missing = [f"{path.stem}: {claim.sentence}" for claim in run.claims if not claim.holds]
    return {"findings": len(run.claims), "not_found": missing, "stopped": stopped}


def run_seed(seed: int, names: Sequence[str] | None) -> dict[str, Any]:
    """All notebooks on one corpus."""
    found: dict[str, Any] = {"findings": 0, "not_found": [], "stopped": []}
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as cache:
        for path in notebook_paths(names):
            for name, value in run_notebook(path, seed, Path(cache)).items():
                found[name] += value
    found |= {"minutes": round((time.monotonic() - started) / 60, 1), "date": f"{date.today()}"}
    print(f"seed {seed}: {json.dumps(found, ensure_ascii=False)}", flush=True)
    return found


def table(record: dict[str, Any]) -> str:
    """A line a corpus, then the findings that some corpus lacks."""
    lines = ["| seed | findings stated | not found | notebooks stopped |", "| --- " * 4 + "|"]
    for seed, found in record["seeds"].items():
        counts = (len(found[kind]) for kind in ("not_found", "stopped"))
        lines.append(f"| {seed} | {found['findings']} | {' | '.join(map(str, counts))} |")
    missing = Counter(name for found in record["seeds"].values() for name in found["not_found"])
    of = len(record["seeds"])
    lines += ["", f"| finding | not found on, of {of} |", "| --- | --- |"]
    lines += [f"| {name} | {count} |" for name, count in missing.most_common()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the corpora and write what was found; 1 if a notebook was stopped by an error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, required=True)
    parser.add_argument("--notebooks", nargs="+", help="beginnings of names (default: all)")
    parser.add_argument("--out", type=Path, help="JSON file for the result")
    arguments = parser.parse_args()
    if arguments.out and arguments.notebooks:
        parser.error("--out records whole courses: leave out --notebooks")
    if LAB_SEED in arguments.seeds:
        parser.error(f"{LAB_SEED} is the course's own corpus: choose others")
    clean = True
    for seed in arguments.seeds:
        found = run_seed(seed, arguments.notebooks)
        clean &= not found["stopped"]
        if arguments.out:
            seeds = (
                json.loads(arguments.out.read_text("utf-8"))["seeds"]
                if arguments.out.exists()
                else {}
            )
            seeds[str(seed)] = found
            content = {
                "command": "python tests/corpus_seeds.py",
                "seeds": {key: seeds[key] for key in sorted(seeds, key=int)},
            }
            text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
            arguments.out.write_text(text, encoding="utf-8")
    return int(not clean)


if __name__ == "__main__":
    sys.exit(main())
