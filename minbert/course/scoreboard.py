"""The paper, our recorded runs and what was run live just now, in one table."""

from __future__ import annotations

from minbert import paper
from minbert.course.journal import Journal
from minbert.course.recorded import recorded
from minbert.experiments.markdown import cell, number
from minbert.experiments.report import TITLES
from minbert.viz.table import Table

SHORT = {
    "sst_accuracy": "Sentiment (SST), accuracy",
    "quora_accuracy": "Paraphrase (Quora), accuracy",
    "sts_pearson": "Similarity (STS), r",
}
STAGES = {"heads": "frozen", "sst_finetune": "fine-tuned"}
TABLE_OF = {"heads": "table1", "sst_finetune": "table2"}
RUNS = {"real-minilm-quick": "ours, real data", "lab-tiny-quick": "ours, lab (synthetic)"}


def live_key(arm: str, stage: str, metric: str) -> str:
    """Under which name a notebook keeps a live result in the journal."""
    return f"live/{arm}/{stage}/{metric}"


def scoreboard(tier: str = "lab", arms: tuple[str, ...] = ("heads_only", *paper.ARMS)) -> Table:
    """One row per arm, stage and task; every number as recorded, with its 95 % interval.

    Args:
        tier: whose live results are shown in the last column.
        arms: in this order.
    """
    runs = {name: recorded(name) for name in RUNS}
    live = Journal(tier).read()
    rows = []
    for arm in arms:
        for stage, shown in STAGES.items():
            if arm == "baseline" and stage != "heads":
                continue
            for metric in paper.METRICS:
                theirs = paper.TABLES[TABLE_OF[stage]].get(arm, {}).get(metric)
                now = live.get(live_key(arm, stage, metric), {}).get("outcome", "—")
                rows.append(
                    [
                        arm,
                        "untrained" if arm == "baseline" else shown,
                        TITLES[metric],
                        "—" if theirs is None else number(theirs),
                        *(cell(run.value(arm, stage, metric)) for run in runs.values()),
                        str(now),
                    ]
                )
    header = ["arm", "encoder", "dev", "paper (BERT-base)", *RUNS.values(), f"live, {tier}"]
    return Table(header, rows)


def scoreboard_markdown(stage: str = "sst_finetune") -> str:
    """One stage as a Markdown table for the README: tasks and sources down, arms across.

    Args:
        stage: `heads` (Table 1) or `sst_finetune` (Table 2).
    """
    arms = ("baseline", "heads_only", "mlm", "mnrl", "mlm+mnrl")
    theirs = paper.TABLES[TABLE_OF[stage]]
    lines = [f"| dev | | {' | '.join(arms)} |", "|" + " --- |" * (len(arms) + 2)]
    for metric, title in SHORT.items():
        shown = [number(theirs[arm][metric]) if arm in theirs else "—" for arm in arms]
        lines.append(f"| {title} | paper | {' | '.join(shown)} |")
        for name, source in RUNS.items():
            cells = [cell(recorded(name).value(arm, stage, metric)) for arm in arms]
            lines.append(f"| | {source} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
