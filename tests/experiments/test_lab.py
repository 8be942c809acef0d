"""The lab: every arm on a small piece of the classroom corpus, with the shipped encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from minbert.data.classroom.corpus import classroom_corpus
from minbert.data.examples import CourseData, TaskData
from minbert.experiments.arms import ARMS
from minbert.experiments.cache import StageCache
from minbert.experiments.experiment import Experiment
from minbert.experiments.reproduce import reproduce
from minbert.training.recipe import RECIPES, preset_for

ROWS = 160


def piece(task: TaskData) -> TaskData:
    """The first rows of each split."""
    return TaskData(task.train[:ROWS], task.dev[:ROWS], task.test[:ROWS])


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    """`quick` with one epoch of everything: proves that the stages run, not what they reach."""
    whole: CourseData = classroom_corpus(3).data
    preset = preset_for("quick", "tiny")
    stages = ("mlm", "mnrl", "heads", "sst_finetune")
    short = {stage: replace(getattr(preset, stage), epochs=1) for stage in stages}
    return Experiment(
        data=replace(
            whole,
            tasks={task: piece(data) for task, data in whole.tasks.items()},
            digest=f"{whole.digest}, {ROWS} rows",
        ),
        encoder_name="tiny",
        recipe=RECIPES["lab"],
        preset=replace(preset, **short),
        precision="fp32",
        device=torch.device("cpu"),
        cache=StageCache(tmp_path / "cache"),
    )


def test_every_arm_runs_on_the_lab(experiment: Experiment, tmp_path: Path) -> None:
    results = reproduce(experiment, list(ARMS), [0], tmp_path / "out", "minbert reproduce")
    assert list(results["arms"]) == list(ARMS)
    assert results["tier"] == "synthetic" and results["recipe"]["name"] == "lab"
    tables = (tmp_path / "out" / "tables.md").read_text(encoding="utf-8")
    assert "synthetic data (classroom corpus (synthetic), seed 3" in tables
    assert "scale 20.0" in tables
    # The classroom corpus has labels for its test split: Table 3 is a score, not a promise.
    assert results["test"]["sst_accuracy"]["value"] > 0
    for losses in results["mlm_held_out"].values():
        assert losses["perplexity_after"]["value"] < losses["perplexity_before"]["value"]
