"""Everybody's results in one table: the page shows it, and no cell is without its interval."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np

from minbert import paper
from minbert.course.recorded import recorded
from minbert.course.world import (
    PUBLIC,
    best_markdown,
    earlier_markdown,
    lab_best_markdown,
    world_markdown,
)
from minbert.data import load_data
from minbert.data.predictions import read_predictions
from minbert.evaluation.intervals import wilson_interval
from minbert.experiments.markdown import cell, number
from minbert.experiments.report import findings
from minbert.tasks import QUORA
from minbert.training.recipe import RECIPES, recipe_for

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import real_recipes  # noqa: E402

PAGE = (ROOT / "docs" / "beyond.md").read_text(encoding="utf-8")


def between(name: str) -> str:
    return PAGE.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def test_the_page_shows_them() -> None:
    assert between("world") == world_markdown()
    assert between("best") == best_markdown()
    assert between("earlier") == earlier_markdown()
    assert between("lab-best") == lab_best_markdown()


def test_each_run_with_dev_predictions_is_tested_against_best() -> None:
    recorded_tests = json.loads(real_recipes.RECORD.read_text(encoding="utf-8"))
    assert between("real-recipes") == real_recipes.table(recorded_tests)
    runs = {one["run"] for one in recorded_tests["tests"]}
    assert runs == set(real_recipes.OTHERS) and len(recorded_tests["tests"]) == 3 * len(runs)


def test_the_tests_of_the_recorded_predictions_come_out_again(real_data_folder: Path) -> None:
    recorded_tests = json.loads(real_recipes.RECORD.read_text(encoding="utf-8"))
    again = real_recipes.tested(f"cs224n:{real_data_folder}")
    assert json.loads(json.dumps(again)) == recorded_tests


def test_the_page_says_how_the_shorter_run_errs(real_data_folder: Path) -> None:
    pairs = load_data(f"cs224n:{real_data_folder}").quora
    folder = ROOT / "figures" / "results" / "real-minilm-shorter"
    _, said = read_predictions(folder / "predictions" / "quora-dev.csv", QUORA)
    answers = np.array([said[pair.id] for pair in pairs.dev])
    labels = np.array([pair.label for pair in pairs.dev])
    train = np.mean([pair.label for pair in pairs.train])
    assert f"{train:.0%}".replace("%", " %") + " of the training pairs are duplicates" in PAGE
    assert f"{labels.mean():.0%}".replace("%", " %") + " of the dev pairs" in PAGE
    assert f"{answers.mean():.0%}".replace("%", " %") + " of the pairs, and" in PAGE
    found, kept = answers[labels == 1].mean(), 1 - answers[labels == 0].mean()
    shown = [f"{value:.2f}".lstrip("0") for value in (found, kept, 1 - train, 1 - labels.mean())]
    assert f"It finds {shown[0]} of the duplicates and {shown[1]} of the others" in PAGE
    assert f'"no" alone is right for {shown[2]} of the one and {shown[3]} of the other' in PAGE


def test_the_readme_shows_the_mean_of_the_recorded_run() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    measured = recorded("real-minilm-best").results["arms"]["best"]["joint"]
    for name in ("sst_accuracy", "quora_accuracy", "sts_pearson"):
        assert number(measured[name]["value"]) in readme
    assert f"mean {cell(measured['overall_mean'])}" in readme
    table = readme.partition("<!-- world -->\n")[2].partition("<!-- /world -->")[0]
    assert table == world_markdown()


def test_the_recorded_run_is_that_of_the_recipe_as_it_is() -> None:
    assert recorded("real-minilm-best").results["recipe"] == RECIPES["best"].values()


def test_on_the_lab_it_beats_every_rung_of_the_ladder_beyond_the_noise_of_five_seeds() -> None:
    results = recorded("lab-tiny-best").results
    assert results["recipe"] == recipe_for("best", "quick", "tiny").values()
    assert len(results["seeds"]) == 5
    story = findings(results)
    assert len(story) == 3
    for finding in story:
        assert "beats the best rung of" in finding.statement
        assert finding.verdict == "yes" and finding.value["ci95"][0] > 0


def test_every_number_has_its_interval() -> None:
    rows = world_markdown().splitlines()[2:]
    cells = [cell.strip() for row in rows for cell in row.strip("|").split("|")[2:5]]
    numbers = [cell for cell in cells if cell != "—"]
    assert len(numbers) >= 15
    for shown in numbers:
        value, low, high = map(float, re.findall(r"\.\d{3}", shown))
        assert low < value < high


def test_the_papers_cells_are_the_papers() -> None:
    theirs = paper.TABLES["table2"]["mnrl"]
    assert PUBLIC[0].scores == {
        task: theirs[f"{task}_{'pearson' if task == 'sts' else 'accuracy'}"]
        for task in ("sst", "quora", "sts")
    }
    low, high = wilson_interval(round(0.5 * 1101), 1101)
    assert f".500 [{low:.3f}, {high:.3f}]".replace("0.", ".") in world_markdown()
