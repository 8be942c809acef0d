"""The grid on made-up data: shared stages once, the paper's preset end to end in seconds."""

from __future__ import annotations

import csv
import json
import os
import signal
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from minbert.data.predictions import read_predictions
from minbert.experiments.arms import ARMS
from minbert.experiments.experiment import Experiment
from minbert.experiments.grid import Grid
from minbert.experiments.reproduce import reproduce
from minbert.experiments.sweep import sweep_learning_rates
from minbert.inference import encode
from minbert.pretrained import from_pretrained
from minbert.training import mlm

METRICS = ["sst_accuracy", "quora_accuracy", "sts_pearson", "overall_mean", "overall_2024"]


def names(experiment: Experiment) -> list[str]:
    """Kinds of the finished stages in the cache."""
    folders = [path for path in experiment.cache.root.iterdir() if path.is_dir()]
    return sorted(folder.name.rsplit("-", 1)[0] for folder in folders)


def test_the_papers_preset_end_to_end(experiment: Experiment, tmp_path: Path) -> None:
    out = tmp_path / "out"
    results = reproduce(experiment, list(ARMS), [0], out, "minbert reproduce …")
    assert json.loads((out / "results.json").read_text()) == results

    # Each shared stage once: one MLM, MNRL from two starts, four pairs of heads, four fine-tunings.
    assert names(experiment) == (
        ["heads"] * 4 + ["mlm"] + ["mnrl"] * 2 + ["original"] + ["sst_finetune"] * 4 + ["untrained"]
    )
    assert results["preset"]["name"] == "paper"
    assert list(results["arms"]) == ["baseline", "heads_only", "mlm", "mnrl", "mlm+mnrl"]
    for arm, stages in results["arms"].items():
        assert list(stages) == (["untrained"] if arm == "baseline" else ["heads", "sst_finetune"])
        for measured in stages.values():
            assert list(measured) == METRICS
            for value in measured.values():
                assert list(value) == ["value", "ci95", "per_seed"]
                assert value["ci95"][0] <= value["value"] <= value["ci95"][1]
                assert value["per_seed"] == [value["value"]]
    assert set(results["timings_s"]) >= {"mlm", "mnrl", "mlm+mnrl", "mlm+mnrl/sst_finetune"}
    assert results["submitted"]["stage"] == "sst_finetune"
    best = max(
        (stages["sst_finetune"]["overall_mean"]["value"], arm)
        for arm, stages in results["arms"].items()
        if arm != "baseline"
    )
    assert results["submitted"]["arm"] == best[1]
    # Heads on a frozen encoder do not touch the cosine: r is the untrained encoder's.
    arms = results["arms"]
    assert (
        arms["heads_only"]["heads"]["sts_pearson"] == arms["baseline"]["untrained"]["sts_pearson"]
    )

    with (out / "curves.csv").open() as file:
        curves = list(csv.DictReader(file))
    stages = {row["stage"] for row in curves}
    assert stages >= {"mlm", "mnrl", "mlm+mnrl", "original/heads", "mlm+mnrl/sst_finetune"}
    assert all(np.isfinite(float(row["loss"])) for row in curves)
    for task, column in (
        ("sst", "Predicted_Sentiment"),
        ("quora", "Predicted_Is_Paraphrase"),
        ("sts", "Predicted_Similiary"),
    ):
        for split in ("dev", "test"):
            found, values = read_predictions(out / "predictions" / f"{task}-{split}.csv")
            assert found == column
            rows = getattr(getattr(experiment.data, task), split)
            assert list(values) == [example.id for example in rows]
    folder = out / "checkpoints" / "seed0" / "mlm+mnrl" / "sst_finetune"
    from_pretrained(str(folder))
    assert not list(out.rglob("checkpoint.pt")), "training state is not a result"
    others_read_every_checkpoint(out / "checkpoints" / "seed0")

    # Once more: nothing is computed, and the same comes out.
    again = reproduce(experiment, list(ARMS), [0], out, "minbert reproduce …")
    for outcome in (again, results):
        del outcome["peak_memory_mib"]  # of the process so far, not of the result
    assert again == results


