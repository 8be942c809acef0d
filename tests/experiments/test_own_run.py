"""A newcomer's session: from CSV files to a model in use, on the command line and in Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from refused import refused

from minbert import encode, from_pretrained
from minbert.__main__ import main
from minbert.data import LabelledData, PairData, load_own, own_data
from minbert.experiments import evaluate_own, train_own
from minbert.experiments.own.choices import check_stages, default_stages
from minbert.experiments.own.model_folder import load_model
from minbert.experiments.own.seen_texts import count_seen

SPECS = (
    "faq=pairs:{}/pairs.csv,first=question,second=duplicate,negative=other",
    "topics=labelled:{}/topics.csv",
    "text:{}/questions.txt",
)


def specs(folder: Path) -> list[str]:
    return [spec.format(folder) for spec in SPECS]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "files"
    assert main(["data", "helpdesk", "--to", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def session(desk: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The --out of `minbert train`, and what it printed."""
    out = tmp_path_factory.mktemp("run") / "out"
    command = ["train", "--data", *specs(desk), "--encoder", "tiny", "--cache", str(cache),
               "--epochs", "3", "--out", str(out)]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "minbert", *command], capture_output=True, text=True, check=True
    )
    return out, done.stdout


def test_the_first_line_says_whether_it_helped(session: tuple[Path, str]) -> None:
    out, printed = session
    first = printed.splitlines()[0]
    assert first.startswith("Did it help? ") and "faq: the partner" in first
    assert "with the untouched encoder; difference" in first and "McNemar, exact" in first
    assert "TF-IDF of words" in printed and "synthetic data" in printed
    assert printed == (out / "tables.md").read_text(encoding="utf-8")


def test_the_results_say_all(session: tuple[Path, str]) -> None:
    out, _ = session
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert results["tier"] == "synthetic" and results["stages"] == ["mlm", "ranking", "joint"]
    assert set(results["measures"]) == {"faq", "topics"}
    assert set(results["measures"]["topics"]["trained"]) == {"accuracy", "f1_macro"}
    assert [test["task"] for test in results["paired_tests"]] == ["faq", "topics", "text"]
    for arms in results["measures"].values():
        for values in arms.values():
            for value in values.values():
                assert 0 <= value["ci95"][0] <= value["value"] <= value["ci95"][1] <= 1
    assert results["tasks"]["topics"]["classes"][0] == "account"
    assert results["command"].startswith("minbert train --data")
    assert {path.name for path in out.iterdir()} == {
        "results.json", "tables.md", "curves.csv", "trained_texts.npy", "answers", "model",
        ".minbert.json",
    }  # fmt: skip
    answers = (out / "answers" / "topics-dev.csv").read_text(encoding="utf-8").splitlines()
    assert answers[0] == "text,right,untouched,trained"
    assert len(answers) == 1 + results["tasks"]["topics"]["rows"]["dev"]


def test_the_model_encodes_on_the_command_line_and_in_python(session: tuple[Path, str]) -> None:
    model = session[0] / "model"
    questions = ["How do I reset my password?", "Where is my parcel?"]
    done = subprocess.run(
        [sys.executable, "-m", "minbert", "encode", "--model", str(model)],
        input="\n".join(questions).encode(),
        capture_output=True,
        check=True,
    )
    encoder, tokenizer = from_pretrained(model)
    assert encoder.pooling == "mean"
    vectors = encode(questions, encoder, tokenizer)
    shape = (2, encoder.config.hidden_size)
    raw = np.frombuffer(done.stdout[-vectors.nbytes :], dtype=np.float32).reshape(shape)
    np.testing.assert_allclose(raw, vectors, atol=1e-5)
    untouched, _ = from_pretrained("tiny")
    assert not np.allclose(vectors, encode(questions, untouched, tokenizer, "mean"), atol=1e-2)


