"""What came of a run on own data: did it help, by how much, beside what needs no deep learning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minbert.data.groups import components
from minbert.evaluation import alarms
from minbert.evaluation.baselines import rungs_of
from minbert.evaluation.intervals import bootstrap_p_value, percentile_interval
from minbert.evaluation.statistics import compare, holm
from minbert.experiments.experiment import Experiment
from minbert.experiments.markdown import cell, interval, markdown_table, number, signed
from minbert.experiments.own.answers import golds_of, measures_of, title_of
from minbert.experiments.own.stages import TEST, OwnStages
from minbert.experiments.provenance import computed, describe_device, versions
from minbert.experiments.report import SIGNIFICANT, TIERS
from minbert.experiments.run_folder import peak_memory_mib
from minbert.experiments.stage_files import read_dev_predictions, read_history, read_measures

UNTOUCHED, TRAINED = "untouched", "trained"
RUNGS = {
    "majority": "most frequent answer",
    "bag_of_words": "bag of words, logistic regression",
    "jaccard": "shared words",
    "tfidf_word": "TF-IDF of words",
    "tfidf_character": "TF-IDF of letter trigrams",
}
"""Titles of the baselines of `minbert.evaluation.baselines`."""
RESAMPLES, BOOTSTRAP_SEED = 2000, 18


def collect(
    experiment: Experiment, run: OwnStages, stages: Sequence[str], seeds: Sequence[int]
) -> dict[str, Any]:
    """Everything of results.json but the command."""
    data = experiment.data
    paths = {
        f"{'+'.join(stages[: count + 1])}, seed {seed}": run.path(stages[: count + 1], seed)
        for seed in seeds
        for count in range(len(stages))
    }
    answered = {
        name: [read_dev_predictions(run.answered(after, seed)) for seed in seeds]
        for name, after in ((UNTOUCHED, ()), (TRAINED, stages))
    }
    tasks, measures, tests, rungs, found_alarms = {}, {}, [], {}, []
    for task, splits in data.tasks.items():
        said = {name: [seed[task.name] for seed in each] for name, each in answered.items()}
        golds = golds_of(task, run.rows[task.name]["dev"], splits.dev)
        tasks[task.name] = {
            "title": task.title,
            "metric": task.metric,
            "rows": {split: len(getattr(splits, split)) for split in ("train", "dev", "test")},
        }
        groups = len(set(components([example.texts for example in splits.dev])))
        tasks[task.name]["groups"] = groups
        if task.metric == "partner":
            among = len({example.texts[1] for example in splits.dev})
            tasks[task.name]["candidates"] = among
        if task.label.names:
            tasks[task.name]["classes"] = list(task.label.names)
        measures[task.name] = {name: measures_of(task, golds, each) for name, each in said.items()}
        [test] = compare(
            {task.name: golds},
            [{task.name: values} for values in said[TRAINED]],
            [{task.name: values} for values in said[UNTOUCHED]],
            [task],
        )
        tests.append({"task": task.name, **test, "metric": task.metric, "examples": len(golds)})
        rungs[task.name] = rungs_of(task, splits)
        found_alarms += _alarms(task, splits, said[TRAINED])
        key = TEST.format(task.name)
        if all(key in seed for each in answered.values() for seed in each):
            test_golds = golds_of(task, run.rows[task.name]["test"], splits.test)
            measures[task.name]["test"] = {
                name: measures_of(task, test_golds, [seed[key] for seed in each])
                for name, each in answered.items()
            }
    masked = None
    if "mlm" in stages:
        at = stages[: stages.index("mlm") + 1]
        masked = _masked([read_measures(run.path(at, seed)) for seed in seeds])
        tests.append({"task": "text", "metric": "masked_loss", **masked["test"]})
    for test, corrected in zip(tests, holm([test["p_value"] for test in tests]), strict=True):
        test["p_holm"] = corrected
    histories = {name: read_history(path) for name, path in paths.items()}
    for name, parts in histories.items():
        for part, history in parts.items():
            found_alarms += alarms.of_history(f"{name}, {part}", history)
    return {
        "verdict": [sentence(test, tasks, measures, masked) for test in tests],
        "tier": data.tier,
        "data": {
            "name": data.name,
            "note": data.note,
            "digest": data.digest,
            "damaged_rows": len(data.damage),
            "texts": {"train": len(data.text), "dev": len(data.held_out_text)},
        },
        "encoder": experiment.encoder_name,
        "encoder_digests": run.digests,
        "stages": list(stages),
        "recipe": experiment.recipe.values(),
        "settings": run.settings.values(),
        "seeds": list(seeds),
        "tasks": tasks,
        "measures": measures,
        "paired_tests": tests,
        "baselines": rungs,
        "masked": masked,
        "alarms": [alarm.to_dict() for alarm in found_alarms],
        "timings_s": {
            name: sum(history["seconds"] for history in parts.values())
            for name, parts in histories.items()
        },
        "counts": {
            name: {
                part: {key: history[key] for key in ("steps", "skipped", "tokens")}
                for part, history in parts.items()
            }
            for name, parts in histories.items()
        },
        "versions": versions(),
        "device": describe_device(experiment.device),
        "precision": experiment.precision,
        "computed": computed(paths, experiment.device),
        "peak_memory_mib": peak_memory_mib(),
    }


def _alarms(task, splits, predictions: Sequence[np.ndarray]) -> list[alarms.Alarm]:
    found = alarms.of_leaks(
        task.name,
        [example.texts for example in splits.train],
        [example.texts for example in splits.dev],
    )
    of = alarms.of_similarities if task.metric == "spearman" else alarms.of_predictions
    for values in predictions:
        found += of(f"{task.name}, trained", values)
    return found


def _masked(losses: Sequence[dict[str, list[float]]]) -> dict[str, Any]:
    """The masked loss of held-out texts before and after, and the paired test between them."""
    before = np.mean([one["before"] for one in losses], axis=0)
    after = np.mean([one["after"] for one in losses], axis=0)
    draws = np.random.default_rng(BOOTSTRAP_SEED).multinomial(
        len(before), np.full(len(before), 1 / len(before)), size=RESAMPLES
    )
    resampled = draws @ (after - before) / len(before)
    return {
        "loss_before": float(before.mean()),
        "loss_after": float(after.mean()),
        "test": {
            "difference": float((after - before).mean()),
            "ci95": list(percentile_interval(resampled)),
            "p_value": bootstrap_p_value(resampled),
            "method": "paired bootstrap over texts",
            "examples": len(before),
        },
    }


def sentence(
    test: dict[str, Any], tasks: dict[str, Any], measures: dict[str, Any], masked: dict | None
) -> str:
    """The answer to "did it help?", of one task."""
    gain = -test["difference"] if test["metric"] == "masked_loss" else test["difference"]
    if test["p_holm"] >= SIGNIFICANT:
        said = "Not shown"
    else:
        said = "Yes" if gain > 0 else "No, it did harm"
    difference = (
        f"difference {signed(test['difference'])} {interval(test['ci95'])}, p = "
        f"{test['p_holm']:.3g} ({test['method']}, {test['examples']:,} held-out examples)"
    )
    if test["metric"] == "masked_loss":
        return (
            f"Did it help? {said}: text, loss of hidden words: {masked['loss_after']:.3f} nats "
            f"after training, {masked['loss_before']:.3f} before; {difference}"
        )
    of = measures[test["task"]]
    title = title_of(tasks[test["task"]], test["metric"])
    after, before = (of[name][test["metric"]]["value"] for name in (TRAINED, UNTOUCHED))
    return (
        f"Did it help? {said}: {title}: {number(after)} after training, {number(before)} with the "
        f"untouched encoder; {difference}"
    )


def tables_markdown(results: dict[str, Any]) -> str:
    """The answer, the table of measures, and what was done, as Markdown."""
    tier = TIERS.get(results["tier"], results["tier"])
    parts = [f"{line}\n" for line in results["verdict"]]
    parts.append(
        f"{results['encoder']}, {' + '.join(results['stages'])}; {tier} "
        f"({results['data']['note']}); seeds {', '.join(map(str, results['seeds']))}. Each cell: "
        "value [95 % interval], on rows that no training has seen; intervals speak of the sample "
        "of rows. Classes of the untouched encoder: a linear head on its frozen vectors.\n"
    )
    for name, task in results["tasks"].items():
        of = results["measures"][name]
        rows = [
            [title_of(task, metric), cell(of[UNTOUCHED][metric]), cell(of[TRAINED][metric])]
            for metric in of[TRAINED]
        ]
        rows += [
            [
                f"{title_of(task, metric)}; test",
                *(cell(of["test"][arm][metric]) for arm in (UNTOUCHED, TRAINED)),
            ]
            for metric in of.get("test", {}).get(TRAINED, {})
        ]
        counts = task["rows"]
        parts.append(f"## {name}: {counts['train']:,} rows of train, {counts['dev']:,} of dev\n")
        parts.append(markdown_table(["", "untouched encoder", "trained"], rows))
        if task["groups"] < counts["dev"] / 2:
            parts.append(
                f"The rows of dev share texts: they are {task['groups']:,} groups. Rows of a group "
                "are right or wrong together, so intervals and p are too narrow.\n"
            )
        best = [
            [RUNGS.get(rung, rung), cell(value)]
            for rung, value in results["baselines"][name].items()
        ]
        parts.append(
            markdown_table([f"without deep learning: {title_of(task, task['metric'])}", ""], best)
        )
    if results["masked"]:
        masked = results["masked"]
        parts.append("## text: hidden words\n")
        parts.append(
            markdown_table(
                ["", "before", "after"],
                [
                    ["loss, nats", f"{masked['loss_before']:.3f}", f"{masked['loss_after']:.3f}"],
                ],
            )
        )
    if results["alarms"]:
        parts.append("## To look at\n")
        parts += [f"- {alarm['sentence']}" for alarm in results["alarms"]]
        parts.append("")
    times = ", ".join(f"{name}: {value:.0f} s" for name, value in results["timings_s"].items())
    parts.append(f"Training took {times} ({results['device']}, {results['precision']}).\n")
    return "\n".join(parts)


def dev_file(run: OwnStages, name: str, answered: dict[str, Path]) -> list[list[object]]:
    """Rows of a file with every dev example, what is right, and what both encoders answer."""
    task = run.tasks[name]
    examples = run.experiment.data.tasks[task].dev
    said = {arm: read_dev_predictions(folder)[name] for arm, folder in answered.items()}
    golds = golds_of(task, run.rows[name]["dev"], examples)

    def shown(value: float) -> object:
        if task.label.names:
            return task.label.names[int(value)]
        return int(value) if task.metric != "spearman" else f"{value:.4f}"

    header: list[object] = [*task.sentences, "right", *said]
    return [
        header,
        *(
            [*example.texts, shown(gold), *(shown(values[at]) for values in said.values())]
            for at, (example, gold) in enumerate(zip(examples, golds, strict=True))
        ),
    ]
