"""results.json as tables beside the paper's, and the paper's story held against them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minbert import checks, paper
from minbert.evaluation.power import detectable_difference
from minbert.evaluation.statistics import Value, holm, over_seeds, with_seeds
from minbert.experiments.arms import JOINT
from minbert.experiments.markdown import cell, markdown_table, number, signed
from minbert.known_models import KNOWN
from minbert.tasks import PAPER_TASKS, SST

OVERALL = {
    "overall_mean": "Overall: plain mean",
    "overall_2024": "Overall: 2024 formula, r as (r + 1) / 2",
}
TITLES = {**{task.measure: task.row for task in PAPER_TASKS}, **OVERALL}
"""Titles of the paper's metrics; `titles` has those of a run."""
TIERS = {"real": "real data", "synthetic": "synthetic data"}
SIGNIFICANT = 0.05


def tables_markdown(results: dict[str, Any]) -> str:
    """Tables 1 to 3, the ladder and the hours of one run, as Markdown.

    Each cell is `ours [95 % interval] (paper: x)`. Nothing is bold: a best cell that is within
    noise of its neighbour is not best.
    """
    parts = [
        f"# {results['encoder']}, preset {results['preset']['name']}: {caption(results)}\n",
        "Each cell: ours [95 % interval] (the paper's number). Intervals speak of the sample of "
        f"sentences, not of the spread between seeds.{_trained_on(results['encoder'])}\n",
        *_dev_tables(results),
        "## Table 3: test, the submitted model\n",
        _test_table(results),
        _story(results),
        "## The ladder: no deep learning, same dev data\n",
        ladder_table(results["ladder"], titles(results)),
        _by_cosine(results),
        _perplexity(results),
        "## Hours of training\n",
        _hours_table(results),
        _settings(results),
    ]
    return "\n".join(part for part in parts if part)


def _trained_on(encoder: str) -> str:
    """What a known encoder has read of the course's data in its own training."""
    known = KNOWN.get(encoder)
    return (
        f" {encoder} was itself trained on {known.trained_on}."
        if known and known.trained_on
        else ""
    )


def _dev_tables(results: dict[str, Any]) -> list[str]:
    """The paper's two tables; or the one of a recipe that trains all tasks at once."""
    if all(JOINT in stages for stages in results["arms"].values()):
        rows = [
            [title, *(cell(stages[JOINT][metric]) for stages in results["arms"].values())]
            for metric, title in {**titles(results), **_cosine_titles(results)}.items()
        ]
        return [
            "## Dev, after training encoder and heads on all tasks at once\n",
            markdown_table(["", *results["arms"]], rows),
        ]
    return [
        "## Table 1: dev, heads trained on the frozen encoder\n",
        _arms_table(results, "heads", "table1"),
        _differences(results, "heads"),
        "## Table 2: dev, after fine-tuning the whole model on sentiment\n",
        _arms_table(results, "sst_finetune", "table2"),
        _differences(results, "sst_finetune"),
    ]


def _cosine_titles(results: dict[str, Any]) -> dict[str, str]:
    """Rows of what the sentence vectors alone say of scored pairs."""
    return {
        f"{name}_cosine_pearson": f"{task['row']}, of the cosine of the two sentence vectors"
        for name, task in results["tasks"].items()
        if all(f"{name}_cosine_pearson" in of[JOINT] for of in results["arms"].values())
    }


def titles(results: dict[str, Any]) -> dict[str, str]:
    """What a run measures, in the order of the tables; without `tasks`, the paper's."""
    if "tasks" not in results:
        return TITLES
    measured = {task["measure"]: task["row"] for task in results["tasks"].values()}
    several = set(measured) >= {task.measure for task in PAPER_TASKS}
    overall = dict(OVERALL) if several else {"overall_mean": OVERALL["overall_mean"]}
    return {**measured, **overall}


def caption(results: dict[str, Any]) -> str:
    """One phrase that says what the numbers are of."""
    data = results["data"]
    seeds = ", ".join(map(str, results["seeds"]))
    return (
        f"{TIERS.get(results['tier'], results['tier'])} ({data['note']}); recipe "
        f"{results['recipe']['name']}; seed{'s' if len(results['seeds']) > 1 else ''} {seeds}; "
        f"{results['device']}, {results['precision']}"
    )


