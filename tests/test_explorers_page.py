"""docs/explorers.md: its code runs, its table is the recorded one, its notebooks have them all."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import matplotlib
import pytest

from minbert.course.notebooks import notebook_paths, read, tags
from minbert.viz import explorers
from minbert.viz.explorers import Explorer

matplotlib.use("agg")

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "explorers.md").read_text(encoding="utf-8")
RECORDED = json.loads((ROOT / "benchmarks" / "explorers.json").read_text(encoding="utf-8"))
EXPLORERS = {
    name
    for name in explorers.__all__
    if name != "Explorer"
    and isinstance(getattr(explorers, name), type)
    and issubclass(getattr(explorers, name), Explorer)
}


def benchmark():
    path = ROOT / "benchmarks" / "explorers.py"
    spec = importlib.util.spec_from_file_location("benchmark_explorers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("code", re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.M))
def test_its_code_runs(code: str, minilm_folder: Path) -> None:
    exec(compile(code, "explorers.md", "exec"), {})


def test_there_are_nine_and_each_stands_in_the_table() -> None:
    assert len(EXPLORERS) == 9
    named = re.findall(r"^\| `(\w+)` \|.*\|(.*)\|$", PAGE, re.M)
    assert {name for name, _ in named} == EXPLORERS
    for name, places in named:
        for stem in re.findall(r"\((?:\.\./notebooks/)(\w+)\.ipynb\)", places):
            cells = read(ROOT / "notebooks" / f"{stem}.ipynb").cells
            assert any(name in cell.source for cell in cells if "explorer" in tags(cell)), name


def test_a_notebook_has_each_explorer_in_a_cell_of_its_own() -> None:
    cells = [cell for path in notebook_paths() for cell in read(path).cells]
    marked = [cell for cell in cells if "explorer" in tags(cell)]
    for name in EXPLORERS:
        assert any(f"{name}(" in cell.source for cell in marked), name
    for cell in marked:
        shown = " ".join(str(output.get("data", {})) for output in cell.outputs)
        assert "live in a running notebook" in shown, cell.source
        assert "image/png" in shown and "numbers as first drawn" in shown, cell.source
        assert "widget-view" not in shown


def test_the_latency_table_is_the_recorded_one() -> None:
    module = benchmark()
    rows = [
        module.row(explorer, encoder, found)
        for encoder, results in RECORDED["results"].items()
        for explorer, found in results.items()
    ]
    shown = PAGE.partition("<!-- latency -->\n")[2].partition("<!-- /latency -->")[0]
    assert shown == "\n".join([module.HEADER, *rows]) + "\n"
    assert {row.split(" | ")[0].lstrip("| ").partition(",")[0] for row in rows} == EXPLORERS


def test_the_benchmark_still_runs() -> None:
    """Once, on the quickest: what it returns is a time, and no control fails."""
    module = benchmark()
    found = module.measure(module.trained_monitor, runs=1)
    assert found["first_draw_s"] > 0 and found["plain_picture_s"] > 0
    assert found["slowest_control"] in ("Smooth over points", "Logarithmic loss", "Learning rate")
