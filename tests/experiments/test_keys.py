"""A stage's key: everything that decides its numbers is in it, and nothing else."""

from __future__ import annotations

import ast
import json
import logging
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_experiment import small_experiment, stage_folder, write_model

import minbert
from minbert.commands.experiments import _experiment
from minbert.commands.parser import build_parser
from minbert.config import SIZES, ModelConfig
from minbert.course.session import Session
from minbert.course.tiers import choose_tier
from minbert.experiments import sources
from minbert.experiments.cache import StageCache
from minbert.experiments.experiment import Experiment
from minbert.experiments.grid import Grid
from minbert.experiments.reproduce import reproduce
from minbert.experiments.sources import module_of, reached, source_digest
from minbert.heads import MaskedLanguageModelHead
from minbert.pretrained import from_pretrained, read_config, save_pretrained
from minbert.training.digests import content_digest, weights_digest
from minbert.training.recipe import PRESETS, QUICK_TINY, RECIPES, preset_for, recipe_for

PACKAGE = Path(minbert.__file__).parent
COMPUTES = ("experiments/grid.py", "experiments/single_task.py", "experiments/sweep.py",
            "course/guesses/survival.py", "course/guesses/moved_space.py")  # fmt: skip
"""The modules in which stages are computed."""
DECIDE = sorted({name for root in COMPUTES[:3] for name in reached(root)})


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    small_experiment(folder)
    return folder


def key(base: Path, model: Path, **changes: object) -> str:
    experiment = replace(small_experiment(base), encoder_name=str(model), **changes)
    return StageCache(base).key("x", experiment.identity(experiment.original().digests))


def edited_config(**values: object):
    def edit(model: Path) -> None:
        path = model / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return edit


def edited_tokenizer(model: Path) -> None:
    path = model / "tokenizer_config.json"  # which has the last word on letter case
    content = json.loads(path.read_text(encoding="utf-8"))
    content["do_lower_case"] = False
    path.write_text(json.dumps(content), encoding="utf-8")


def swapped_pieces(model: Path) -> None:
    path = model / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = content["model"]["vocab"]
    first, second = list(vocabulary)[-2:]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    path.write_text(json.dumps(content), encoding="utf-8")


def with_a_head(seed: int):
    def edit(model: Path) -> None:
        encoder, tokenizer = from_pretrained(model)
        head = MaskedLanguageModelHead(encoder.config, torch.Generator().manual_seed(seed))
        save_pretrained(model, encoder, tokenizer, head)

    return edit


def nudged(name: str):
    def edit(model: Path) -> None:
        weights = load_file(model / "model.safetensors")
        weights[name].view(-1)[0] += 1e-6
        save_file(weights, model / "model.safetensors")

    return edit


