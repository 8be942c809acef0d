"""Everything that docs/own_data.md shows is run, in its order."""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from minbert.__main__ import main
from minbert.data.own_file import SEPARATORS, SUFFIXES
from minbert.experiments.own.choices import settings_for
from minbert.pretrained import read_config

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import own_lengths  # noqa: E402

PAGE = (ROOT / "docs" / "own_data.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return found


def test_what_is_said_of_five_thousand_pairs_is_recorded() -> None:
    found = json.loads((ROOT / "benchmarks" / "own_pairs.json").read_text(encoding="utf-8"))
    [verdict] = found["verdict"]
    after, before, gain = re.search(
        r"Spearman's r: (\S+) after training, (\S+) with .*; difference (\S+ \[\S+ \S+\]),", verdict
    ).groups()
    assert f"from {before} to {after}, by {gain}" in PAGE
    assert f"{found['pairs']:,} graded pairs" in PAGE and "863 dev pairs" in PAGE
    assert "863 held-out examples" in verdict and f"{found['minutes']:.1f} minutes" in PAGE
    assert f"on a {found['device']}, {found['precision']};" in PAGE


def test_the_default_lengths_are_those_that_were_measured() -> None:
    record = json.loads((ROOT / "benchmarks" / "own_lengths.json").read_text(encoding="utf-8"))
    table = PAGE.partition("<!-- own-lengths -->\n")[2].partition("<!-- /own-lengths -->")[0]
    assert table == own_lengths.table(record)
    assert set(record["kinds"]) == set(own_lengths.STAGE)
    now = asdict(settings_for(read_config(record["encoder"])))
    assert json.loads(json.dumps(now)) == record["defaults"]
    for kind, cells in record["kinds"].items():
        assert set(cells) == set(own_lengths.lengths_of(kind, record["encoder"]))
        assert cells["default"]["epochs"] == now[own_lengths.STAGE[kind]]["epochs"]


def test_the_commands_and_the_python_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path / "cache"))
    for line in block("sh").splitlines():
        assert main(shlex.split(line)[1:]) == 0, line
    printed = capsys.readouterr().out
    assert printed.count("Did it help?") == 1 and "usable" in printed
    exec(compile(block("python"), "own_data.md", "exec"), names := {})
    assert capsys.readouterr().out.startswith("Did it help? ")
    assert names["vectors"].ndim == 2 and len(names["vectors"]) == 1


def test_the_page_names_what_is_read() -> None:
    for suffix in (".txt", ".csv", ".tsv", ".jsonl"):
        assert suffix in SUFFIXES and f"`{suffix}`" in PAGE
    assert all(f"`{name}`" in PAGE or f"sep={name}" in PAGE for name in SEPARATORS)
