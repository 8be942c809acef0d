"""A task that the package has never heard of: three classes of pairs, from a comma-separated file.

Nothing of the package is changed for it: the whole grid runs, and every table has its row.
"""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from minbert.data.classroom.corpus import classroom_corpus
from minbert.data.course_file import read_file
from minbert.data.examples import CourseData, TaskData
from minbert.data.predictions import matched
from minbert.experiments.cache import StageCache
from minbert.experiments.experiment import Experiment
from minbert.experiments.reproduce import reproduce
from minbert.multitask import MultitaskBert
from minbert.pretrained import from_pretrained
from minbert.tasks import CFIMDB, STS, Label, Task
from minbert.training.recipe import RECIPES, preset_for
from minbert.viz.explorers.similarity.answers import compute_answers, draw_answers

NLI = Task(
    name="nli",
    subject="inference",
    title="Inference (NLI)",
    about="A premise and a hypothesis: 0 entailed, 1 open, 2 contradicted",
    stem="nli",
    sentences=("premise", "hypothesis"),
    label=Label("relation", 0, 2, whole=True),
    head="classifier",
    loss="cross_entropy",
    metric="accuracy",
    prediction="Predicted_Relation",
    bootstrap=3,
    separator=",",
)
ANIMALS, COLOURS = ("dog", "cat", "horse", "bird"), ("red", "green", "blue", "black")
ROWS = 24


def write_pairs(path: Path, count: int, seed: int) -> None:
    """The same colour is entailed, another one contradicted, another animal leaves it open."""
    draw = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "premise", "hypothesis", "relation"])
        for number in range(count):
            animal, other = draw.sample(ANIMALS, 2)
            colour, wrong = draw.sample(COLOURS, 2)
            said = (f"{animal} is {colour}", f"{other} is {colour}", f"{animal} is {wrong}")
            relation = number % 3
            writer.writerow([f"{path.stem}-{number}", f"the {animal} is {colour}",
                             f"the {said[relation]}, they say", relation])  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> CourseData:
    """The classroom corpus, cut short, and the new task beside it."""
    folder = tmp_path_factory.mktemp("nli")
    splits = {}
    for split, count in (("train", 90), ("dev", 60), ("test", 30)):
        write_pairs(folder / f"{split}.csv", count, len(split))
        splits[split], damage = read_file(folder / f"{split}.csv", NLI, needs_labels=True)
        assert damage == [] and len(splits[split]) == count
    whole = classroom_corpus(3).data
    short = {
        task: TaskData(of.train[:ROWS], of.dev[:ROWS], of.test[:ROWS])
        for task, of in whole.tasks.items()
    }
    return replace(whole, tasks={**short, NLI: TaskData(**splits)}, digest="with a fifth task")


