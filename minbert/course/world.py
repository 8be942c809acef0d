"""The same three tasks as others solved them: the paper, public systems, our recorded runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from minbert import paper
from minbert.course.recorded import Recorded, recorded, results_folder
from minbert.course.result_tables import ladder_rows
from minbert.evaluation.intervals import fisher_z_interval, wilson_interval
from minbert.experiments.markdown import cell, markdown_table, number
from minbert.experiments.report import findings
from minbert.tasks import PAPER_TASKS, Task


@dataclass(frozen=True)
class System:
    """What somebody else reports, as they report it."""

    name: str
    encoder: str
    scores: dict[str, float] = field(default_factory=dict)
    """Dev accuracy or Pearson's r by the name of the task."""
    said: str = ""
    """The cause that its authors name, or what else to know."""
    same_split: bool = True
    """Whether dev is the course's; otherwise a cell cannot be held against another."""


PUBLIC = (
    System(
        "the paper: ranking, then fine-tuned on sentiment",
        "BERT-base",
        {task.name: paper.TABLES["table2"]["mnrl"][task.measure] for task in PAPER_TASKS},
    ),
    System(
        "best documented CS224N project, 2023-24",
        "BERT-base",
        {"sst": 0.540, "quora": 0.892, "sts": 0.885},
        "one pass over both sentences, and more; a model per task reaches .548, .893, .891",
    ),
    System(
        "definito/bert-multitask-exampasser-nlp, 2023",
        "BERT-base",
        {"sst": 0.524, "quora": 0.880, "sts": 0.841},
        "mean pooling, SMART, learned task weights",
    ),
    System(
        "semantic-foxes/dnlp_ss23",
        "BERT-base",
        {"sst": 0.498, "quora": 0.708, "sts": 0.376},
        "with the ranking loss .467, .791, .338: it helped paraphrase and hurt similarity",
    ),
    System(
        "thisHermit/nlp_project, 2024",
        "BERT-base",
        {"sts": 0.811},
        "cosine .592, mean pooling .632, ranking .747, then regression",
        same_split=False,
    ),
    System(
        "JF631/dnlp_the_AttentionHeads, 2025",
        "BERT-base",
        {"sst": 0.542, "quora": 0.896},
        "attention pooling; one pass and R-Drop",
        same_split=False,
    ),
    System(
        "FrederikHennecke/DeepLearning4NLP, 2024",
        "BERT-base",
        {"sst": 0.530, "sts": 0.893},
        "gradient vaccine, one seed",
        same_split=False,
    ),
)
"""Read from their repositories and reports in 2026; BERT-base has five times MiniLM's weights."""

MEASURES = {**{task.measure: task.row for task in PAPER_TASKS}, "overall_mean": "plain mean"}
"""What a joint run is measured by, and how a table says it."""

OURS = (
    ("real-minilm-quick", "mnrl", "sst_finetune", "ours: the paper's recipe", "MiniLM"),
    ("real-minilm-two-vectors", "best", "joint", "ours: two vectors", "MiniLM"),
    ("real-minilm-one-pass", "best", "joint", "ours: paraphrases in one pass", "MiniLM"),
    ("real-minilm-shorter", "best", "joint", "ours: `best`, shorter", "MiniLM"),
    ("real-minilm-once", "best", "joint", "ours: `best`, trained once", "MiniLM"),
    ("real-minilm-best", "best", "joint", "ours: recipe `best`", "MiniLM"),
)


def best_markdown() -> str:
    """Dev results of the recipe `best` beside the paper's recipe on the same data, as Markdown."""
    quick, best = recorded("real-minilm-quick"), recorded("real-minilm-best")
    measured = best.results["arms"]["best"]["joint"]
    rows = [
        [
            title,
            cell(quick.value("heads_only", "sst_finetune", metric)),
            cell(quick.value("mnrl", "sst_finetune", metric)),
            cell(measured[metric]),
        ]
        for metric, title in MEASURES.items()
    ]
    cosine = cell(measured["sts_cosine_pearson"])
    rows.append(["similarity by the cosine of the two sentence vectors", "—", "—", cosine])
    header = ["dev", "the paper's recipe, no stage (`heads_only`)", "with ranking", "`best`"]
    return markdown_table(header, rows)


