"""Verdicts follow from numbers: each kind of expectation, met, half met and missed."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest

from minbert.course.recorded import recorded
from minbert.experiments.report import Finding, findings, story_count

ROOT = Path(__file__).parents[2]

SPREAD = (-0.01, 0.0, 0.01)


def values(center: float) -> dict:
    return {"value": center, "per_seed": [center + step for step in SPREAD]}


def measured(sst: float, quora: float, sts: float) -> dict:
    return {
        "sst_accuracy": values(sst),
        "quora_accuracy": values(quora),
        "sts_pearson": values(sts),
    }


@pytest.fixture
def results() -> dict:
    """A run on which the whole story comes out. Made up."""
    return {
        "seeds": [0, 1, 2],
        "arms": {
            "baseline": {"untrained": measured(0.2, 0.5, 0.1)},
            "heads_only": {
                "heads": measured(0.3, 0.6, 0.2),
                "sst_finetune": measured(0.5, 0.6, 0.2),
            },
            "mlm": {"heads": measured(0.3, 0.6, 0.2), "sst_finetune": measured(0.5, 0.6, 0.2)},
            "mnrl": {"heads": measured(0.3, 0.7, 0.6), "sst_finetune": measured(0.5, 0.7, 0.6)},
        },
        "ladder": {
            "sst_accuracy": {"majority": {"value": 0.3}, "bag_of_words": {"value": 0.4}},
            "quora_accuracy": {"majority": {"value": 0.6}},
            "sts_pearson": {"tfidf_word": {"value": 0.5}},
        },
        "mlm_held_out": {"sst": {"relative_change": {"per_seed": [-0.5, -0.51, -0.49]}}},
    }


def find(results: dict, start: str) -> Finding:
    [finding] = [f for f in findings(results) if f.statement.startswith(start)]
    return finding


def test_a_run_that_bears_everything_out(results: dict) -> None:
    # The seeds of two arms move together here, so that every difference is exact.
    assert {finding.verdict for finding in findings(results)} == {"yes"}
    gain = find(results, "MNRL raises similarity over heads_only")
    assert gain.value["value"] == pytest.approx(0.4)
    assert find(results, "mnrl (fine-tuned) beats the best rung of sentiment, bag of words")


def test_a_gain_that_is_real_but_small(results: dict) -> None:
    results["arms"]["mnrl"]["heads"]["sts_pearson"]["per_seed"] = [0.26, 0.27, 0.28]
    finding = find(results, "MNRL raises similarity over heads_only")
    assert finding.verdict == "less than expected"


def test_luck_is_not_a_finding(results: dict) -> None:
    results["arms"]["mnrl"]["heads"]["sts_pearson"]["per_seed"] = [0.9, 0.1, 0.6]
    assert find(results, "MNRL raises similarity over heads_only").verdict == "no"
    results["mlm_held_out"]["sst"]["relative_change"]["per_seed"] = [-0.9, 0.5, -0.9]
    assert find(results, "MLM lowers").verdict == "no"


def test_what_should_change_little_is_held_to_it(results: dict) -> None:
    worse = copy.deepcopy(results)
    worse["arms"]["mnrl"]["sst_finetune"]["sts_pearson"]["per_seed"] = [0.3, 0.3, 0.3]
    assert find(worse, "fine-tuning costs similarity little: mnrl").verdict == "no"
    assert find(worse, "mnrl (fine-tuned) beats the best rung of similarity").verdict == "no"
    helped = copy.deepcopy(results)
    helped["arms"]["mlm"]["heads"]["sst_accuracy"]["per_seed"] = [0.4, 0.4, 0.4]
    assert find(helped, "mlm does not help sentiment").verdict == "no"


def test_one_seed_tells_nothing_of_luck(results: dict) -> None:
    results["seeds"] = [0]
    with pytest.raises(ValueError, match="at least two seeds"):
        findings(results)


def test_a_run_without_the_storys_arms_has_none(results: dict) -> None:
    results["arms"] = {"baseline": results["arms"]["baseline"]}
    results["mlm_held_out"] = None
    assert findings(results) == []


def test_the_count_takes_only_what_is_borne_out_in_full(results: dict) -> None:
    results["arms"]["mnrl"]["heads"]["sts_pearson"]["per_seed"] = [0.29, 0.3, 0.31]
    story = findings(results)
    assert {found.verdict for found in story} >= {"yes", "less than expected"}
    out = [found.verdict for found in story].count("yes")
    left = len(story) - out
    assert story_count(story).startswith(f"{out} of the story's {len(story)} sentences come out")
    assert story_count(story).endswith(f", {left} do not")


@pytest.mark.parametrize("page", ["README.md", "docs/results.md", "docs/lab.md"])
def test_pages_count_the_recorded_story_alike(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    count = story_count(findings(recorded("lab-tiny-quick").results))
    assert re.findall(r"<!-- story -->(.+?)<!-- /story -->", text) == [count]
