"""The command line: every command end to end, and one clear sentence for each wrong input."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import minbert
from minbert import pooling, precision
from minbert.__main__ import main
from minbert.commands import parser
from minbert.data.predictions import read_predictions
from minbert.experiments import sweep
from minbert.experiments.labs import LABS
from minbert.experiments.own import choices as own_choices
from minbert.training import recipe


@pytest.fixture
def common(
    toy_data_folder: Path, toy_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Arguments that all training commands share."""
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path / "cache"))
    return ["--data", f"cs224n:{toy_data_folder}", "--encoder", str(toy_model_folder)]


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that must fail; its one sentence."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as error:
        code = error.code
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("minbert")]
    assert code == 2, captured
    assert len(lines) == 1 and "Traceback" not in captured.err, captured.err
    assert captured.out == ""
    return lines[0]


def test_the_parser_offers_what_there_is() -> None:
    """What it writes out, so that help needs no torch, is what the modules know."""
    known = {
        "PRESETS": recipe.PRESETS,
        "RECIPES": recipe.RECIPES,
        "POOLINGS": pooling.EVERY_POOLING,
        "PRECISIONS": precision.PRECISIONS,
        "DEVICES": precision.DEVICES,
    }
    for name, values in known.items():
        assert getattr(parser, name) == tuple(values), name
    assert parser.SWEPT == sweep.STAGES
    assert tuple(LABS) == parser.LABS
    assert own_choices.STAGES == parser.OWN_STAGES
    joint = [name for name, choices in recipe.RECIPES.items() if choices.joint is not None]
    assert tuple(joint) == parser.BEYOND