@pytest.fixture(scope="module")
def out(data: CourseData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    preset = preset_for("quick", "tiny")
    stages = ("mlm", "mnrl", "heads", "sst_finetune")
    short = {stage: replace(getattr(preset, stage), epochs=1) for stage in stages}
    experiment = Experiment(
        data=data,
        encoder_name="tiny",
        recipe=RECIPES["lab"],
        preset=replace(preset, **short),
        precision="fp32",
        device=torch.device("cpu"),
        cache=StageCache(folder / "cache"),
    )
    reproduce(experiment, ["baseline", "heads_only", "mlm+mnrl"], [0], folder / "out", "a test")
    return folder / "out"


def test_every_arm_measures_it(out: Path) -> None:
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert results["tasks"]["nli"] == {
        "measure": "nli_accuracy",
        "subject": "inference",
        "row": "Inference (NLI), accuracy",
    }
    for stages in results["arms"].values():
        for values in stages.values():
            tasks = ("sst_accuracy", "quora_accuracy", "sts_pearson", "nli_accuracy")
            assert list(values) == [*tasks, "overall_mean", "overall_2024"]
            four = [values[name]["value"] for name in tasks]
            assert values["overall_mean"]["value"] == pytest.approx(np.mean(four))
            low, high = values["nli_accuracy"]["ci95"]
            assert 0 <= low <= values["nli_accuracy"]["value"] <= high <= 1
    assert {test["metric"] for test in results["paired_tests"]} >= {"nli_accuracy"}
    assert set(results["ladder"]["nli_accuracy"]) == {"majority", "bag_of_words"}
    assert results["data"]["rows"]["nli"] == {"train": 90, "dev": 60, "test": 30}
    assert set(results["mlm_held_out"]) >= {"nli"}
    assert results["test"]["nli_accuracy"]["value"] >= 0
    parts = results["counts"]["original/heads"][0]
    assert parts["inference_head"]["steps"] == 2  # 90 pairs in batches of 64


def test_tables_and_prediction_files_have_it(out: Path) -> None:
    tables = (out / "tables.md").read_text(encoding="utf-8")
    assert tables.count("| Inference (NLI), accuracy |") >= 4  # tables 1 to 3 and the ladder
    lines = (out / "predictions" / "nli-dev.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id \t Predicted_Relation " and len(lines) == 61
    assert {line.split(" , ")[1].strip() for line in lines[1:]} <= {"0", "1", "2"}


def test_its_predictions_are_matched_with_its_labels(
    out: Path, data: CourseData, tmp_path: Path
) -> None:
    write_pairs(tmp_path / "dev.csv", 60, len("dev"))
    task, predicted, golds = matched(out / "predictions" / "nli-dev.csv", tmp_path / "dev.csv", NLI)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    arm, stage = (results["submitted"][name] for name in ("arm", "stage"))
    measured = results["arms"][arm][stage]["nli_accuracy"]["value"]
    assert task is NLI and (predicted == golds).mean() == pytest.approx(measured)
    with pytest.raises(ValueError, match="COLUMN is exactly Predicted_Relation, got"):
        matched(out / "predictions" / "sst-dev.csv", tmp_path / "dev.csv", NLI)


def test_the_similarity_explorer_asks_the_models_own_tasks(data: CourseData) -> None:
    encoder, tokenizer = from_pretrained("tiny")
    polarity = replace(CFIMDB, subject="polarity")
    model = MultitaskBert(encoder, (NLI, polarity))
    torch.nn.init.ones_(model.polarity.dense.bias)
    one, two = np.ones(encoder.config.hidden_size, np.float32), np.zeros(128, np.float32)
    answers = compute_answers(model, one, two)
    assert answers.subjects == ("polarity", "yes or no") and answers.silent == ("yes or no",)
    assert answers.sentiments.shape == (2, 2)
    figure, alt = draw_answers(answers, 1.0)
    assert figure.axes[0].get_title() == "Polarity" and "Most likely polarity: first" in alt


def test_a_model_of_it_is_loaded_again(out: Path, data: CourseData) -> None:
    from safetensors.torch import load_file

    heads = load_file(out / "checkpoints" / "seed0" / "heads_only" / "heads" / "heads.safetensors")
    assert heads["inference.dense.weight"].shape == (3, 4 * 128)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"metric": "f1"}, "metric must be one of accuracy, pearson, spearman, partner, got 'f1'"),
        ({"sentences": ()}, "sentences must be the column of one sentence, or of two"),
        ({"head": "regression"}, "task.head must be one of"),
        ({"subject": "encoder"}, "got encoder for nli"),
        ({"sentences": ("text",), "head": "yes_or_no"}, "task.head must be one of classifier"),
    ],
    ids=str,
)
def test_a_task_that_cannot_be_is_named(wrong: dict, said: str) -> None:
    encoder, _ = from_pretrained("tiny")
    with pytest.raises(ValueError, match=said):
        MultitaskBert(encoder, (replace(NLI, **wrong),))


def test_it_is_no_task_of_the_ranking_loss() -> None:
    assert NLI.similar_from is None and STS.similar_from is not None
