"""Where numbers come from is in what.json and results.json, and is said when it is elsewhere."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_experiment import (
    STAGES,
    Finished,
    finish,
    numbers,
    small_experiment,
    stage_folder,
    warnings_of,
    write_model,
)

from minbert.experiments import provenance
from minbert.experiments.grid import Grid
from minbert.experiments.pretrain_tiny import pretrain_tiny
from minbert.experiments.provenance import computed, environment, source_state, versions
from minbert.experiments.reproduce import reproduce
from minbert.experiments.single_task import train_single_task
from minbert.experiments.stage_files import (
    load_heads,
    read_dev_predictions,
    read_history,
    read_measures,
)
from minbert.experiments.sweep import sweep_learning_rates
from minbert.masking import MaskingRule
from minbert.pretrained import save_pretrained
from minbert.training.digests import content_digest
from minbert.training.loop import RunContext
from minbert.training.seal import holds, read_seal

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return finish(tmp_path_factory.mktemp("finished"))


@pytest.mark.parametrize("kind", STAGES)
def test_a_stage_says_what_made_it(finished: Finished, kind: str) -> None:
    content = read_seal(finished.folders[kind])
    assert content["stage"] == kind
    made = content["computed"]
    assert made["versions"] == versions() and made["precision"] == "fp32"
    assert made["threads"] >= 1 and made["processor"].startswith("CPU, ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", made["time"])
    assert made["source"] is None or re.fullmatch("[0-9a-f]{40}", made["source"]["commit"])
    assert content["what"]["data"] == finished.experiment.data.digest
    assert set(content["what"]["encoder"]) == {"weights", "config", "tokenizer", "mlm_head"}
    text = (finished.folders[kind] / "what.json").read_text()
    assert str(finished.experiment.cache.root.parent) not in text, "a path of this machine"


@pytest.mark.parametrize("kind", STAGES)
def test_whether_a_stage_has_its_own_encoder_is_written_down(
    finished: Finished, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = kind not in ("heads", "untrained")
    assert holds(finished.folders[kind], "model.safetensors") is own
    monkeypatch.setattr(Path, "exists", lambda path: pytest.fail("guessed from the files"))
    assert holds(finished.folders[kind], "model.safetensors") is own


def test_a_missing_encoder_is_never_the_parents(finished: Finished) -> None:
    grid = Grid(finished.experiment)
    folder = finished.folders["sst_finetune"]
    (folder / "model.safetensors").rename(folder / ".away")
    try:
        with pytest.raises(FileNotFoundError, match="sst_finetune-.*model.safetensors"):
            grid.load_stage("mlm", "sst_finetune", 0)
    finally:
        (folder / ".away").rename(folder / "model.safetensors")
    loaded = grid.load_stage("mlm", "sst_finetune", 0)
    own = load_file(folder / "model.safetensors")
    assert torch.equal(loaded.encoder.pooler.dense.weight, own["pooler.dense.weight"])


def test_results_say_where_each_stage_was_computed(finished: Finished, tmp_path: Path) -> None:
    results = reproduce(finished.experiment, ["baseline", "mlm"], [0], tmp_path / "out", "")
    [group] = results["computed"]
    assert [stage.split(":")[0] for stage in group["stages"]] == [
        "original/untrained, seed 0",
        "mlm, seed 0",
        "mlm/heads, seed 0",
        "mlm/sst_finetune, seed 0",
    ]
    assert group["versions"] == results["versions"] and group["first"] <= group["last"]
    assert results["encoder_digests"] == Grid(finished.experiment).digests
    text = json.dumps({name: results[name] for name in ("computed", "encoder_digests", "data")})
    assert str(finished.experiment.cache.root.parent) not in text


def altered(folder: Path, **made: object) -> None:
    """A stage as another machine would have sealed it."""
    content = json.loads((folder / "what.json").read_text())
    del content["seal"]
    content["computed"] |= made
    content["seal"] = content_digest(json.loads(json.dumps(content)))
    (folder / "what.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"versions": {**versions(), "torch": "2.6.0"}}, r"torch 2\.6\.0 \(here "),
        ({"versions": {**versions(), "numpy": "1.26.0"}}, r"numpy 1\.26\.0 \(here "),
        ({"versions": {**versions(), "minbert": "0.0.9"}}, r"minbert 0\.0\.9 \(here "),
        ({"versions": {}}, r"torch None \(here "),
        ({"processor": "CPU, AVX2000"}, r"on CPU, AVX2000 \(here CPU"),
        ({"processor": "A GPU"}, r"on A GPU \(here CPU"),
    ],
    ids=str,
)
def test_numbers_from_elsewhere_are_said(
    finished: Finished, made: dict, said: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import shutil

    for kind in ("mlm", "heads"):
        shutil.copytree(finished.folders[kind], tmp_path / kind)
    altered(tmp_path / "mlm", **made)
    groups = computed({"mlm": tmp_path / "mlm", "heads": tmp_path / "heads"}, CPU)
    assert len(groups) == 2
    [sentence] = warnings_of(caplog)
    assert sentence.startswith("1 stages were not computed here") and re.search(said, sentence)
    assert sentence.endswith("mlm: mlm")


@pytest.mark.parametrize(
    "made", [{"threads": 64}, {"source": None}, {"time": "2026-01-01"}], ids=str
)
def test_what_moves_no_number_is_not(
    finished: Finished, made: dict, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import shutil

    shutil.copytree(finished.folders["mlm"], tmp_path / "mlm")
    altered(tmp_path / "mlm", **made)
    computed({"mlm": tmp_path / "mlm"}, CPU)
    assert warnings_of(caplog) == []


def test_sweeps_and_single_tasks_say_it_too(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path)
    outcome = sweep_learning_rates(experiment, "mlm", [1e-3], experiment.preset.mlm)
    assert [stage.split(":")[0] for stage in outcome["computed"][0]["stages"]] == [
        "before",
        "learning rate 0.001",
    ]
    single = train_single_task(experiment, "sst", "frozen", [0, 1])
    assert [stage.split(":")[0] for stage in single.computed[0]["stages"]] == ["seed 0", "seed 1"]


def test_a_sweep_tells_of_weights_that_diverge_at_the_last_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minbert.training import mlm

    experiment = small_experiment(tmp_path)
    compute, calls = mlm.masked_language_model_loss, []

    def spoils(*arguments: object) -> torch.Tensor | None:
        loss = compute(*arguments)
        if loss is not None and loss.requires_grad:
            calls.append(1)
            loss.register_hook(lambda gradient: gradient * float("nan"))
        return loss

    monkeypatch.setattr(mlm, "masked_language_model_loss", spoils)
    outcome = sweep_learning_rates(experiment, "mlm", [1e-3], experiment.preset.mlm)
    assert calls and "holds NaN or infinity by step" in outcome["rates"][0]["diverged"]
    # The same in the paper's arms is an error, and nothing of it is kept.
    with pytest.raises(ValueError, match="of mlm holds NaN or infinity by step"):
        stage_folder(Grid(experiment), "mlm")
    assert not list(experiment.cache.root.glob("mlm-*[!l]/what.json"))


@pytest.mark.parametrize("stage", ["mnrl", "mlm"])
def test_a_stage_that_trained_on_nothing_is_not_kept(tmp_path: Path, stage: str) -> None:
    """No similar pair, no masked token: nothing is tabled, nothing submitted."""
    experiment = small_experiment(tmp_path)
    recipe = replace(experiment.recipe, similar_from=9.0, masking=MaskingRule(1e-9))
    quora = experiment.data.quora
    pairs = tuple(replace(pair, label=0.0) for pair in quora.train)
    data = experiment.data.with_tasks({"quora": replace(quora, train=pairs)})
    data = replace(data, digest="no pair is similar")
    experiment = replace(experiment, recipe=recipe, data=data)
    with pytest.raises(ValueError, match=f"{stage} trained on nothing: expected at least one"):
        reproduce(experiment, [stage], [0], tmp_path / "out", "")
    assert not (tmp_path / "out").exists()
    assert not list(experiment.cache.root.glob(f"{stage}-*[!l]/what.json"))


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("mask", [0o022, 0o077], ids=oct)
def test_a_saved_model_has_the_permissions_of_the_umask(tmp_path: Path, mask: int) -> None:
    experiment = small_experiment(tmp_path)
    original = experiment.original()
    before = os.umask(mask)
    try:
        save_pretrained(tmp_path / "saved", original.encoder, original.tokenizer)
    finally:
        os.umask(before)
    assert (tmp_path / "saved" / "model.safetensors").stat().st_mode & 0o777 == 0o666 & ~mask


def test_pretraining_tiny_leaves_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that another code or another number of epochs has left is not gone on with."""
    from minbert.experiments import pretrain_tiny as module
    from minbert.training.loop import History

    seen = []

    def trains(encoder, head, corpora, table, recipe, settings, context) -> History:
        seen.append(context)
        context.checkpoint.with_suffix(".partial").write_bytes(b"half")
        context.checkpoint.write_bytes(b"whole")
        return History()

    corpus = type("Corpus", (), {"general": {"train": ("a b",) * 9, "dev": ("a b",)}})
    monkeypatch.setattr(module, "classroom_corpus", lambda seed: corpus)
    monkeypatch.setattr(module, "_text", lambda corpus: ["a b c"] * 9)
    monkeypatch.setattr(module, "masked_loss", lambda *arguments: 1.0)
    monkeypatch.setattr(module, "pretrain_masked_language_model", trains)
    pretrain_tiny(tmp_path, RunContext(CPU, "fp32", 0, tmp_path / "checkpoint.pt"))
    assert seen[0].stage.startswith("tiny, code ")
    assert not list(tmp_path.glob("checkpoint*"))