def test_reproduce_predict_and_grade(
    common: list[str], toy_data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["reproduce", *common, "--preset", "quick", "--precision", "fp32",
                 "--arms", "baseline", "heads_only", "--out", str(out)]  # fmt: skip
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "## Table 1" in captured.out and "heads_only" in captured.out
    results = json.loads((out / "results.json").read_text())
    assert list(results["arms"]) == ["baseline", "heads_only"]
    assert results["command"] == "minbert " + " ".join(arguments)
    for key in ("tier", "data", "encoder", "recipe", "preset", "seeds", "versions", "device",
                "arms", "submitted", "ladder", "timings_s"):  # fmt: skip
        assert key in results, key
    assert (out / "tables.md").read_text() in captured.out

    # The submitted model, loaded again, gives the same files.
    predict = ["predict", "--run", str(out), "--data", common[1], "--precision", "fp32"]
    assert main([*predict, "--out", str(tmp_path / "again")]) == 0
    for name in ("sst-dev", "quora-test", "sts-test"):
        first, again = (
            read_predictions(folder / f"{name}.csv")
            for folder in (out / "predictions", tmp_path / "again")
        )
        assert first[1].keys() == again[1].keys()
        assert np.allclose(list(first[1].values()), list(again[1].values()), atol=2e-3)
    other = ["--arm", "baseline", "--stage", "untrained", "--out", str(tmp_path / "other")]
    assert main([*predict, *other]) == 0
    assert "has no arm mnrl" in fails(capsys, *predict, "--arm", "mnrl", "--out", tmp_path / "x")
    assert not (tmp_path / "x").exists()

    labels = toy_data_folder / "ids-sst-dev.csv"
    assert main(["grade", str(out / "predictions" / "sst-dev.csv"), str(labels)]) == 0
    shown = capsys.readouterr().out
    expected = results["arms"]["heads_only"]["sst_finetune"]["sst_accuracy"]["value"]
    assert f"accuracy {expected:.4f}" in shown and "n = 40" in shown
    sts = ["grade", str(out / "predictions" / "sts-dev.csv"), str(toy_data_folder / "sts-dev.csv")]
    assert main(sts) == 0
    assert capsys.readouterr().out.startswith("Pearson's r")


@pytest.mark.parametrize("mode", ["frozen", "finetune"])
@pytest.mark.parametrize("task", ["sst", "cfimdb"])
def test_single_task(
    common: list[str], tmp_path: Path, task: str, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["single-task", *common, "--task", task, "--mode", mode, "--out", str(out)]
    assert main(arguments) == 0
    results = json.loads((out / "results.json").read_text())
    assert results["task"] == task and 0 <= results["dev_accuracy"]["value"] <= 1
    handout = {
        ("sst", "frozen"): 0.390,
        ("sst", "finetune"): 0.515,
        ("cfimdb", "frozen"): 0.780,
        ("cfimdb", "finetune"): 0.966,
    }
    assert results["handout"]["dev_accuracy"] == handout[task, mode]
    assert "handout" in capsys.readouterr().out
    assert len(read_predictions(out / "predictions" / f"{task}-test.csv")[1]) == 40
    assert (out / "curves.csv").stat().st_size > 0


def test_sweep(common: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    rates = ["--lr", "1e-3", "1e-5", "--share", "0.5", "--seeds", "3", "1"]
    assert main(["sweep", *common, "--stage", "mlm", *rates, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "mlm, seed 3, lr 0.001: " in shown and "mlm, seed 1, lr 1e-05: " in shown
    results = json.loads((out / "results.json").read_text())
    assert results["seeds"] == [3, 1] and list(results["sweeps"]) == ["3", "1"]
    assert results["sweep"] == results["sweeps"]["3"] != results["sweeps"]["1"]
    assert results["sweep"]["share"] == 0.5 and len(results["sweep"]["rates"]) == 2
    assert "curve" not in results["sweep"]["rates"][0]
    with (out / "curves.csv").open(encoding="utf-8", newline="") as file:
        points = list(csv.DictReader(file))
    assert list(points[0])[:2] == ["seed", "learning_rate_peak"]
    assert {(point["seed"], point["learning_rate_peak"]) for point in points} == {
        ("3", "0.001"),
        ("3", "1e-05"),
        ("1", "0.001"),
        ("1", "1e-05"),
    }
    wrong = ["sweep", *common, "--stage", "mlm", "--out", tmp_path / "x"]
    assert "share must lie in" in fails(capsys, *wrong, "--lr", "1e-3", "--share", "2")
    assert "learning_rate above 0" in fails(capsys, *wrong, "--lr", "-1")
    assert "names a seed twice" in fails(capsys, *wrong, "--lr", "1e-3", "--seeds", "1", "1")
    assert not (tmp_path / "x").exists()


def environment() -> dict[str, str]:
    root = str(Path(minbert.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": root, "HF_HUB_OFFLINE": "1"}


def test_encode(toy_model_folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "minbert", "encode", "--model", str(toy_model_folder),
               "--pooling", "cls", "--precision", "fp32"]  # fmt: skip
    text = b"how do I cook rice?\n\nthe film is lovely\n"
    done = subprocess.run(command, input=text, capture_output=True, env=environment(), check=True)
    vectors = np.load(io.BytesIO(done.stdout))
    assert vectors.shape == (3, 32) and vectors.dtype == np.float32
    encoder, tokenizer = minbert.from_pretrained(str(toy_model_folder))
    expected = minbert.encode(
        text.decode().splitlines(), encoder, tokenizer, pooling="cls", precision="fp32"
    )
    assert np.allclose(vectors, expected, atol=1e-6)
    done = subprocess.run(
        command[:-1] + ["fp8"], input=text, capture_output=True, env=environment()
    )
    assert done.returncode == 2 and done.stdout == b""


def test_data_check(
    toy_data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "check", str(toy_data_folder)]) == 0
    assert capsys.readouterr().out.endswith("usable\n")
    broken = Path(shutil.copytree(toy_data_folder, tmp_path / "broken"))
    (broken / "sts-dev.csv").write_text("?")
    assert main(["data", "check", str(broken)]) == 2
    assert "NOT usable" in capsys.readouterr().out
    assert "is no folder" in fails(capsys, "data", "check", tmp_path / "nowhere")


def test_wrong_inputs(
    common: list[str], toy_data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence on stderr, exit code 2, and nothing written."""
    out = ["--out", str(tmp_path / "out")]
    data = common[:2]

    def sentence(*arguments: object) -> str:
        return fails(capsys, "reproduce", *arguments, *out)

    assert "one of tiny, minilm, bert-base" in sentence(*data, "--encoder", "enormous")
    assert "cs224n:FOLDER" in sentence("--data", "imdb:x", "--encoder", "tiny")
    assert "is no folder" in sentence("--data", "cs224n:nowhere", "--encoder", "tiny")
    assert "invalid choice: 'slow'" in sentence(*common, "--preset", "slow")
    assert "invalid choice: 'hope'" in sentence(*common, "--arms", "hope")
    assert "invalid choice: 'fp8'" in sentence(*common, "--precision", "fp8")
    assert "invalid int value: 'x'" in sentence(*common, "--seeds", "x")
    assert "required: --out" in fails(capsys, "reproduce")

    broken = Path(shutil.copytree(toy_data_folder, tmp_path / "broken"))
    (broken / "quora-train.csv").write_text("\tid\tsentence1\n")
    assert "the header has no column sentence2" in sentence("--data", f"cs224n:{broken}")
    (broken / "quora-train.csv").unlink()
    assert "quora-train.csv is missing" in sentence("--data", f"cs224n:{broken}")
    assert not (tmp_path / "out").exists() and not (tmp_path / "cache").exists()

    (tmp_path / "file").write_text("x")
    assert "choose another" in fails(capsys, "reproduce", *common, "--out", tmp_path / "file")
    assert "no results.json" in fails(capsys, "predict", "--run", tmp_path / "nowhere", *data, *out)
    assert "there is no file" in fails(capsys, "grade", tmp_path / "a", tmp_path / "b")
    assert "invalid choice" in fails(capsys, "grades")


def test_a_model_that_does_not_fit_is_named(
    common: list[str], toy_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Path(shutil.copytree(toy_model_folder, tmp_path / "model"))
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    sentence = fails(
        capsys, "reproduce", *common[:2], "--encoder", model, "--out", tmp_path / "out"
    )
    assert "encoder.layer.2" in sentence
    (model / "config.json").write_text("{")
    fails(capsys, "reproduce", *common[:2], "--encoder", model, "--out", tmp_path / "out")
    (model / "model.safetensors").write_bytes(b"cut off")
    (model / "config.json").write_text(json.dumps(config))
    sentence = fails(
        capsys, "reproduce", *common[:2], "--encoder", model, "--out", tmp_path / "out"
    )
    assert "model.safetensors" in sentence
    assert not (tmp_path / "out").exists()


def test_ctrl_c_leaves_a_run_that_resumes(common: list[str], tmp_path: Path) -> None:
    """A real process, a real signal; the second call takes up what the first one finished."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "minbert", "reproduce", *common, "--preset", "paper",
               "--arms", "mlm", "--out", str(out)]  # fmt: skip
    process = subprocess.Popen(
        command, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "mlm: computing" in line:
            break
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    # Python itself ends by the signal where Ctrl-C came in the middle of an `exec`: 130 in a shell.
    assert process.returncode in (130, -signal.SIGINT), "".join(lines) + rest
    assert "interrupted: the same command goes on" in rest and "Traceback" not in rest
    assert not out.exists()
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "original: taken from the cache" in done.stderr
    assert (out / "results.json").is_file()