def others_read_every_checkpoint(seed: Path) -> None:
    """sentence-transformers gives the vectors that the heads read; a card says what it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

    checkpoints = sorted(path.parent for path in seed.rglob("heads.safetensors"))
    assert len(checkpoints) >= 7
    for folder in checkpoints:
        assert (folder / "tokenizer_config.json").is_file()
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert card.startswith("---\nlibrary_name: sentence-transformers\n")
        matter = yaml.safe_load(card.split("---\n")[1])
        assert matter["pipeline_tag"] == "sentence-similarity" and "license" not in matter
        assert "minbert reproduce …" in card and "licence of the data" in card
        encoder, tokenizer = from_pretrained(folder)
        assert encoder.pooling == "pooler"
    for folder in checkpoints[:2]:  # the original encoder's, and a trained one's
        encoder, tokenizer = from_pretrained(folder)
        ours = encode(["the plot is dull", "how do I cook rice"], encoder, tokenizer, None, "fp32")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SentenceTransformer(str(folder), device="cpu")
        theirs = model.encode(["the plot is dull", "how do I cook rice"])
        assert [type(part).__name__ for part in model] == ["Transformer", "Pooling", "Dense"]
        assert np.abs(theirs - ours).max() < 1e-5


def test_stages_do_not_depend_on_which_arms_are_asked_for(experiment: Experiment) -> None:
    grid = Grid(experiment)
    alone = grid.folder("mnrl", "heads", 0)
    assert Grid(experiment).folder("mnrl", "heads", 0) == alone
    assert grid.folder("mnrl", "heads", 1) != alone
    assert grid.folder("mlm+mnrl", "heads", 0) != alone


def test_what_decides_a_stage_is_in_its_name(experiment: Experiment) -> None:
    original = Grid(experiment).folder("baseline", "untrained", 0)
    others = [
        replace(experiment, precision="bf16"),
        replace(experiment, recipe=replace(experiment.recipe, pooling="mean")),
        replace(experiment, data=replace(experiment.data, digest="another")),
    ]
    for other in others:
        assert Grid(other).folder("baseline", "untrained", 0).name != original.name


def test_a_run_interrupted_in_the_middle_of_a_stage_goes_on(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = reproduce(experiment, ["mlm"], [0], tmp_path / "whole", "")

    other = replace(experiment, cache=type(experiment.cache)(tmp_path / "other cache"))
    compute, calls = mlm.masked_language_model_loss, []

    def interrupted(*arguments: object):
        calls.append(1)
        if len(calls) == 70:
            os.kill(os.getpid(), signal.SIGINT)
        return compute(*arguments)

    monkeypatch.setattr(mlm, "masked_language_model_loss", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduce(other, ["mlm"], [0], tmp_path / "resumed", "")
    assert not (tmp_path / "resumed").exists()
    assert names(other)[-1].startswith(("mlm", "original"))
    resumed = reproduce(other, ["mlm"], [0], tmp_path / "resumed", "")
    assert resumed["arms"] == whole["arms"]
    steps = resumed["counts"]["mlm"][0]["mlm"]["steps"]
    assert len(calls) == steps, "steps done before the interruption were done again"


def test_several_seeds(experiment: Experiment, tmp_path: Path) -> None:
    results = reproduce(experiment, ["heads_only"], [0, 1], tmp_path / "out", "")
    value = results["arms"]["heads_only"]["sst_finetune"]["sst_accuracy"]
    assert len(value["per_seed"]) == 2
    assert value["value"] == pytest.approx(np.mean(value["per_seed"]))
    assert results["submitted"]["seed"] in (0, 1)
    assert (tmp_path / "out" / "checkpoints" / "seed1" / "heads_only" / "heads").is_dir()


def test_wrong_arguments(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="arms of the recipe paper must be some of"):
        reproduce(experiment, ["mlm", "nothing"], [0], tmp_path / "out", "")
    with pytest.raises(ValueError, match="at least one seed"):
        reproduce(experiment, ["mlm"], [], tmp_path / "out", "")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(ValueError, match="choose another folder"):
        reproduce(experiment, ["mlm"], [0], tmp_path / "mine", "")
    assert (tmp_path / "mine" / "thesis.txt").exists()


@pytest.mark.parametrize("stage", ["mlm", "mnrl", "sst_finetune"])
def test_a_sweep_judges_each_rate_on_held_out_training_data(
    experiment: Experiment, stage: str
) -> None:
    settings = replace(getattr(experiment.preset, stage), epochs=2)
    outcome = sweep_learning_rates(experiment, stage, [1e-3, 1e-5], settings, share=0.5)
    assert [rate["learning_rate"] for rate in outcome["rates"]] == [1e-3, 1e-5]
    assert outcome["training_rows"]["sst"] == 18 and outcome["held_out_rows"]["sst"] == 4
    for rate in outcome["rates"]:
        assert rate["diverged"] is None and rate["curve"] and rate["steps"] > 0
        assert rate["after"].keys() == outcome["before"].keys()
    if stage == "mlm":
        after = [rate["after"]["mean_loss"] for rate in outcome["rates"]]
        assert after[0] < after[1] < outcome["before"]["mean_loss"]


def test_a_rate_that_diverges_is_a_result(experiment: Experiment) -> None:
    outcome = sweep_learning_rates(
        experiment, "mlm", [1e30], replace(experiment.preset.mlm, epochs=2)
    )
    [rate] = outcome["rates"]
    assert "try a lower learning rate" in rate["diverged"] and rate["after"] is None
    with pytest.raises(ValueError, match="share must lie in"):
        sweep_learning_rates(experiment, "mlm", [1e-3], experiment.preset.mlm, share=0.0)
    with pytest.raises(ValueError, match="stage must be one of"):
        sweep_learning_rates(experiment, "heads", [1e-3], experiment.preset.heads)