NPY = b"\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }"
NPY += b" " * (127 - len(NPY)) + b"\n" + bytes(8)
READERS = {
    "predictions.npz": read_dev_predictions,
    "history.json": read_history,
    "measures.json": read_measures,
}


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"PK\x03\x04 cut", b"[1]", b"\xff\xfe", b"[" * 99_999, NPY],
    ids=lambda content: str(content[:12]),
)
@pytest.mark.parametrize(("name", "read"), READERS.items(), ids=READERS)
def test_a_damaged_file_outside_the_cache_is_one_sentence(
    name: str, read, content: bytes, tmp_path: Path
) -> None:
    """As in the checkpoints of a run, which nobody verifies."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} cannot be read .*: expected what a finished"):
        read(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name}: expected a file of a finished stage"):
        read(tmp_path)


def no_heads(heads: dict) -> None:
    heads.clear()


def one_too_few(heads: dict) -> None:
    del heads["sentiment.dense.bias"]


def one_too_many(heads: dict) -> None:
    heads["encoder.extra"] = torch.ones(1)


def other_width(heads: dict) -> None:
    heads["sentiment.dense.weight"] = torch.ones(5, 3)


def not_a_number(heads: dict) -> None:
    heads["sentiment.dense.bias"][2] = float("nan")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (no_heads, r"paraphrase.dense.bias is missing, expected \(1,\)"),
        (one_too_few, r"sentiment.dense.bias is missing, expected \(5,\)"),
        (one_too_many, r"encoder.extra is \(1,\), expected missing"),
        (other_width, r"sentiment.dense.weight is \(5, 3\), expected \(5, 16\)"),
        (not_a_number, "sentiment.dense.bias holds NaN or infinity, expected numbers"),
    ],
)
def test_heads_that_are_none(finished: Finished, edit, said: str, tmp_path: Path) -> None:
    grid = Grid(finished.experiment)
    model = grid.load_stage("mlm", "heads", 0)
    heads = load_file(finished.folders["heads"] / "heads.safetensors")
    edit(heads)
    save_file(heads, tmp_path / "heads.safetensors")
    with pytest.raises(ValueError, match=f"heads.safetensors.*{said}"):
        load_heads(tmp_path, model)
    (tmp_path / "heads.safetensors").write_bytes(b"cut off")
    with pytest.raises(ValueError, match="heads.safetensors cannot be read"):
        load_heads(tmp_path, model)


def test_an_installed_package_has_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    source_state.cache_clear()
    monkeypatch.setattr(provenance.minbert, "__file__", "/nowhere/minbert/__init__.py")
    try:
        assert source_state() is None and environment(CPU)["source"] is None
    finally:
        source_state.cache_clear()


def test_a_model_without_a_head_gets_a_fresh_one_from_the_seed(tmp_path: Path) -> None:
    write_model(tmp_path / "model")
    from toy import write_toy_data

    write_toy_data(tmp_path / "data", rows=16)
    experiment = small_experiment(tmp_path)
    first = stage_folder(Grid(experiment), "mlm")
    other = replace(small_experiment(tmp_path, tmp_path / "again"))
    assert numbers(stage_folder(Grid(other), "mlm")) == numbers(first)
