"""The benchmarks of speed run, and README's table says what they recorded."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import bf16_attention  # noqa: E402
import speed  # noqa: E402
from sections import filled  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
PARTS = ("masked", "step", "ranking", "frozen", "caching", "scaling")


def test_the_table_is_the_recorded_one() -> None:
    assert filled(README, {"speed": "\n" + speed.table(speed.read())}) == README, "make bench"
    page = speed.PAGE.read_text(encoding="utf-8")
    assert filled(page, {"fp32": "\n" + speed.table(speed.read(speed.ON_FP32))}) == page


def test_the_page_shows_what_was_recorded_of_bf16_attention() -> None:
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    record = json.loads(bf16_attention.RECORD.read_text(encoding="utf-8"))
    assert record["bf16_is_fast"]
    assert filled(page, {"bf16": "\n" + bf16_attention.table(record)}) == page
    slower = [row for row in record["rows"] if row["trains"] and row["fused"][0] <= 1.2]
    assert len(record["rows"]) == 8 and not slower, "the page says 1.3 to 1.6 times as fast"


def test_the_benchmark_of_bf16_attention_takes_each_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """At toy size; where a way is patched, the kernel it names is the one that is called."""
    called, kernel = [], F.scaled_dot_product_attention

    def counted(*given, **how):
        called.append(given[0].dtype)
        return kernel(*given, **how)

    monkeypatch.setattr(F, "scaled_dot_product_attention", counted)
    config = replace(bf16_attention.MINILM, num_hidden_layers=1, vocab_size=50)
    rows = bf16_attention.measured(config, ((2, 8),), runs=1)
    assert [row["trains"] for row in rows] == [True, False]
    assert all(row["fused"][0] > 0 and row["fp32"][0] > 0 for row in rows)
    assert called == [torch.bfloat16, torch.float32] * 4  # two directions, warmed up


@pytest.mark.parametrize("name", sorted(speed.read((*speed.BENCHMARKS, *speed.ON_FP32))))
def test_a_record_says_where_it_was_made_and_judges_itself_rightly(name: str) -> None:
    recorded = speed.read([name])[name]
    assert recorded["bf16_is_fast"] is not name.endswith("_fp32")
    script = name.removesuffix("_fp32")
    assert recorded["command"].startswith(f"python benchmarks/{script}.py")
    assert {"device", "threads", "versions", "data"} <= recorded.keys()
    rows = speed.rows_of(recorded)
    assert rows
    for row in rows:
        assert row["lowest"] <= row["median"] <= row["highest"]
        least = row["sense"] == "at least"
        assert row["met"] == (row["median"] >= row["bar"] if least else row["median"] <= row["bar"])


def test_what_is_recorded_of_training_has_its_part() -> None:
    recorded = speed.read().get("training") or pytest.skip("make bench has recorded nothing yet")
    assert {row["part"] for row in recorded["rows"]} <= set(PARTS)


def test_the_table_goes_between_the_comments_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratio = {"median": 2.0, "lowest": 1.0, "highest": 3.0, "processor_time": 2.1}
    line = {"what": "ours", "against": "theirs", "sense": "at most", "bar": 1.1, "met": False}
    record = {
        "command": "python benchmarks/training.py",
        "device": "CPU",
        "bf16_is_fast": False,
        "machine_shared": True,
        "versions": {"torch": "2", "numpy": "1"},
        "data": "real data (of a course)",
        "rows": [{**line, **ratio}],
    }
    monkeypatch.setattr(speed, "read", lambda names=(): {"training": record})
    page, other = tmp_path / "README.md", tmp_path / "speed.md"
    page.write_text("before\n<!-- speed -->\nold\n<!-- /speed -->\nafter\n")
    other.write_text("<!-- fp32 -->\nold\n<!-- /fp32 -->\n")
    speed.write_tables(page, other)
    assert "| ours | theirs |" in other.read_text() and "old" not in other.read_text()
    text = page.read_text()
    assert text.startswith("before\n<!-- speed -->\n| | instead of |")
    assert "| ours | theirs | 2.00 (1.00–3.00) | 2.10 | ≤ 1.1 | missed |" in text
    assert "others used at the same time; torch 2; real data." in text
    assert text.endswith("<!-- /speed -->\nafter\n") and "old" not in text
    page.write_text("no place for it\n")
    with pytest.raises(ValueError, match="README.md: the page must hold <!-- speed -->"):
        speed.write_tables(page, other)


def test_a_record_of_bars_reads_as_rows() -> None:
    ratio = {"median": 2.0, "lowest": 1.0, "highest": 3.0, "processor_time": 2.0}
    [row] = speed.rows_of(
        {"bars": [{"fast": "ours", "slow": "theirs", "what": "latency", "bar": 1.5, **ratio}]}
    )
    assert row["met"] and row["what"] == "latency, ours" and row["against"] == "theirs"


@pytest.fixture
def training():
    pytest.importorskip("transformers", reason="the rivals are part of the measurement")
    import training

    return training


def test_ratios_are_of_the_rounds_and_not_of_the_medians(training) -> None:
    slow, fast = (
        training.Times([4.0, 6.0, 9.0], [1.0] * 3),
        training.Times([2.0, 2.0, 9.0], [1.0] * 3),
    )
    found = training.ratio(slow, fast)
    assert found == {"median": 2.0, "lowest": 1.0, "highest": 3.0, "processor_time": 1.0}


def test_a_first_round_is_not_recorded_and_all_take_turns(training) -> None:
    seen = []
    ways = {name: lambda name=name: seen.append(name) or float(len(seen)) for name in "ab"}
    times, first = training.in_turn(ways, rounds=2)
    assert seen == list("ababab") and first == {"a": 1.0, "b": 2.0}
    assert len(times["a"].clock) == len(times["b"].processor) == 2


def test_other_work_is_refused(training) -> None:
    training.assert_alike("same", 1.0, 1.0005, 1e-3)
    with pytest.raises(ValueError, match="losses must be alike"):
        training.assert_alike("other", 1.0, 1.2, 0.1)


@pytest.mark.parametrize(("sense", "met"), [("at least", True), ("at most", False)])
def test_a_bar_is_a_least_or_a_most(training, sense: str, met: bool) -> None:
    found = {"median": 2.0, "lowest": 1.0, "highest": 3.0, "processor_time": 2.0}
    assert training.row("a", "b", sense, 1.5, found)["met"] is met


@pytest.mark.slow
def test_every_part_runs_at_toy_size(tmp_path: Path, training) -> None:
    record = tmp_path / "training.json"
    given = ["--toy", "--threads", "1", "--data", "classroom:3", "--record", str(record)]
    training.main([*given, "--only", "masked", "step", "frozen"])
    training.main([*given, "--only", "ranking", "caching", "scaling", "step"])
    recorded = json.loads(record.read_text())
    assert [row["part"] for row in recorded["rows"]].count("step") == 2
    assert {row["part"] for row in recorded["rows"]} == set(PARTS)
    assert "--only" not in recorded["command"]