def test_evaluate_says_what_training_said(
    session: tuple[Path, str], desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = session
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    found = evaluate_own(out, load_own(specs(desk)))
    for task, metrics in found.measures.items():
        for metric, value in metrics.items():
            wanted = results["measures"][task]["trained"][metric]["value"]
            assert value["value"] == pytest.approx(wanted, abs=1e-6), (task, metric)
    # a few lines of one file, classes by their names
    few = tmp_path / "few.csv"
    lines = (desk / "topics.csv").read_text(encoding="utf-8").splitlines()
    some = [line for line in lines[1:] if line.endswith((",phone", ",printer"))]
    few.write_text("\n".join([lines[0], *some]) + "\n", encoding="utf-8")
    assert main(["evaluate", "--model", str(out), "--data", f"topics=labelled:{few}"]) == 0
    printed = capsys.readouterr().out
    assert f"{len(some)} dev" in printed and "F1 (macro)" in printed
    made = load_model(out)
    assert made.tasks["topics"].label.names[4] == "phone"


def test_evaluate_counts_the_rows_that_were_trained_on(
    session: tuple[Path, str], desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = session
    rows = json.loads((out / "results.json").read_text(encoding="utf-8"))["tasks"]["topics"]["rows"]
    data = ["--data", f"topics=labelled:{desk}/topics.csv"]
    for model in (out, out / "model"):
        assert main(["evaluate", "--model", str(model), *data]) == 0
        said = f"trained on the texts of {rows['train']:,} of these {rows['train'] + rows['dev']:,}"
        assert said in capsys.readouterr().out
    shouted = tmp_path / "shouted.csv"
    lines = (desk / "topics.csv").read_text(encoding="utf-8").splitlines()
    texts = [line.rsplit(",", 1) for line in lines[1:41]]
    rewritten = [f"{text.upper()},{label}" for text, label in texts]
    shouted.write_text("\n".join(["text,label", *rewritten]) + "\n", encoding="utf-8")
    assert count_seen(out, [[text.strip('"')] for text, _ in texts]) > 20
    assert main(["evaluate", "--model", str(out), "--data", f"topics=labelled:{shouted}"]) == 0
    assert "of these 40 rows" in capsys.readouterr().out

    found = evaluate_own(out, load_own(specs(desk)))
    assert "trained on the texts" not in found.tables, "rows that were held out"
    alone = tmp_path / "alone" / "model"
    shutil.copytree(out / "model", alone)
    assert count_seen(alone, [["a text"]]) is None
    (alone.parent / "trained_texts.npy").write_bytes(b"no array")
    with pytest.raises(ValueError, match="expected what minbert train writes"):
        count_seen(alone, [["a text"]])


def test_evaluate_refuses_what_the_model_does_not_know(
    session: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("text,label\n" + "a,ham\nb,spam\n" * 9, encoding="utf-8")
    data = ["--data", f"topics=labelled:{path}"]
    said = refused(capsys, "evaluate", "--model", session[0], *data)
    assert "expected one of the model's classes, account" in said and "'ham'" in said
    said = refused(capsys, "evaluate", "--model", "tiny", *data)
    assert "the model has no head for topics" in said
    broken = tmp_path / "model"
    shutil.copytree(session[0] / "model", broken)
    (broken / "tasks.json").write_text('{"tasks": 3}', encoding="utf-8")
    assert "expected what minbert train writes" in refused(
        capsys, "evaluate", "--model", broken, *data
    )


def test_the_same_command_again_computes_nothing(
    session: tuple[Path, str], desk: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        code = main(["train", "--data", *specs(desk), "--encoder", "tiny", "--cache", str(cache),
                     "--epochs", "3", "--out", str(session[0])])  # fmt: skip
    assert code == 0 and "computing" not in caplog.text and "taken from the cache" in caplog.text


def yes_or_no() -> PairData:
    things = [
        f"{colour} {thing}"
        for colour in ("red", "blue", "old", "new")
        for thing in (
            "house",
            "car",
            "book",
            "tree",
            "ship",
            "chair",
            "lamp",
            "shoe",
            "bag",
            "door",
        )
    ]

    first, second, labels = [], [], []
    for at, thing in enumerate(things):
        other = things[(at + 11) % len(things)]
        first += [f"I want a {thing} number {at}", f"please send a {thing} number {at}"]
        second += [f"a {thing} is what I want, {at}", f"the {other} is broken, {at}"]
        labels += ["yes", "no"]
    return PairData(first, second, labels=labels, name="orders")


def scored() -> PairData:
    whole = yes_or_no()
    scores = [0.9 if label == "yes" else 0.1 * (at % 4) for at, label in enumerate(whole.labels)]
    return PairData(whole.first, whole.second, scores=scores, name="graded")


def three_classes() -> PairData:
    whole = yes_or_no()
    labels = [("same", "open", "other")[at % 3] for at in range(len(whole))]
    return PairData(whole.first, whole.second, labels=labels, name="nli")


@pytest.mark.parametrize(
    ("make", "metrics"),
    [
        (yes_or_no, {"accuracy", "f1_macro"}),
        (scored, {"spearman", "pearson"}),
        (three_classes, {"accuracy", "f1_macro"}),
    ],
    ids=["yes or no", "scores", "classes"],
)
def test_every_kind_of_pairs_is_trained_and_measured(
    make, metrics: set[str], cache: Path, tmp_path: Path
) -> None:
    data = own_data(make(), dev_share=0.3)
    outcome = train_own(data, "tiny", tmp_path / "out", epochs=1, cache=cache)
    [measures] = outcome.results["measures"].values()
    assert set(measures["trained"]) == set(measures["untouched"]) == metrics
    assert outcome.verdict[0].startswith("Did it help?")
    again = evaluate_own(outcome.model, data)
    for metric, value in again.measures[next(iter(data.tasks)).name].items():
        assert value["value"] == pytest.approx(measures["trained"][metric]["value"], abs=1e-6)


def test_two_seeds_are_summed_up(cache: Path, tmp_path: Path) -> None:
    outcome = train_own(
        own_data(scored()), "tiny", tmp_path / "out", epochs=1, seeds=(0, 1), cache=cache
    )
    [measures] = outcome.results["measures"].values()
    assert len(measures["trained"]["spearman"]["per_seed"]) == 2
    assert len(set(measures["untouched"]["spearman"]["per_seed"])) == 1


def test_stages_follow_the_data() -> None:
    labelled = own_data(LabelledData([f"text {n}" for n in range(30)], ["a", "b"] * 15))
    assert default_stages(labelled, True) == ("joint",)
    graded = own_data(scored())
    assert default_stages(graded, False) == ("joint",)
    assert check_stages(["joint", "ranking"], graded) == ("ranking", "joint")
    for stages, data, said in (
        (["ranking"], labelled, "needs pairs"),
        (["rank"], labelled, "must be some of"),
        ([], labelled, "named once each"),
        (["mlm", "mlm"], labelled, "named once each"),
    ):
        with pytest.raises(ValueError, match=said):
            check_stages(stages, data)


BAD = {
    "no data": (["--data", "pairs:none.csv"], "there is no file"),
    "course data": (["--data", "classroom"], "data must be given as"),
    "a share": (["--dev-share", "1.5"], "dev_share must be in (0, 1)"),
    "a stage": (["--stages", "joint"], "the stage joint needs labels or scores"),
    "a rate": (["--learning-rate", "0"], "learning_rate above 0"),
    "a scale": (["--scale", "-1"], "scale"),
    "an encoder": (["--encoder", "./nothing-here"], "nothing-here"),
}


@pytest.mark.parametrize("name", BAD)
def test_train_refuses_in_one_sentence(
    name: str, desk: Path, tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options, said = BAD[name]
    command = ["train", "--data", specs(desk)[0], "--encoder", "tiny", "--cache", cache,
               "--out", tmp_path / "out", *options]  # fmt: skip
    assert said in refused(capsys, *command)
    assert not (tmp_path / "out").exists()


def test_others_read_the_model_to_the_same_vectors(session: tuple[Path, str]) -> None:
    """From a CSV to sentence-transformers and transformers, with a card that says what it is."""
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModel, AutoTokenizer

    folder = session[0] / "model"
    texts = ["How do I reset my password?", "My parcel did not come."]
    ours = encode(texts, *from_pretrained(folder), precision="fp32")
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts)
    assert np.abs(ours - theirs).max() < 1e-5
    batch = AutoTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(folder)(**batch).last_hidden_state
    real = batch["attention_mask"][:, :, None]
    means = ((states * real).sum(1) / real.sum(1)).numpy()
    assert np.abs(ours - means).max() < 1e-5
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlibrary_name: sentence-transformers")
    assert "Did it help? " in card and "## Measured" in card and "minbert train --data" in card


def test_onnxruntime_runs_the_model(session: tuple[Path, str], tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is optional: pip install -e .[export]")
    pytest.importorskip("onnxscript", reason="onnxscript is optional: pip install -e .[export]")
    from minbert.export import load_exported

    folder, out = session[0] / "model", tmp_path / "onnx"
    command = ["export", "--model", str(folder), "--to", "onnx", "--count", "20"]
    assert main([*command, "--out", str(out)]) == 0
    texts = ["How do I reset my password?", "My parcel did not come."]
    ours = encode(texts, *from_pretrained(folder), precision="fp32")
    assert np.abs(ours - load_exported(out).encode(texts)).max() < 1e-5
