"""Tables beside the paper: every number is a recorded one, and noise is called noise."""

from __future__ import annotations

import pytest

from minbert import paper
from minbert.course.recorded import recorded
from minbert.course.result_tables import (
    ARMS,
    against_control,
    best_table,
    dots,
    fine_tuning_table,
    ladder_rows,
    needed_table,
    published_gap,
    recorded_gap,
    submitted_table,
    table_beside_paper,
    verdict,
)
from minbert.experiments.markdown import cell

RUNS = {"real": recorded("real-minilm-quick"), "lab": recorded("lab-tiny-quick")}


@pytest.mark.parametrize("stage", ["heads", "sst_finetune"])
def test_a_table_holds_the_paper_and_both_runs(stage: str) -> None:
    table = table_beside_paper(stage, RUNS, "caption")
    assert len(table.rows) == len(ARMS) * len(paper.METRICS)
    row = next(row for row in table.rows if row[0].startswith("Paraphrase") and row[1] == "mlm")
    assert row[2] == {"heads": ".738", "sst_finetune": ".722"}[stage]
    assert row[3] == cell(RUNS["real"].value("mlm", stage, "quora_accuracy"))
    assert row[5] == cell(RUNS["lab"].value("mlm", stage, "quora_accuracy"))
    control = [row for row in table.rows if row[1] == "heads_only"]
    assert all(row[2] == "—" and row[4] == "—" for row in control)


@pytest.mark.parametrize("name", list(RUNS))
def test_a_test_against_the_control_is_arm_minus_control(name: str) -> None:
    results = RUNS[name].results
    for arm in ("mlm", "mnrl", "mlm+mnrl"):
        test = against_control(results, "heads", arm, "sts_pearson")
        ours, control = (
            RUNS[name].value(which, "heads", "sts_pearson")["value"]
            for which in (arm, "heads_only")
        )
        assert test["difference"] == pytest.approx(ours - control)
        assert test["ci95"][0] < test["difference"] < test["ci95"][1]
    assert against_control(results, "heads", "heads_only", "sts_pearson") is None


def test_noise_is_called_noise() -> None:
    base = {"difference": 0.014, "ci95": [0.009, 0.019]}
    assert verdict({**base, "p_value": 0.2}) == "within noise"
    assert verdict({**base, "p_value": 0.00001}) == "+0.014, p < .001"
    assert verdict({**base, "p_value": 0.013}) == "+0.014, p = .013"
    assert verdict(None) == "—"


def test_dots_and_the_ladder() -> None:
    points = dots(RUNS, "heads", "sts_pearson")
    assert len(points) == 4 + 2 * len(ARMS)
    assert {point.group for point in points if point.interval is None} == {"paper (BERT-base)"}
    best = ladder_rows(RUNS["real"].results)["sts_pearson"]
    rungs = RUNS["real"].results["ladder"]["sts_pearson"].values()
    assert best[1] == max(rung["value"] for rung in rungs)


def test_gaps_know_how_many_examples_they_need() -> None:
    gap = published_gap("table2", "mlm", "mnrl", "sst_accuracy", 1101)
    assert gap.difference == pytest.approx(0.003) and gap.needed > 100_000
    ours = recorded_gap(RUNS["real"], "heads", "mnrl", "sst")
    assert ours.total == RUNS["real"].results["data"]["rows"]["sst"]["dev"]
    assert needed_table([gap, ours]).rows[1][-1] == f"{ours.needed:,}"
    with pytest.raises(ValueError, match="no test"):
        recorded_gap(RUNS["real"], "heads", "heads_only", "sst")


def test_the_best_of_everything() -> None:
    rows = best_table(RUNS["real"]).rows
    assert rows[2][2] == ".605 mnrl"
    assert all(row[3].split()[1] in ARMS for row in rows)


def test_a_run_without_test_labels_has_no_test_value() -> None:
    table = submitted_table(RUNS)
    assert {row[2] for row in table.rows} == {"no labels"}
    assert table.rows[0][1] == ".514" and table.rows[3][1] == ".602" and table.rows[4][1] == "—"


def test_one_seed_is_said_to_be_one() -> None:
    rows = fine_tuning_table(RUNS).rows
    assert all(("one seed" in row[-1]) == (row[0] == "real") for row in rows)
