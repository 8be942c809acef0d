"""What the README says is what is there: commands, code, tables, pins."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

from minbert.__main__ import build_parser
from minbert.evaluation.report import cell, tables_markdown

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "figures" / "results"


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


def test_there_are_exactly_two_commands() -> None:
    assert [block.splitlines() for block in blocks("sh")] == [["make reproduce", "make test"]]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"reproduce", "test"} <= set(targets)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_the_python_block_runs(minilm_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [code] = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == [
        "7 torch.Size([2, 384]) torch.Size([2, 12, 5, 5])", "(2, 384)",
    ]  # fmt: skip


def test_every_command_line_is_understood() -> None:
    lines = [
        line for block in blocks("") for line in block.splitlines() if line.startswith("minbert ")
    ]
    assert len(lines) >= 9
    commands = set()
    for line in lines:
        words = shlex.split(re.sub(r"[<>] \S+", "", line))[1:]
        commands.add(build_parser().parse_args(words).command)
    assert commands == {
        "reproduce", "single-task", "sweep", "predict", "grade", "encode", "data", "pretrain-tiny",
    }  # fmt: skip


def test_the_tables_are_the_recorded_ones() -> None:
    results = json.loads((RESULTS / "real-minilm-quick" / "results.json").read_text())
    recorded = tables_markdown(results).splitlines()
    shown = [line for line in README.splitlines() if "(paper: " in line and line.startswith("|")]
    assert len(shown) == 3
    second = recorded.index("## Table 2: dev, after fine-tuning the whole model on sentiment")
    assert all(line in recorded[second:] for line in shown)
    for task, title in (("sst", "SST"), ("cfimdb", "CFIMDB")):
        cells = []
        for mode in ("frozen", "finetune"):
            path = RESULTS / f"single-task-{task}-{mode}" / "results.json"
            cells.append(cell(json.loads(path.read_text())["dev_accuracy"]))
        assert f"| {title}, ours (MiniLM) | {cells[0]} | {cells[1]} |" in README


def test_the_benchmarks_figures_are_the_recorded_ones() -> None:
    recorded = json.loads((ROOT / "benchmarks" / "mlm_training.json").read_text())
    for result in recorded["results"]:
        assert f"{result['ratio_median']:.1f} times" in README


def pins(requirements: list[str]) -> dict[str, str]:
    found = {}
    for requirement in requirements:
        name, pin = re.match(r"([A-Za-z0-9_.-]+)(.*)", requirement).groups()
        found[name.lower().replace("_", "-")] = pin
    return found


def test_the_environment_file_has_the_projects_pins() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = pins([*project["dependencies"], *extras["notebooks"]])
    wanted |= {name: pin for name, pin in pins(extras["test"]).items() if name == "nbval"}
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["channels"] == ["conda-forge"]
    *packages, last = environment["dependencies"]
    assert last == {"pip": ["-e ."]}
    found = pins(packages)
    conda_names = {"torch": "pytorch", "matplotlib": "matplotlib-base",
                   "huggingface-hub": "huggingface-hub"}  # fmt: skip
    for name, pin in wanted.items():
        assert found[conda_names.get(name, name)] == pin, name
    assert found["python"].startswith(project["requires-python"])


def test_the_constraints_fit_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    constraints = pins(
        [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line[:1] != "#"]
    )
    assert constraints["torch"] == "==2.13.0"
    assert all(pin.startswith("==") and "+" not in pin for pin in constraints.values())
    assert set(pins(project["dependencies"])) <= set(constraints)
    assert set(pins(project["optional-dependencies"]["test"])) <= set(constraints)


def test_the_console_script_and_the_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"minbert": "minbert.__main__:main"}
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["license"] == "Apache-2.0" and citation["cff-version"] == "1.2.0"
