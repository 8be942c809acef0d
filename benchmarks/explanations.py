"""The three explanations of the paper's section 6, tried by experiment.

On the lab (synthetic) by default; with `--tier real` on the sample of the CS224N files that the
notebooks train on live, with MiniLM. Every stage goes through the cache of the command line
(MINBERT_CACHE), so that the paper's arms are not trained twice; seed by seed, and the file is
written again after each.

    python benchmarks/explanations.py --seeds 0 1 2 3 4 --out figures/results/lab-explanations
    python benchmarks/explanations.py --tier real --data DIR --experiments words --seeds 0 1 2 \\
        --out figures/results/real-explanations
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from minbert.course.guesses import moved_space, survival, words
from minbert.course.guesses.reading import gathered
from minbert.course.session import Session
from minbert.course.tiers import choose_tier
from minbert.experiments.grid import Grid
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.pretrained import from_pretrained

EXPERIMENTS = {"words": words, "moved_space": moved_space, "survival": survival}


def measure(grid: Grid, seed: int, experiments: list[str]) -> dict[str, Any]:
    """The experiments asked for, with one seed."""
    found: dict[str, Any] = {}
    if "words" in experiments:
        original, trained = (
            from_pretrained(str(grid.encoder_folder(path, seed)))[0] for path in ((), ("mlm",))
        )
        found["words"] = words.transplanted_words(grid, seed)
        found["word_steps"] = words.steps(original, trained)
    if "moved_space" in experiments:
        found["moved_space"] = moved_space.ranked(grid, seed)
    if "survival" in experiments:
        found["survival"] = survival.survival(grid, seed)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tier", choices=("lab", "real"), default="lab")
    parser.add_argument("--data", help="folder of the CS224N files, for the tier real")
    parser.add_argument(
        "--experiments", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS), metavar="NAME"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--out", required=True, help="folder")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    torch.set_num_threads(2)
    out = Path(arguments.out)
    check_replaceable(out / "results.json", ("expected", "seeds", "command"))
    out.mkdir(parents=True, exist_ok=True)

    session = Session("benchmarks", choose_tier(arguments.tier, arguments.data))
    data, preset = session.data, session.preset
    results: dict[str, Any] = {
        "tier": data.tier,
        "data": {"name": data.name, "note": data.note, "digest": data.digest},
        "encoder": session.tier.encoder,
        "recipe": asdict(session.recipe),
        "preset": {"name": preset.name, "values": preset.values()},
        "seeds": [],
        "versions": versions(),
        "device": describe_device(session.device),
        "precision": session.experiment.precision,
        "expected": {name: EXPERIMENTS[name].EXPECTED for name in arguments.experiments},
        "command": "python benchmarks/explanations.py " + " ".join(sys.argv[1:]),
    }
    found = []
    for seed in arguments.seeds:
        found.append(measure(session.grid, seed, arguments.experiments))
        results["seeds"].append(seed)
        write_json(out / "results.json", {**results, **gathered(found)})
        print(f"seed {seed}: done", flush=True)


if __name__ == "__main__":
    main()
