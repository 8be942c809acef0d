"""What the README says is what is there: commands, code, tables, pins."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml

from minbert import encode, from_pretrained
from minbert.commands.parser import build_parser
from minbert.course.notebooks import notebook_paths, overview
from minbert.course.scoreboard import scoreboard_markdown
from minbert.data.classroom.corpus import classroom_corpus
from minbert.evaluation.metrics import pearson
from minbert.experiments.markdown import cell, number
from minbert.experiments.report import TITLES, story_table, tables_markdown
from minbert.training.recipe import RECIPES, preset_for

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLES = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
LAB = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
STAGE_TITLES = {"mlm": "MLM", "mnrl": "MNRL", "sst_finetune": "sentiment fine-tuning"}
RESULTS = ROOT / "figures" / "results"


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


def test_there_are_exactly_two_commands() -> None:
    assert [block.splitlines() for block in blocks("sh")] == [["make course", "make test"]]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"course", "lab", "outputs", "figures", "reproduce", "test"} <= set(targets)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_the_python_block_runs(minilm_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [code] = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == [
        "7 torch.Size([2, 384]) torch.Size([2, 12, 5, 5])",
        "(2, 384)",
    ]


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
        "reproduce", "single-task", "sweep", "predict", "grade", "compare", "encode", "data",
        "pretrain-tiny", "course", "lab", "export", "push", "completion", "train", "evaluate",
    }  # fmt: skip


def test_the_tables_are_the_recorded_ones() -> None:
    results = json.loads((RESULTS / "real-minilm-quick" / "results.json").read_text())
    recorded = tables_markdown(results).splitlines()
    shown = [line for line in TABLES.splitlines() if "(paper: " in line and line.startswith("|")]
    assert len(shown) == 3
    second = recorded.index("## Table 2: dev, after fine-tuning the whole model on sentiment")
    assert all(line in recorded[second:] for line in shown)
    for task, title in (("sst", "SST"), ("cfimdb", "CFIMDB")):
        cells = []
        for mode in ("frozen", "finetune"):
            path = RESULTS / f"single-task-{task}-{mode}" / "results.json"
            cells.append(cell(json.loads(path.read_text())["dev_accuracy"]))
        assert f"| {title}, ours (MiniLM) | {cells[0]} | {cells[1]} |" in TABLES


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
    conda_names = {
        "torch": "pytorch",
        "matplotlib": "matplotlib-base",
        "huggingface-hub": "huggingface-hub",
    }
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


def recorded(name: str) -> dict:
    return json.loads((RESULTS / name / "results.json").read_text(encoding="utf-8"))


def test_the_labs_table_is_the_recorded_one() -> None:
    results = recorded("lab-tiny-quick")
    for metric, rungs in results["ladder"].items():
        best = max(rungs.values(), key=lambda value: value["value"])
        for stage, when in (("heads", "frozen"), ("sst_finetune", "fine-tuned")):
            cells = [
                cell(results["arms"][arm][stage][metric])
                for arm in ("heads_only", "mlm", "mnrl", "mlm+mnrl")
            ]
            row = [f"{TITLES[metric]}, {when}", *cells, cell(best)]
            assert "| " + " | ".join(row) + " |" in TABLES


def test_the_scoreboard_is_the_recorded_one() -> None:
    assert scoreboard_markdown("sst_finetune") in README


def test_the_table_of_notebooks_says_what_the_notebooks_say() -> None:
    shown = README.split("<!-- notebooks -->\n")[1].split("<!-- /notebooks -->")[0]
    assert shown == overview(notebook_paths())
    assert len(shown.splitlines()) == 2 + 19
    assert "4 to 15 minutes on two cores" in README


def test_the_badges_lead_to_the_first_notebook() -> None:
    for service in ("mybinder.org/v2/gh/", "colab.research.google.com/github/"):
        assert re.search(rf"\({re.escape('https://' + service)}\S+/00_start_here\.ipynb\)", README)


def test_the_page_on_the_lab_says_what_was_recorded() -> None:
    lab = recorded("lab-tiny-quick")
    assert story_table(lab) in LAB
    assert lab["command"] in LAB
    shown = [
        ("sst_accuracy", "sst_finetune"),
        ("quora_accuracy", "heads"),
        ("sts_pearson", "heads"),
    ]
    for metric, stage in shown:
        theirs, ours = (
            cell(recorded(name)["arms"]["mnrl"][stage][metric])
            for name in ("lab-tiny-quick-paper", "lab-tiny-quick")
        )
        assert f" | {theirs} | {ours} |" in LAB
    for stage, measure in (
        ("mlm", "mean_loss"),
        ("mnrl", "sts_pearson"),
        ("sst_finetune", "sst_accuracy"),
    ):
        sweep = recorded(f"lab-sweep-{stage}")["sweep"]
        for rate in sweep["rates"]:
            [line] = [
                line
                for line in LAB.split(f"| {STAGE_TITLES[stage]} |")[1].split("\n\n")[0].splitlines()
                if line.startswith(f"| {rate['learning_rate']:g} |")
            ]
            assert f"| {rate['after'][measure]:.3f} |" in line
    highest = [seed["rates"][0] for seed in recorded("lab-sweep-mnrl")["sweeps"].values()]
    assert all(rate["learning_rate"] == 0.01 for rate in highest)
    first, second, third = (f"{rate['after']['random_pair_cosine']:.3f}" for rate in highest)
    assert f"a cosine of {first}, {second} and {third}" in LAB


def test_what_another_processor_gives_and_the_corrected_perplexities() -> None:
    first, again = recorded("lab-tiny-quick"), recorded("lab-tiny-quick-one-thread")
    assert again["command"] == first["command"]
    for task, held in again["mlm_held_out"].items():
        before, after = held["perplexity_before"]["value"], held["perplexity_after"]["value"]
        change = held["relative_change"]["value"]
        assert f"{task} {before:,.0f} to {after:,.0f} ({change:.3f})" in LAB
    moved = {
        metric: max(
            abs(stages[stage][metric]["value"] - again["arms"][arm][stage][metric]["value"])
            for arm, stages in first["arms"].items()
            for stage in stages
        )
        for metric in ("sst_accuracy", "quora_accuracy", "sts_pearson")
    }
    accuracy = max(moved["sst_accuracy"], moved["quora_accuracy"])
    said = f"more than {accuracy:.4f} (accuracy) and {moved['sts_pearson']:.4f} (correlation)"
    assert said in LAB


def test_what_is_said_of_the_sweeps_on_real_data_is_recorded() -> None:
    mlm, mnrl = (
        {f"{rate['learning_rate']:g}": rate["after"] for rate in found["sweep"]["rates"]}
        for found in (recorded("sweep-mlm"), recorded("sweep-mnrl"))
    )
    lowest, ranked = (
        min(found, key=lambda rate, found=found, name=name: found[rate][name])
        for found, name in ((mlm, "mean_loss"), (mnrl, "ranking_loss"))
    )
    assert (lowest, ranked) == ("0.0003", "0.0001")
    nats, low = mlm[lowest]["mean_loss"], mlm["1e-05"]["mean_loss"]
    assert f"({nats:.2f} nats, against {low:.2f} at 1e-5)" in TABLES
    assert f"({mnrl[ranked]['ranking_loss']:.2f}), where similarity already suffers" in TABLES
    r, taken = (f"{mnrl[rate]['sts_pearson']:.3f}"[1:] for rate in (ranked, "5e-05"))
    assert f"(r {r}, against {taken} at 5e-5" in TABLES


def test_the_order_of_the_learning_rates_is_the_same_with_every_seed() -> None:
    for stage, measure in (("mlm", "mean_loss"), ("mnrl", "ranking_loss"), ("mnrl", "sts_pearson")):
        results = recorded(f"lab-sweep-{stage}")
        assert list(results["sweeps"]) == ["0", "1", "2"]
        assert results["sweep"] == results["sweeps"]["0"]
        orders = {
            tuple(
                sorted(
                    range(len(seed["rates"])),
                    key=lambda number, seed=seed: seed["rates"][number]["after"][measure],
                )
            )
            for seed in results["sweeps"].values()
        }
        assert len(orders) == 1, (stage, measure)


@pytest.mark.parametrize("name", ["lab-tiny-quick", "lab-tiny-quick-paper"])
def test_the_lab_was_recorded_on_the_corpus_that_is_shipped(name: str) -> None:
    results = recorded(name)
    assert results["tier"] == "synthetic" and len(results["seeds"]) == 5
    assert results["data"]["digest"] == classroom_corpus(31).data.digest
    assert results["preset"]["values"] == preset_for("quick", "tiny").values()
    assert results["recipe"] == RECIPES[results["recipe"]["name"]].values()
    tables = (RESULTS / name / "tables.md").read_text(encoding="utf-8")
    assert tables_markdown(results) == tables


def test_the_lab_was_recorded_with_the_encoder_that_is_shipped() -> None:
    """The baseline's similarity has no trained part: it follows from corpus and encoder alone."""
    pairs = classroom_corpus(31).data.sts.dev
    first, second = (
        encode([getattr(pair, name) for pair in pairs], *from_pretrained("tiny"), precision="fp32")
        for name in ("sentence1", "sentence2")
    )
    cosines = (
        (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    )
    found = pearson(np.maximum(cosines, 0), np.array([pair.label for pair in pairs]))
    baseline = recorded("lab-tiny-quick")["arms"]["baseline"]["untrained"]["sts_pearson"]
    assert found == pytest.approx(baseline["value"], abs=0.002)


def test_what_each_choice_of_the_lab_recipe_is_worth() -> None:
    results = recorded("lab-recipe")
    lab, theirs = (RECIPES[name].values() for name in ("lab", "paper"))
    choices = [name for name in lab if lab[name] != theirs[name] and name != "name"]
    one_back = {f"{name} {theirs[name]}" for name in choices}
    assert set(results["variants"]) == {"lab", "paper"} | one_back
    for name, seeds in results["variants"].items():
        assert len(seeds) == len(results["seeds"])
        means = [number(sum(seed[key] for seed in seeds) / len(seeds)) for key in seeds[0]]
        assert f"| {name.replace('_', ' ')} | {' | '.join(means)} |" in LAB
    assert number(results["ladder"]["sst_accuracy"]["bag_of_words"]) in LAB
    assert results["command"] in LAB


def test_jupyterlab_keeps_its_token() -> None:
    """`make lab` switches off no check of who connects, nor lets other machines in."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [command] = re.findall(r"jupyter lab (.*)", makefile)
    assert command == "notebooks/00_start_here.ipynb"
    settings = [*ROOT.glob("jupyter*config*"), *ROOT.glob(".jupyter")]
    assert settings == []
