"""A course begins where nothing is installed that only makes pages, as on Colab."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
HIDDEN = ("bs4", "jupyterlab", "latex2mathml", "nbclient", "nbconvert", "nbformat")
BEGIN = """
import json, sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[2:]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
with open(sys.argv[1], encoding="utf-8") as file:
    cells = [cell for cell in json.load(file)["cells"] if cell["cell_type"] == "code"]
names = {}
for cell in cells[:8]:
    exec("".join(cell["source"]), names)
print("hidden and loaded:", *sorted(set(sys.argv[2:]) & set(sys.modules)))
"""


def test_the_first_notebook_begins_without_what_makes_pages(tmp_path: Path) -> None:
    notebook = ROOT / "notebooks" / "00_start_here.ipynb"
    command = [sys.executable, "-c", BEGIN, str(notebook), *HIDDEN]
    environment = {**os.environ, "MINBERT_CACHE": str(tmp_path), "MPLBACKEND": "agg"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "All packages and Python itself are in versions that will do." in done.stdout
    assert done.stdout.splitlines()[-1] == "hidden and loaded:"


def test_what_notebooks_need_is_an_extra_of_its_own() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(extras["widgets"]) < set(extras["notebooks"])
    assert not any(name in line for line in extras["widgets"] for name in HIDDEN)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 'pip install -q "./minbert[widgets]"' in readme