EDITS = {
    "one head instead of two": edited_config(num_attention_heads=1),
    "four heads": edited_config(num_attention_heads=4),
    "another layer_norm_eps": edited_config(layer_norm_eps=1e-5),
    "another initializer_range": edited_config(initializer_range=0.1),
    "another dropout": edited_config(hidden_dropout_prob=0.2),
    "another padding id": edited_config(pad_token_id=1),
    "a tokenizer that keeps capitals": edited_tokenizer,
    "two pieces swapped": swapped_pieces,
    "with an MLM head": with_a_head(0),
    "one weight": nudged("encoder.layer.0.output.dense.weight"),
    "one bias": nudged("pooler.dense.bias"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_what_decides_numbers_makes_another_key(base: Path, tmp_path: Path, edit) -> None:
    shutil.copytree(base / "model", tmp_path / "model")
    edit(tmp_path / "model")
    assert key(base, tmp_path / "model") != key(base, base / "model")


def test_another_mlm_head_makes_another_key(base: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        shutil.copytree(base / "model", tmp_path / str(seed))
        with_a_head(seed)(tmp_path / str(seed))
    assert key(base, tmp_path / "0") != key(base, tmp_path / "1")


@pytest.mark.parametrize("place", ["a copy", "tiny", "minilm", "deep/down/model"])
def test_where_a_model_lies_makes_none(base: Path, tmp_path: Path, place: str) -> None:
    shutil.copytree(base / "model", tmp_path / place)
    (tmp_path / place / "README.md").write_text("nothing that decides")
    assert key(base, tmp_path / place) == key(base, base / "model")


def test_the_same_weights_with_other_heads_have_results_of_their_own(
    base: Path, tmp_path: Path
) -> None:
    shutil.copytree(base / "model", tmp_path / "model")
    edited_config(num_attention_heads=1)(tmp_path / "model")
    first = small_experiment(base)
    second = replace(first, encoder_name=str(tmp_path / "model"))
    folders = [stage_folder(Grid(each), "untrained") for each in (first, second)]
    assert folders[0] != folders[1]
    vectors = [(folder / "predictions.npz").read_bytes() for folder in folders]
    assert vectors[0] != vectors[1]


def test_a_model_that_changes_during_a_run_is_an_error(base: Path, tmp_path: Path) -> None:
    shutil.copytree(base / "model", tmp_path / "model")
    experiment = replace(
        small_experiment(base, tmp_path / "cache"), encoder_name=str(tmp_path / "model")
    )
    grid = Grid(experiment)
    nudged("pooler.dense.bias")(tmp_path / "model")
    with pytest.raises(ValueError, match="are others than when this run began: expected the same"):
        stage_folder(grid, "original")
    assert not [path for path in (tmp_path / "cache").iterdir() if not path.suffix]


# The settings of tiny follow from what a model is.


@pytest.fixture(scope="module")
def copy_of_tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("copies") / "by another name"
    shutil.copytree(PACKAGE / "assets" / "tiny", folder)
    return str(folder)


def test_a_copy_of_tiny_trains_as_tiny_does(
    copy_of_tiny: str, toy_data_folder: Path, tmp_path: Path
) -> None:
    assert preset_for("quick", copy_of_tiny) == preset_for("quick", "tiny") == QUICK_TINY
    assert recipe_for(None, "quick", copy_of_tiny) == recipe_for(None, "quick", "tiny")
    data = f"cs224n:{toy_data_folder}"
    command = ["reproduce", "--data", data, "--cache", str(tmp_path), "--out", "x"]
    keys = set()
    for encoder in ("tiny", copy_of_tiny):
        arguments = build_parser().parse_args([*command, "--encoder", encoder])
        keys.add(all_keys(_experiment(arguments)))
    assert len(keys) == 1


def test_a_copy_of_tiny_gives_the_same_results(
    copy_of_tiny: str, toy_data_folder: Path, tmp_path: Path
) -> None:
    """From settings that nobody gave to the last digit, each in a cache of its own."""
    found = []
    for number, encoder in enumerate(("tiny", copy_of_tiny)):
        cache, out = tmp_path / f"cache{number}", tmp_path / f"out{number}"
        command = ["reproduce", "--data", f"cs224n:{toy_data_folder}", "--cache", str(cache)]
        command += ["--encoder", encoder, "--device", "cpu", "--out", str(out)]
        results = reproduce(_experiment(build_parser().parse_args(command)), ["mlm"], [0], out, "")
        same = ("encoder_digests", "recipe", "preset", "arms", "mlm_held_out", "test")
        files = {path.name: path.read_bytes() for path in (out / "predictions").iterdir()}
        found.append(({name: results[name] for name in same}, files))
    assert found[0] == found[1]
    assert found[0][0]["recipe"]["name"] == "lab"


@pytest.mark.parametrize(
    "values",
    [{}, {"max_position_embeddings": 64}, {"hidden_dropout_prob": 0.3}, {"layer_norm_eps": 1e-6}],
    ids=["another vocabulary", "fewer positions", "more dropout", "another epsilon"],
)
def test_an_encoder_of_the_size_of_tiny_trains_as_tiny_does(tmp_path: Path, values: dict) -> None:
    sizes = asdict(replace(SIZES["tiny"], **values))
    del sizes["vocab_size"]
    folder = str(write_model(tmp_path / "mine", **sizes))
    assert read_config(folder).vocab_size != SIZES["tiny"].vocab_size
    assert preset_for("quick", folder) == QUICK_TINY
    assert recipe_for(None, "quick", folder) == RECIPES["lab"]


def test_a_known_name_has_the_size_of_its_files() -> None:
    assert SIZES["tiny"] == read_config("tiny")


@pytest.mark.parametrize("name", ["minilm", "bert-base"])
def test_other_encoders_do_not(name: str) -> None:
    assert preset_for("quick", name) == PRESETS["quick"]
    assert recipe_for(None, "quick", name).name == "paper"


@pytest.mark.parametrize(
    "sizes",
    [{}, {"hidden_size": 128, "num_attention_heads": 4, "intermediate_size": 512},
     {"hidden_size": 128, "num_attention_heads": 2, "intermediate_size": 512,
      "num_hidden_layers": 2, "max_position_embeddings": 512}],
    ids=["small", "one layer", "two heads"],
)  # fmt: skip
def test_a_model_of_another_size_called_tiny_does_not(tmp_path: Path, sizes: dict) -> None:
    folder = write_model(tmp_path / "tiny", **sizes)
    assert preset_for("quick", str(folder)) == PRESETS["quick"]


def all_keys(experiment: Experiment) -> tuple[str, ...]:
    """Keys that follow from an experiment, without its rows: identity and settings."""
    identity = experiment.identity(experiment.original().digests)
    return tuple(
        experiment.cache.key(stage, {**identity, "settings": getattr(values, stage), "seed": 0})
        for values in [type("Values", (), experiment.preset.values())]
        for stage in ("mlm", "mnrl", "heads", "sst_finetune")
    )


def test_reproduce_and_the_notebooks_share_stages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path))
    monkeypatch.delenv("MINBERT_TIER", raising=False)
    arguments = build_parser().parse_args(["reproduce", "--out", "x", "--device", "cpu"])
    command, notebook = _experiment(arguments), Session("00_start_here", choose_tier()).experiment
    assert command.cache.root == notebook.cache.root
    assert all_keys(command) == all_keys(notebook)
    assert 0 in arguments.seeds


# Which sources decide.


@pytest.fixture(scope="module")
def edited_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "minbert"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__", "assets"))
    return folder


def digest_of(package: Path, roots: tuple[str, ...] = COMPUTES[:3]) -> list[str]:
    return [source_digest.__wrapped__(root, package) for root in roots]  # not the kept one


@pytest.mark.parametrize("name", DECIDE)
def test_an_edit_of_any_file_that_decides_makes_another_key(
    name: str, edited_package: Path
) -> None:
    path = edited_package / name
    before, digests = path.read_text(encoding="utf-8"), digest_of(edited_package)
    try:
        tree = ast.parse(before)
        docstring = ast.get_docstring(tree, clean=False)
        assert docstring
        path.write_text(before.replace(docstring, "Another docstring.", 1) + "\n# A comment.\n")
        assert digest_of(edited_package) == digests
        path.write_text(before + "\nEDITED = 1\n", encoding="utf-8")
        changed = digest_of(edited_package)
        roots = [root for root in COMPUTES[:3] if name in reached(root, edited_package)]
        assert roots
        for root, old, new in zip(COMPUTES[:3], digests, changed, strict=True):
            assert (old != new) == (root in roots)
    finally:
        path.write_text(before, encoding="utf-8")


def test_the_files_that_decide_are_found_by_themselves(edited_package: Path) -> None:
    """A new import, inside a function too, is followed; nothing of notebooks and pages is in it."""
    assert {"training/loop.py", "experiments/stage_files.py", "experiments/experiment.py",
            "evaluation/metrics.py", "training/sentences.py", "data/batching.py", "optimizer.py",
            "training/curve.py", "losses.py", "paper.py", "threads.py"} <= set(DECIDE)  # fmt: skip
    assert not [name for name in DECIDE if name.startswith(("course/", "viz/", "commands/"))]
    assert "__init__.py" not in DECIDE  # it holds the version
    (edited_package / "fresh.py").write_text('"""New."""\n', encoding="utf-8")
    path = edited_package / "losses.py"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + "\ndef late():\n    from minbert import fresh\n", encoding="utf-8")
    assert "fresh.py" in reached("experiments/grid.py", edited_package)
    path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize("name", COMPUTES)
