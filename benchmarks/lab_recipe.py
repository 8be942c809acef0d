"""Is each choice of the recipe `lab` worth having? Each alone goes back to the paper's.

Runs on the held-out tenth of the classroom corpus's training data (synthetic), never on dev:
ranking, a frozen paraphrase head, and sentiment fine-tuning from the ranked encoder.

    python benchmarks/lab_recipe.py --seeds 0 1 --out figures/results/lab-recipe/results.json
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from minbert.data import load_data
from minbert.data.examples import CourseData, TaskData
from minbert.evaluation.baselines import ladder
from minbert.evaluation.metrics import accuracy
from minbert.experiments.cache import StageCache
from minbert.experiments.experiment import Experiment
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.experiments.sweep import Parts, judge, split_training_data
from minbert.pretrained import from_pretrained
from minbert.tasks import QUORA, Task
from minbert.training.finetune import fine_tune
from minbert.training.heads import train_head
from minbert.training.loop import derive_seed, generator_for
from minbert.training.mnrl import train_ranking
from minbert.training.recipe import RECIPES, Recipe, preset_for
from minbert.training.sentences import CourseRows
from minbert.training.vectors import embed_all

CHOICES = ("scale", "symmetric", "pooling", "paraphrase_compares", "dropout", "attention_dropout")


def variants() -> dict[str, Recipe]:
    """`lab`; `lab` with one choice as in the paper, for each; `paper`."""
    lab, theirs = RECIPES["lab"], RECIPES["paper"]
    one_back = {
        f"{name} {getattr(theirs, name)}": replace(lab, **{name: getattr(theirs, name)})
        for name in CHOICES
    }
    return {"lab": lab, **one_back, "paper": theirs}


def held_out_ladder(data: CourseData, parts: Parts) -> dict[str, dict[str, float]]:
    """The lexical rungs, fitted on the nine tenths and measured on the tenth."""

    def cut(task: Task) -> TaskData:
        examples = {example.id: example for example in data.tasks[task].train}
        train, dev = (
            tuple(examples[name] for name in part[task.name].ids)
            for part in (parts.train, parts.held_out)
        )
        return TaskData(train, dev)

    rungs = ladder(data.with_tasks({task: cut(task) for task in data.joint}))
    return {
        metric: {name: value["value"] for name, value in found.items()}
        for metric, found in rungs.items()
    }


def measure(experiment: Experiment, rows: CourseRows, parts: Parts, seed: int) -> dict[str, float]:
    """Similarity and paraphrase after ranking, then sentiment and similarity after fine-tuning."""
    recipe, preset = experiment.recipe, experiment.preset
    encoder, _ = from_pretrained(experiment.encoder_name)
    model = experiment.model(encoder, generator_for(seed, "heads"))
    pairs = {task: parts.train[task] for task in ("quora", "sts")}
    context = experiment.context(derive_seed(seed, "mnrl"))
    train_ranking(encoder, pairs, rows.table, recipe, preset.mnrl, context)
    ranked = judge(experiment, "mnrl", model, None, rows, parts)

    train, held_out = parts.train["quora"], parts.held_out["quora"]
    vectors = embed_all(encoder, train.all_rows + held_out.all_rows, rows.table, recipe, context)
    train_head(model.paraphrase, vectors, train, preset.heads, context)
    with torch.inference_mode():
        said = model.eval().predict(
            QUORA, vectors[list(held_out.first)], vectors[list(held_out.second)]
        )
    fine_tune(model, parts.train["sst"], rows.table, recipe, preset.sst_finetune, context)
    tuned = judge(experiment, "sst_finetune", model, None, rows, parts)
    return {
        "sts_pearson": ranked["sts_pearson"],
        "quora_accuracy": accuracy(said.numpy(), held_out.labels.numpy()),
        "sst_accuracy_finetuned": tuned["sst_accuracy"],
        "sts_pearson_finetuned": tuned["sts_pearson"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--out", required=True, help="JSON file")
    arguments = parser.parse_args()
    out = Path(arguments.out)
    check_replaceable(out, ("variants", "seeds", "command"))
    out.parent.mkdir(parents=True, exist_ok=True)

    data, device = load_data("classroom:0"), torch.device("cpu")
    encoder, tokenizer = from_pretrained("tiny")
    rows = CourseRows(data, tokenizer, encoder.config.max_position_embeddings)
    parts = split_training_data(rows, share=1.0, seed=0)
    results: dict[str, Any] = {
        "data": data.note,
        "held_out_rows": {task: len(part) for task, part in parts.held_out.items()},
        "ladder": held_out_ladder(data, parts),
        "seeds": [],
        "variants": {name: [] for name in variants()},
        "device": describe_device(device),
        "versions": versions(),
        "command": "python benchmarks/lab_recipe.py " + " ".join(sys.argv[1:]),
    }
    with tempfile.TemporaryDirectory() as cache:
        for seed in arguments.seeds:
            for name, recipe in variants().items():
                preset = preset_for("quick", "tiny")
                experiment = Experiment(
                    data, "tiny", recipe, preset, preset.precision, device, StageCache(Path(cache))
                )
                found = measure(experiment, rows, parts, seed)
                results["variants"][name].append(found)
                shown = ", ".join(f"{measured} {value:.3f}" for measured, value in found.items())
                print(f"seed {seed}, {name}: {shown}", flush=True)
            results["seeds"].append(seed)
            write_json(out, results)


if __name__ == "__main__":
    main()