def earlier_markdown() -> str:
    """The recipe `best` beside those that were recorded before it, as Markdown."""
    names = {
        "two vectors": "real-minilm-two-vectors",
        "paraphrases in one pass": "real-minilm-one-pass",
        "`best`, shorter": "real-minilm-shorter",
        "`best`, trained once": "real-minilm-once",
        "`best`": "real-minilm-best",
        "`best`, another seed": "real-minilm-best-seed-1",
    }
    measured = [recorded(name).results["arms"]["best"]["joint"] for name in names.values()]
    rows = [[title, *(cell(one[metric]) for one in measured)] for metric, title in MEASURES.items()]
    return markdown_table(["dev", *names], rows)


def lab_best_markdown() -> str:
    """The recipe `best` on the lab beside counted words and the paper's stages, as Markdown.

    The last column is the mean over training seeds, with Student's interval over them.
    """
    lab, best = recorded("lab-tiny-quick"), recorded("lab-tiny-best")
    measured = best.results["arms"]["best"]["joint"]
    above = {
        finding.statement.partition(" best rung of ")[2].partition(",")[0]: finding
        for finding in findings(best.results)
    }
    rows = []
    for task in PAPER_TASKS[:3]:
        rung, value = ladder_rows(best.results)[task.measure]
        finding = above[task.subject]
        low, high = finding.value["ci95"]
        rows.append(
            [
                task.row,
                f"{number(value)} ({rung})",
                cell(lab.value("mnrl", "sst_finetune", task.measure)),
                cell(measured[task.measure]),
                f"{finding.value['value']:+.3f} [{low:+.3f}, {high:+.3f}], {finding.verdict}",
            ]
        )
    header = ["lab, dev", "best rung of the ladder", "ranking, then sentiment", "`best`",
              "above the rung, over seeds"]  # fmt: skip
    return markdown_table(header, rows)


def world_markdown() -> str:
    """Everybody's dev results as Markdown: see `world_rows`."""
    return markdown_table(*world_rows())


def world_rows() -> tuple[list[str], list[list[str]]]:
    """Header and rows: everybody's dev results with the interval that the data set's size gives.

    Others' cells get the interval of the course's dev files: Wilson's for a share, Fisher's z for
    r. One that was measured on another split gets it, too: its own size is not documented.
    """
    rows = [
        [
            of.name,
            of.encoder + ("" if of.same_split else ", another split"),
            *(_cell(task, of.scores.get(task.name)) for task in PAPER_TASKS),
            of.said,
        ]
        for of in PUBLIC
    ]
    rows += [
        [title, encoder, *(cell(run.value(arm, stage, task.measure)) for task in PAPER_TASKS), said]
        for run, arm, stage, title, encoder, said in _ours()
    ]
    header = ["", "encoder", *(task.row for task in PAPER_TASKS), "what its authors say"]
    return header, rows


def _cell(task: Task, value: float | None) -> str:
    if value is None:
        return "—"
    total = recorded("real-minilm-quick").results["data"]["rows"][task.name]["dev"]
    bounds = (
        fisher_z_interval(value, total)
        if task.metric == "pearson"
        else wilson_interval(round(value * total), total)
    )
    return cell({"value": value, "ci95": bounds})


def _ours() -> Iterator[tuple[Recorded, str, str, str, str, str]]:
    for name, arm, stage, title, encoder in OURS:
        if (results_folder() / name).is_dir():
            run = recorded(name)
            yield run, arm, stage, title, encoder, f"26 k Quora pairs; {run.results['device']}"