def test_a_stage_depends_on_the_module_that_computes_it(name: str) -> None:
    module = __import__("minbert." + name.removesuffix(".py").replace("/", "."), fromlist=["x"])
    functions = [
        value
        for value in vars(module).values()
        if callable(value) and getattr(value, "__module__", "") == module.__name__
    ]
    assert {module_of(function) for function in functions} == {name}
    assert name in reached(name)
    cache = StageCache(Path("cache"))
    assert (cache.key("x", {}, functions[0]) == cache.key("x", {})) == (name == sources.GRID)


# Digests.


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (torch.ones(2), torch.ones(2, dtype=torch.float64)),
        (torch.zeros(4), torch.zeros(2, dtype=torch.float64)),
        (torch.zeros(2, 3), torch.zeros(3, 2)),
        (torch.tensor(1.0), torch.tensor([1.0])),
        (torch.tensor(0.0), torch.tensor(-0.0)),
        (torch.zeros(0), torch.zeros(0, 2)),
        ([1, 2], [12]), ([[1], 2], [[1, 2]]), ({"a": 1}, {"a": 1.0}), ({"a": 1}, {"b": 1}),
        ("1", 1), (True, 1), (None, "None"), ([], {}), (["a", "b"], ["ab"]), ([None], []),
        (0.1, 0.1 + 1e-17 + 1e-16), ({"a": {"b": 1}, "c": 2}, {"a": {"b": 1, "c": 2}}),
    ],
    ids=str,
)  # fmt: skip
def test_what_differs_has_another_digest(one: object, other: object) -> None:
    assert content_digest(one) == content_digest(one)
    assert content_digest(one) != content_digest(other)


def test_the_digest_of_weights_sees_types_and_single_numbers() -> None:
    module = torch.nn.Linear(2, 2)
    module.register_buffer("count", torch.tensor(3))
    before = weights_digest(module)
    module.count += 1
    assert weights_digest(module) != before
    assert ModelConfig().to_dict()["layer_norm_eps"] == 1e-12


def test_a_module_elsewhere_counts_as_the_grid(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert module_of(None) == module_of(lambda: None) == module_of(print) == sources.GRID