def _arms_table(results: dict[str, Any], stage: str, table: str) -> str:
    rows = []
    for metric, title in titles(results).items():
        cells = []
        for arm, stages in results["arms"].items():
            # The baseline's heads are never trained: its column is the same in both tables.
            value = stages.get("untrained", stages.get(stage))
            cells.append(
                cell(value and value[metric], paper.TABLES[table].get(arm, {}).get(metric))
            )
        rows.append([title, *cells])
    return markdown_table(["", *results["arms"]], rows)


def _differences(results: dict[str, Any], stage: str) -> str:
    """What each arm gains over the control, and whether that is more than noise.

    All tests of one table are corrected together: of twenty, one is below .05 by luck.
    """
    tests = [
        test
        for test in results["paired_tests"]
        if test["stage"] == stage and "heads_only" in (test["arm_a"], test["arm_b"])
    ]
    if not tests:
        return ""
    lines = []
    corrected = holm([test["p_value"] for test in tests])
    for test, p_value in zip(tests, corrected, strict=True):
        sign = -1 if test["arm_a"] == "heads_only" else 1
        arm = test["arm_b"] if sign < 0 else test["arm_a"]
        low, high = sorted(sign * bound for bound in test["ci95"])
        verdict = "within noise" if p_value >= SIGNIFICANT else f"p = {p_value:.2g}"
        finds = number(detectable_difference((high - low) / 2))
        seeds = _with_seeds(results, stage, arm, test["metric"], (low, high))
        if seeds is not None and seeds[0] <= 0 <= seeds[1]:
            verdict = "within noise"
        also = "" if seeds is None else f", over seeds too [{signed(seeds[0])}, {signed(seeds[1])}]"
        lines.append(
            f"- {arm}, {titles(results)[test['metric']]}: {signed(sign * test['difference'])} "
            f"[{signed(low)}, {signed(high)}]{also}, {verdict} ({test['method']}; finds {finds})"
        )
    return (
        "Against the control `heads_only`, on the same examples; p with Holm's correction for "
        f"{len(tests)} tests; finds: the smallest true difference that so many examples find four "
        "times in five:\n\n" + "\n".join(lines) + "\n"
    )


def _with_seeds(
    results: dict[str, Any], stage: str, arm: str, metric: str, ci95: tuple[float, float]
) -> tuple[float, float] | None:
    """Interval of an arm's difference to the control if other seeds had been drawn, too."""
    rows = results["data"].get("rows", {}).get(metric.rpartition("_")[0])
    if len(results["seeds"]) < 2 or rows is None:
        return None
    gains = _difference(results, (arm, stage), ("heads_only", stage), metric)
    return with_seeds(gains, ci95, rows["dev"])


def _test_table(results: dict[str, Any]) -> str:
    submitted = results["submitted"]
    sentence = (
        f"Submitted: arm `{submitted['arm']}`, stage {submitted['stage']}, seed "
        f"{submitted['seed']} (best overall mean on dev). "
    )
    theirs = paper.TABLES["table3"]["mnrl"]
    if results["test"] is None:
        listed = ", ".join(f"{TITLES[name]} {number(value)}" for name, value in theirs.items())
        return (
            sentence + "There are no labels in the test files, so no test metric can be computed "
            f"here; the prediction files are written. The paper's (arm mnrl): {listed}, overall "
            f"{number(paper.OVERALL_TEST)}.\n"
        )
    theirs = {**theirs, "overall_mean": paper.OVERALL_TEST}
    rows = [
        [title, cell(results["test"][metric], theirs.get(metric))]
        for metric, title in titles(results).items()
    ]
    return sentence + "\n\n" + markdown_table(["", "submitted"], rows)


def _story(results: dict[str, Any]) -> str:
    """Nothing for a run of one seed, or of arms that the story does not speak of."""
    if len(results["seeds"]) < 2 or not findings(results):
        return ""
    return "## The story, sentence by sentence\n\n" + story_table(results)


def story_table(results: dict[str, Any]) -> str:
    """The story's sentences, what was measured on several seeds, and whether it bears them out."""
    rows = []
    for finding in findings(results):
        low, high = finding.value["ci95"]
        shown = f"{signed(finding.value['value'])} [{signed(low)}, {signed(high)}]"
        rows.append([finding.statement, finding.expected, shown, finding.verdict])
    header = ["", "expected", f"measured [95 % over {len(results['seeds'])} seeds]", "borne out"]
    return markdown_table(header, rows)


