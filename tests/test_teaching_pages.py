"""docs/teaching: what it names is there, its commands are understood, its lists are complete."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from minbert.commands import parser
from minbert.commands.parser import build_parser
from minbert.course.build_track.pieces import PIECES
from minbert.course.notebooks import notebook_paths
from minbert.course.teaching.export import TOOLS
from minbert.course.teaching.quiz_formats import FORMATS

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import classroom_seeds  # noqa: E402

FOLDER = ROOT / "docs" / "teaching"
PAGES = sorted(FOLDER.glob("*.md"))


def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def test_the_parser_offers_what_there_is() -> None:
    assert tuple(FORMATS) == parser.QUIZ_FORMATS and TOOLS == parser.GRADERS


def test_the_glossary_is_sorted_and_says_each_term_once() -> None:
    lines = [line for line in text("glossary.md").splitlines() if line.startswith("- ")]
    terms = [re.match(r"- \*\*(.+?)\*\*: .{15,}[.]$", line)[1] for line in lines]
    keys = [re.sub(r"[^a-z0-9 ]", "", term.lower()) for term in terms]
    assert len(keys) == len(set(keys)) >= 80
    assert keys == sorted(keys)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_command_line_is_understood(path: Path) -> None:
    blocks = re.findall(r"^```\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.M)
    for line in "\n".join(blocks).splitlines():
        if line.startswith("minbert "):
            build_parser().parse_args(shlex.split(line)[1:])


@pytest.mark.parametrize("sessions", [6, 12])
def test_a_plan_covers_the_course(sessions: int) -> None:
    plan = text(f"plan_{sessions}_sessions.md")
    parts = plan.split("\n## Session ")[1:]
    assert len(parts) == sessions
    notebooks = " ".join(re.findall(r"\*\*Notebooks\.\*\* (.+?) \*\*Build", plan))
    for path in notebook_paths():
        assert path.stem.partition("_")[0] in notebooks + plan
    for part in parts:
        for what in ("Objectives", "Notebooks", "Build track", "Homework"):
            assert f"**{what}.**" in part
        *minutes, total = map(int, re.findall(r"^\| \**(\d+)\** \|", part, re.MULTILINE))
        assert sum(minutes) == total == (120 if sessions == 6 else 90)
        assert part.count("\n- ") >= 2, "questions to ask in class"


def test_objectives_name_every_notebook_and_piece() -> None:
    page = text("objectives.md")
    for path in notebook_paths():
        assert re.search(rf"\b{path.stem.partition('_')[0]}\b", page), path.stem
    for piece in PIECES:
        assert f"| {piece.number} {piece.title} |" in page


def test_the_rubric_adds_up() -> None:
    rows = re.findall(r"^\| [A-Z][^|]+ \| (\d+) \|", text("final_project.md"), re.MULTILINE)
    assert sum(map(int, rows)) == 100


def test_questions_belong_to_notebooks_and_do_not_favour_a_place() -> None:
    bank = json.loads(text("quiz.json"))
    numbers = {path.stem.partition("_")[0] for path in notebook_paths()}
    assert set(bank) <= numbers and sum(map(len, bank.values())) >= 18


def test_the_page_on_other_corpora_shows_what_was_recorded() -> None:
    recorded = json.loads((ROOT / "benchmarks" / "classroom_seeds.json").read_text("utf-8"))
    assert len(recorded["runs"]) >= 10 and "31" not in recorded["runs"]
    page = text("corpora.md")
    for table in (classroom_seeds.cells_table, classroom_seeds.story_table):
        assert table(recorded["runs"]) in page
