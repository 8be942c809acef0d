"""docs/structure.md: its numbers are the recorded ones, and what it names is where it says."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import structure  # noqa: E402
from layers import Imports  # noqa: E402

PAGE = structure.PAGE.read_text(encoding="utf-8")
RECORDED = json.loads((ROOT / "benchmarks" / "structure.json").read_text(encoding="utf-8"))


def between(name: str) -> str:
    return PAGE.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


PLACES = re.findall(r"\| \[(.+?)\]\((.+?)\) \| `(\w+)` \|", between("where"))


def test_the_numbers_are_the_recorded_ones() -> None:
    assert between("structure") == structure.table(RECORDED)
    assert between("way") == structure.way(RECORDED)


def test_contributing_leads_to_the_page() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "[docs/structure.md](docs/structure.md)" in page
    assert "## The map: where is …?" in page and "### From the paper to the line" in page


@pytest.mark.parametrize("shown, link, name", PLACES, ids=[name for _, _, name in PLACES])
def test_what_is_looked_for_is_there(shown: str, link: str, name: str) -> None:
    assert link == f"../{shown}"
    defined = set()
    for node in ast.parse((ROOT / shown).read_text(encoding="utf-8")).body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        defined |= {getattr(node, "name", None), *(getattr(one, "id", None) for one in targets)}
    assert name in defined


def test_every_question_has_its_answer() -> None:
    assert len(PLACES) == between("where").count("\n") - 2 > 20


def test_what_is_counted(tmp_path: Path) -> None:
    """A package of three files, two of which import each other inside functions."""
    package = tmp_path / "minbert"
    package.mkdir()
    (package / "a.py").write_text("from minbert import b, c\n")
    (package / "b.py").write_text("def late():\n    from minbert.a import x  # fmt: skip\n")
    (package / "c.py").write_text("")
    imports = Imports.read(package)
    assert imports.of == {"a.py": {"b.py", "c.py"}, "b.py": {"a.py"}, "c.py": set()}
    assert Imports.read(package, inside=False).of["b.py"] == set()
    assert structure._size(package) == {"files": 3, "lines": 3}
    assert structure._unformatted(package) == 1
    assert structure._has_cycle(imports.of)
    assert not structure._has_cycle(Imports.read(package, inside=False).of)


def test_a_return_is_a_step_from_an_earlier_file() -> None:
    import way_of_one_experiment

    way = way_of_one_experiment.Way(lambda name: name != "model.py")
    for names in (["run.py"], ["grid.py", "run.py"], ["model.py", "grid.py", "run.py"],
                  ["cache.py", "model.py", "grid.py", "run.py"], ["grid.py", "run.py"],
                  ["report.py", "run.py"]):  # fmt: skip
        way.entered(names)
    assert way.files == ["run.py", "grid.py", "cache.py", "report.py"]
    assert way.returns == 1
