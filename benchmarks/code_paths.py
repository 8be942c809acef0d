"""Which two cells of the machine matrix differ most, and what each costs.

    python benchmarks/code_paths.py --out benchmarks/code_paths.json

Each cell pre-trains the lab's encoder on its masked language model, from the same weights and
seed. All that can differ is rounding, which training magnifies: the distance between two encoders
afterwards says how differently two cells compute. `make test` runs notebooks in two cells, so that
they should be far apart and cheap. Times are multiples of the first cell's, taken in this call.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import torch

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from machine_matrix import CELLS, environment, machine

from minbert import Encoder, from_pretrained
from minbert.experiments.run_folder import check_replaceable, write_json

COMMAND = [sys.executable, "-m", "minbert", "reproduce", "--arms", "mlm", "--preset", "quick"]


def flat(encoder: Encoder) -> torch.Tensor:
    """All weights in a line."""
    return torch.cat([weight.detach().flatten().double() for weight in encoder.parameters()])


def weights_after(cell: str, folder: Path) -> tuple[torch.Tensor, float]:
    """The weights of the pre-trained encoder, and the seconds of the whole run."""
    started = time.perf_counter()
    command = [*COMMAND, "--out", str(folder / "out")]
    variables = environment(cell, folder / "cache")
    subprocess.run(command, env=variables, check=True, capture_output=True)
    seconds = time.perf_counter() - started
    encoder, _ = from_pretrained(str(folder / "out" / "checkpoints" / "seed0" / "mlm" / "heads"))
    return flat(encoder), seconds


def measure(cells: list[str]) -> dict[str, Any]:
    """Distances of every two cells, and what each cost."""
    with tempfile.TemporaryDirectory() as folder:
        found = {cell: weights_after(cell, Path(folder) / cell) for cell in cells}
    before = flat(from_pretrained("tiny")[0])
    first = found[cells[0]]
    return {
        "command": "python benchmarks/code_paths.py --out benchmarks/code_paths.json",
        "machine": machine(),
        "distance_of_training": float((first[0] - before).norm()),
        "time_to_first": {cell: seconds / first[1] for cell, (_, seconds) in found.items()},
        "distances": {
            f"{a}, {b}": float((found[a][0] - found[b][0]).norm())
            for a, b in combinations(cells, 2)
        },
    }


def table(found: dict[str, Any]) -> str:
    """For docs/machines.md."""
    moved = found["distance_of_training"]
    lines = ["| two cells | distance of their encoders |", "| --- | --- |"]
    lines += [f"| before and after training, {next(iter(found['time_to_first']))} | {moved:.2f} |"]
    lines += [f"| {pair} | {distance:.2f} |" for pair, distance in found["distances"].items()]
    lines += ["", "| cell | time, multiple of the first |", "| --- | --- |"]
    lines += [f"| {cell} | {ratio:.1f} |" for cell, ratio in found["time_to_first"].items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    default = ["native-1", "avx2-1", "baseline-1", "perturbed-1", "perturbed-4"]
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=default)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    check_replaceable(arguments.out, ["distance_of_training"])
    write_json(arguments.out, measure(arguments.cells))


if __name__ == "__main__":
    main()
