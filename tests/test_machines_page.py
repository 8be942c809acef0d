"""docs/machines.md shows what was recorded, and what was recorded is clean."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import machine_matrix

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import code_paths  # noqa: E402
import copies  # noqa: E402

PAGE = (ROOT / "docs" / "machines.md").read_text(encoding="utf-8")
MATRIX = json.loads((ROOT / "tests" / "machine_matrix.json").read_text(encoding="utf-8"))
DISTANCES = json.loads((ROOT / "benchmarks" / "code_paths.json").read_text(encoding="utf-8"))
COPIES = json.loads((ROOT / "benchmarks" / "copies.json").read_text(encoding="utf-8"))


def between(name: str) -> str:
    return PAGE.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def test_the_matrix_is_the_recorded_one() -> None:
    assert between("matrix") == machine_matrix.table(MATRIX)


def test_every_cell_is_recorded_with_its_machine() -> None:
    assert list(MATRIX["cells"]) == list(machine_matrix.CELLS)
    assert set(machine_matrix.MOST_DIFFERENT) <= set(MATRIX["cells"])
    for found in MATRIX["cells"].values():
        assert found["machine"] and found["torch"] and found["date"]


def test_the_two_cells_of_make_test_are_far_apart_and_cheap() -> None:
    assert between("distances") == code_paths.table(DISTANCES)
    far = DISTANCES["distances"][", ".join(machine_matrix.MOST_DIFFERENT)]
    assert far > 0.95 * max(DISTANCES["distances"].values())
    times = DISTANCES["time_to_first"]
    assert all(
        times[cell] < times[machine_matrix.OLDEST] / 1.5 for cell in machine_matrix.MOST_DIFFERENT
    )


def test_everywhere_everything_was_found_and_nothing_moved() -> None:
    for cell, found in MATRIX["cells"].items():
        assert not found["not_found"] + found["moved"] + found["stopped"], cell
        assert found["findings"] >= 150


def test_the_copies_are_the_recorded_ones() -> None:
    assert between("copies") == copies.table(COPIES)
    said = map(copies.kernels_sentence, COPIES["kernels"].values())
    assert between("kernels") == "\n".join(said)


def test_all_copies_gave_the_same_results_and_left_a_whole_cache() -> None:
    assert all(row["same_results"] for row in COPIES["summary"])
    assert {"8", "20"} <= set(COPIES["kernels"])
    for found in COPIES["kernels"].values():
        assert found["stages"] > 0
        for wrong in ("unfinished_stages", "damaged_stages", "differing_notebooks"):
            assert found[wrong] == []
