"""docs/encoding.md shows what was recorded; both benchmarks still run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from minbert.vector_files import FORMATS

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import encoding  # noqa: E402
import encoding_memory  # noqa: E402

PAGE = (ROOT / "docs" / "encoding.md").read_text(encoding="utf-8")
SPEED = encoding.recorded_in(ROOT / "benchmarks" / "encoding.json")
MEMORY = encoding.recorded_in(ROOT / "benchmarks" / "encoding_memory.json")
FP32 = encoding.recorded_in(ROOT / "benchmarks" / "encoding_fp32.json")
RECORDED = {"speed": SPEED, "memory": MEMORY}


def recorded(name: str) -> dict:
    if RECORDED[name] is None:
        pytest.skip(f"{name} is not recorded yet: run the benchmark with --record")
    return RECORDED[name]


def test_the_tables_are_the_recorded_ones() -> None:
    assert encoding.fill(PAGE, SPEED, MEMORY, FP32) == PAGE
    empty = [name for name in ("encoding", "bars", "left", "product") if between(name) == ""]
    assert bool(empty) == (SPEED is None) and (between("memory") == "") == (MEMORY is None)


def between(name: str) -> str:
    return PAGE.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0].strip()


def test_memory_is_flat_up_to_a_million_lines() -> None:
    memory = recorded("memory")
    first, *_, last = memory["rows"]
    assert (first["lines"], last["lines"]) == (10_000, 1_000_000)
    assert last["peak_mib"] <= memory["bar"] * first["peak_mib"] and memory["bar"] <= 1.2


def test_all_gave_the_same_vectors() -> None:
    ways = recorded("speed")["ways"]
    for name, way in ways.items():
        assert (way["smallest_cosine"] > 0.999) is not name.endswith("int8"), name
    assert {"sentence-transformers fp32", "minbert fp32"} <= ways.keys()


def test_the_page_names_every_format() -> None:
    assert all(f".{name}" in PAGE for name in FORMATS)


@pytest.mark.parametrize("code", re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.M))
def test_its_code_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code.replace("10_000", "9_000"), "encoding.md", "exec"), {})
    assert capsys.readouterr().out.split("\n")[:2] == ["(4096, 128)", "(4096, 128)"]


def test_the_benchmark_of_speed_still_runs() -> None:
    """On the smallest model and without peers, in both precisions."""
    ways = encoding.ways_of("tiny", ("fp32", "bf16"), peers=False)
    sentences, what = encoding.sentences_of(None, 20)
    assert len(set(sentences)) == 20 and "synthetic" in what
    found, cosines = encoding.measure(ways, sentences, single=2, rounds=2)
    result = encoding.result_of(found, cosines, 20, 2)
    assert list(result["ways"]) == ["minbert fp32", "minbert bf16"]
    assert cosines["minbert fp32"] > 0.99999 and cosines["minbert bf16"] > 0.99
    assert all(way["sentences_per_s"] > 0 for way in result["ways"].values())
    assert encoding.table(result).count("\n") == 4
    assert encoding.one_product(16, 3, rounds=2) > 0
    assert 0 < encoding.share_of_products(ways["minbert fp32"], sentences) <= 1


def test_a_bar_is_judged_by_the_median() -> None:
    times = {
        "minbert fp32": encoding.Times([1.0, 1.0, 1.0], [1.0] * 3),
        "sentence-transformers fp32": encoding.Times([1.4, 1.6, 9.0], [1.0] * 3),
    }
    cosines = dict.fromkeys(times, 1.0)
    result = encoding.result_of({"throughput": times, "latency": times}, cosines, 1, 1)
    assert [bar["median"] for bar in result["bars"]] == [1.6, 1.6]
    assert encoding.bars(result).count("1.60 (1.40–9.00) | met |") == 2


def test_the_benchmark_of_memory_still_runs() -> None:
    rows = encoding_memory.measure("tiny", "npy", [40])
    [row] = rows
    assert row["lines"] == 40 and 50 < row["peak_mib"] < 5000
    assert encoding_memory.table({"rows": rows}).count("\n") == 3