def ladder_table(
    rungs_of: Mapping[str, Mapping[str, dict[str, Any]]], titles: Mapping[str, str] = TITLES
) -> str:
    """What `minbert.evaluation.baselines.ladder` found, as a Markdown table."""
    rows = [
        [titles[metric], rung.replace("_", " "), cell(value)]
        for metric, rungs in rungs_of.items()
        for rung, value in rungs.items()
    ]
    return markdown_table(["task", "rung", "dev"], rows)


def _by_cosine(results: dict[str, Any]) -> str:
    """What the frozen vectors know of paraphrases, which the paper's linear head cannot read."""
    if not results.get("paraphrase_by_cosine"):
        return ""
    rows = [[arm, cell(value)] for arm, value in results["paraphrase_by_cosine"].items()]
    return (
        "## Paraphrases by cosine: the frozen encoder, a threshold fitted on train, no head\n\n"
        + markdown_table(["arm", "Paraphrase (Quora), accuracy on dev"], rows)
    )


def _perplexity(results: dict[str, Any]) -> str:
    """What in-domain pre-training does to the perplexity of dev sentences."""
    if not results.get("mlm_held_out"):
        return ""
    rows = []
    for task, values in results["mlm_held_out"].items():
        change = values["relative_change"]
        spread = "" if change["ci95"] is None else " [{:+z.0%}, {:+z.0%}]".format(*change["ci95"])
        before, after = (values[f"perplexity_{when}"]["value"] for when in ("before", "after"))
        rows.append([task, f"{before:z.2f}", f"{after:z.2f}", f"{change['value']:+z.0%}{spread}"])
    return (
        "## In-domain pre-training: perplexity of masked tokens on dev sentences\n\n"
        + markdown_table(["text", "before", "after", "change [95 % over seeds]"], rows)
    )


def _hours_table(results: dict[str, Any]) -> str:
    rows = []
    for stage, seconds in results["timings_s"].items():
        mean = sum(seconds) / len(seconds) / 3600
        hours = paper.HOURS.get(re.split("[/+]", stage)[-1])
        shown = "mnrl, after mlm" if stage == "mlm+mnrl" else stage
        rows.append([shown, f"{mean:z.3f}", "—" if hours is None else f"{hours:z.2f}"])
    total = sum(map(sum, results["timings_s"].values())) / len(results["seeds"]) / 3600
    rows.append(["all stages, one seed", f"{total:z.3f}", f"{sum(paper.HOURS.values()):z.2f}"])
    peak = results.get("peak_memory_mib")
    memory = f"\nPeak memory of the run: {peak:,.0f} MiB.\n" if peak else ""
    return markdown_table(["stage", "ours, hours", "paper, hours"], rows) + memory


def _settings(results: dict[str, Any]) -> str:
    values = results["preset"]["values"]
    lines = [
        f"- {stage}: "
        + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items())
        for stage, settings in values.items()
        if isinstance(settings, dict)
    ]
    choices = {name: value for name, value in results["recipe"].items() if name != "name"}
    recipe = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in choices.items())
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return (
        f"## Settings: preset {results['preset']['name']}\n\n"
        + "\n".join(lines)
        + f"\n\nRecipe {results['recipe']['name']}: {recipe}."
        + f"\n\nVersions: {versions}. Command: `{results['command']}`\n"
    )


SMALL = 0.05
"""A difference below this, in accuracy or r, counts as little."""
HEADS, FINETUNED = "heads", "sst_finetune"
SHORT = {task.measure: task.subject for task in PAPER_TASKS}


@dataclass(frozen=True)
class Finding:
    """One expectation and what came of it."""

    statement: str
    expected: str
    value: Value
    """Mean over seeds, its 95 % interval (Student's t) and the value of each seed."""
    verdict: str
    """`yes`; `less than expected`: the right direction, beyond noise, but smaller; `no`."""


