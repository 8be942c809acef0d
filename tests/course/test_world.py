"""Everybody's results in one table: the page shows it, and no cell is without its interval."""

from __future__ import annotations

import re
from pathlib import Path

from minbert import paper
from minbert.course.recorded import recorded
from minbert.course.world import DEV_SIZES, PUBLIC, world_markdown
from minbert.evaluation.intervals import wilson_interval

PAGE = (Path(__file__).parents[2] / "docs" / "beyond.md").read_text(encoding="utf-8")


def test_the_page_shows_it() -> None:
    assert PAGE.partition("<!-- world -->\n")[2].partition("<!-- /world -->")[0] == world_markdown()


def test_every_number_has_its_interval() -> None:
    rows = world_markdown().splitlines()[2:]
    cells = [cell.strip() for row in rows for cell in row.strip("|").split("|")[2:5]]
    numbers = [cell for cell in cells if cell != "—"]
    assert len(numbers) >= 15
    for cell in numbers:
        value, low, high = map(float, re.findall(r"\.\d{3}", cell))
        assert low < value < high


def test_the_papers_cells_are_the_papers() -> None:
    theirs = paper.TABLES["table2"]["mnrl"]
    assert PUBLIC[0].scores == {task: theirs[f"{task}_{'pearson' if task == 'sts' else 'accuracy'}"]
                                for task in ("sst", "quora", "sts")}  # fmt: skip
    low, high = wilson_interval(round(0.5 * 1101), 1101)
    assert f".500 [{low:.3f}, {high:.3f}]".replace("0.", ".") in world_markdown()


def test_the_sizes_are_those_of_the_recorded_run() -> None:
    rows = recorded("real-minilm-quick").results["data"]["rows"]
    assert {task: rows[task]["dev"] for task in DEV_SIZES} == DEV_SIZES
