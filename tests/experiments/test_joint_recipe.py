"""A recipe beyond the paper's through the whole run: grid, results, tables, predictions, again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from minbert.__main__ import main
from minbert.data.predictions import read_predictions
from minbert.experiments.arms import arms_of
from minbert.experiments.experiment import Experiment
from minbert.experiments.grid import Grid
from minbert.experiments.reproduce import reproduce
from minbert.masking import MaskingRule
from minbert.pretrained import from_pretrained, save_pretrained
from minbert.sentence_transformers_folder import SentenceSettings
from minbert.training.recipe import RECIPES, Recipe, recipe_for


@pytest.fixture(params=["cross-encoder", "cosine", "by-task", "both"])
def joint(experiment: Experiment, request: pytest.FixtureRequest) -> Experiment:
    """Somebody's own recipe, in five lines; its name is in no table of the package."""
    best = RECIPES["best"]
    short = replace(best.joint, epochs=2, learning_rate=2e-3)
    averages = request.param == "both"
    other = {"pairs": request.param, "cosine_weight": 0.0, "similarity_averages": averages}
    return replace(experiment, recipe=replace(best, name="mine", joint=short, **other))


def test_a_run_and_its_predictions_again(
    joint: Experiment, toy_data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "out"
    results = reproduce(joint, arms_of(joint.recipe), [0, 1], out, "minbert reproduce …")
    assert json.loads((out / "results.json").read_text()) == results
    assert {arm: list(stages) for arm, stages in results["arms"].items()} == {"mine": ["joint"]}
    measured = results["arms"]["mine"]["joint"]
    assert {"sst_accuracy", "quora_accuracy", "sts_pearson", "sts_cosine_pearson"} <= set(measured)
    assert all(len(value["per_seed"]) == 2 for value in measured.values())
    assert results["submitted"]["stage"] == "joint" and results["submitted"]["arm"] == "mine"
    assert results["counts"]["original/joint"][0]["joint"]["tokens"] > 0
    tables = (out / "tables.md").read_text()
    assert "of the cosine of the two sentence vectors" in tables and "Table 1" not in tables
    assert tables.count("mine (all tasks at once) beats the best rung of ") == 3

    data = f"cs224n:{toy_data_folder}"
    command = ["predict", "--run", str(out), "--data", data, "--out", str(tmp_path / "again")]
    assert main(command) == 0, capsys.readouterr().err
    for name in ("sst-dev", "quora-dev", "sts-dev", "sst-test", "sts-test"):
        first, again = (
            read_predictions(folder / f"{name}.csv")[1]
            for folder in (out / "predictions", tmp_path / "again")
        )
        assert first.keys() == again.keys()
        assert np.allclose(list(first.values()), list(again.values()), atol=2e-3), name


@pytest.mark.parametrize("stages", [("mnrl",), ("mlm", "mnrl")], ids="+".join)
def test_the_encoder_goes_through_intermediate_stages(
    experiment: Experiment, tmp_path: Path, stages: tuple[str, ...]
) -> None:
    best = RECIPES["best"]
    short = replace(best.joint, epochs=1)
    choices = {"pairs": "bi-encoder", "similarity_averages": False, "intermediate": stages}
    mine = replace(best, name="mine", joint=short, **choices)
    results = reproduce(replace(experiment, recipe=mine), ["mine"], [0], tmp_path / "out", "")
    paths = ["+".join(stages[: end + 1]) for end in range(len(stages))]
    assert list(results["timings_s"]) == [*paths, f"{paths[-1]}/joint"]
    assert bool(results["mlm_held_out"]) == ("mlm" in stages)

    grid = Grid(replace(experiment, recipe=mine))
    after = from_pretrained(grid.encoder_folder(stages, 0))[0].state_dict()
    trained = from_pretrained(grid.folder("mine", "joint", 0))[0].state_dict()
    original = from_pretrained(experiment.encoder_name)[0].state_dict()
    words = "embeddings.word_embeddings.weight"  # joint training leaves them, the stages do not
    assert torch.equal(trained[words], after[words])
    assert not torch.equal(trained[words], original[words])


@pytest.mark.parametrize("recipe", ["best", "paper"])
def test_a_model_of_sentence_transformers_goes_through_and_stays_one(
    experiment: Experiment, tmp_path: Path, recipe: str
) -> None:
    """Such a model, MiniLM for one, has a folder inside its folder."""
    encoder, tokenizer = from_pretrained(experiment.encoder_name)
    settings = SentenceSettings(pooling="mean", normalize=True, max_length=24)
    encoder.sentence_settings, encoder.pooling = settings, "mean"
    save_pretrained(tmp_path / "model", encoder, tokenizer)
    assert (tmp_path / "model" / "1_Pooling" / "config.json").is_file()
    short = replace(RECIPES["best"].joint, epochs=1)
    chosen = replace(RECIPES[recipe], joint=short if recipe == "best" else None)
    experiment = replace(experiment, encoder_name=str(tmp_path / "model"), recipe=chosen)
    arms = ["best"] if recipe == "best" else ["heads_only"]
    out = tmp_path / "out"
    results = reproduce(experiment, arms, [0], out, "")
    for stage in results["arms"][arms[0]]:
        folder = out / "checkpoints" / "seed0" / arms[0] / stage
        again, its_tokenizer = from_pretrained(folder)
        assert again.sentence_settings.max_length == 24
        assert its_tokenizer.model_max_length == tokenizer.model_max_length
        assert again.pooling == chosen.pooling, "heads decide which vector is read"


def test_arms_of_another_recipe_are_refused(
    joint: Experiment, experiment: Experiment, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="arms of the recipe mine must be some of mine, got 'mlm'"):
        reproduce(joint, ["mlm"], [0], tmp_path / "out", "")
    with pytest.raises(ValueError, match="must be some of baseline, .* got 'best'"):
        reproduce(experiment, ["best"], [0], tmp_path / "out", "")


def test_the_page_about_it_runs_as_written(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Path(__file__).parents[2] / "docs" / "beyond.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path)
    names = {"experiment": experiment}
    for block in blocks:
        exec(compile(block, page.name, "exec"), names)
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert list(results["arms"]) == ["mine"] and results["recipe"]["pairs"] == "both"


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"name": "../mine"}, "name must be letters.*got '../mine'"),
        ({"pairs": "triple"}, "pairs must be one of bi-encoder"),
        ({"pooling": "median"}, "pooling must be one of"),
        ({"mixture": 1.5}, "mixture must"),
        ({"cosine_weight": -1.0}, "cosine_weight must"),
        ({"cosine_weight": 0.5, "pairs": "cross-encoder"}, "choose both"),
        ({"pairs": "bi-encoder"}, "similarity_averages must be False where pairs is bi-encoder"),
        ({"mixture": {"sst": -1.0}}, "mixture of sst must"),
        ({"head_rate": 0.0}, "head_rate must"),
        ({"consistency": -1.0}, "consistency must"),
        ({"intermediate": ("mnrl", "mlm")}, "stages of mlm and mnrl, in this order, got mnrl, mlm"),
        ({"intermediate": ("mnrl",), "joint": None}, "intermediate must be empty where joint is"),
    ],
)
def test_a_choice_that_does_not_fit_is_said_when_it_is_made(choices: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(RECIPES["best"], **choices)


def test_a_recorded_recipe_is_read_as_it_was() -> None:
    whole_words = replace(RECIPES["paper"], masking=MaskingRule(0.2, 0.8, 0.1, whole_words=True))
    for recipe in (*RECIPES.values(), recipe_for("best", "quick", "tiny"), whole_words):
        assert Recipe.from_values(json.loads(json.dumps(recipe.values()))) == recipe
    assert "joint" not in RECIPES["paper"].values()