def findings(results: dict[str, Any]) -> list[Finding]:
    """Every sentence of the story for which the run has the arms, in the story's order.

    Args:
        results: content of results.json, of two seeds or more: an interval over seeds is what
            tells a finding from luck.

    Raises:
        ValueError: there is only one seed, or one stands there twice.
    """
    if len(results["seeds"]) < 2:
        raise ValueError(
            f"seeds must be at least two seeds, got {results['seeds']}: with one, nothing is "
            "known of luck"
        )
    checks.distinct_seeds(results["seeds"])
    arms = results["arms"]
    found = []
    for task, losses in (results.get("mlm_held_out") or {}).items():
        statement = f"MLM lowers the perplexity of held-out text: {task}"
        found.append(_beyond(statement, losses["relative_change"]["per_seed"], -0.30))
    if "mnrl" in arms:
        for metric, least in (("sts_pearson", 0.15), ("quora_accuracy", 0.0)):
            for other in ("heads_only", "mlm"):
                if other in arms:
                    gain = _difference(results, ("mnrl", HEADS), (other, HEADS), metric)
                    found.append(_beyond(f"MNRL raises {SHORT[metric]} over {other}", gain, least))
        found += _beats_the_ladder(results, "mnrl")
    for arm in arms:
        if JOINT in arms[arm]:
            found += _beats_the_ladder(results, arm)
    for arm in ("mlm", "mnrl"):
        if {arm, "heads_only"} <= set(arms):
            gain = _difference(results, (arm, HEADS), ("heads_only", HEADS), "sst_accuracy")
            statement = f"{arm} does not help sentiment while the encoder is frozen"
            found.append(_less_than_small(statement, gain, sign=1))
    for arm in arms:
        if FINETUNED in arms[arm]:
            gain = _difference(results, (arm, FINETUNED), (arm, HEADS), "sst_accuracy")
            found.append(_beyond(f"fine-tuning raises sentiment: {arm}", gain, 0.10))
    for arm in ("mnrl", "mlm+mnrl"):
        if arm in arms:
            for metric in ("quora_accuracy", "sts_pearson"):
                gain = _difference(results, (arm, FINETUNED), (arm, HEADS), metric)
                statement = f"fine-tuning costs {SHORT[metric]} little: {arm}"
                found.append(_less_than_small(statement, gain, sign=-1))
    return found


def story_count(story: Sequence[Finding]) -> str:
    """How much of the story a run bears out, in one sentence; the README and the docs quote it.

    `less than expected` counts as not borne out.
    """
    out = sum(found.verdict == "yes" for found in story)
    left = len(story) - out
    return f"{out} of the story's {len(story)} sentences come out on the lab, {left} do not"


def _beats_the_ladder(results: dict[str, Any], arm: str) -> list[Finding]:
    """An arm against the best rung of each task: each task at its own stage, then one model."""
    found = []
    joint = JOINT in results["arms"][arm]
    for metric, rungs in results["ladder"].items():
        rung, best = max(
            ((name, value["value"]) for name, value in rungs.items()), key=lambda item: item[1]
        )
        own = FINETUNED if metric == SST.measure else HEADS
        for stage in [JOINT] if joint else dict.fromkeys((own, FINETUNED)):
            above = np.array(_per_seed(results, arm, stage, metric)) - best
            when = {JOINT: "all tasks at once", FINETUNED: "fine-tuned"}.get(stage, "frozen")
            name = rung.replace("_", " ")
            found.append(
                _beyond(
                    f"{arm} ({when}) beats the best rung of {SHORT.get(metric, metric)}, {name}",
                    above,
                    0.0,
                )
            )
    return found


def _per_seed(results: dict[str, Any], arm: str, stage: str, metric: str) -> list[float]:
    return results["arms"][arm][stage][metric]["per_seed"]


def _difference(
    results: dict[str, Any], one: tuple[str, str], other: tuple[str, str], metric: str
) -> np.ndarray:
    return np.subtract(_per_seed(results, *one, metric), _per_seed(results, *other, metric))


def _beyond(statement: str, per_seed: Sequence[float], bound: float) -> Finding:
    """Expects a change in the direction of `bound` (0 counts as up), and at least as large."""
    sign = -1.0 if bound < 0 else 1.0
    value = over_seeds(per_seed)
    if min(sign * end for end in value["ci95"]) <= 0:
        verdict = "no"
    else:
        verdict = "yes" if sign * value["value"] >= sign * bound else "less than expected"
    words = f"{bound:+z.2f} or {'more' if sign > 0 else 'less'}" if bound else "above 0"
    return Finding(statement, words, value, verdict)


def _less_than_small(statement: str, per_seed: Sequence[float], sign: float) -> Finding:
    """Expects that a gain (`sign` 1) or a loss (-1) is surely smaller than `SMALL`."""
    value = over_seeds(per_seed)
    verdict = "yes" if max(sign * end for end in value["ci95"]) < SMALL else "no"
    words = f"interval {'below' if sign > 0 else 'above'} {sign * SMALL:+z.2f}"
    return Finding(statement, words, value, verdict)
