"""Labs: what a cell trains, what it is tested against, and what the tables say."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_experiment import small_experiment, write_model
from toy import write_toy_data

from minbert.__main__ import main
from minbert.evaluation.statistics import holm
from minbert.experiments.experiment import Experiment
from minbert.experiments.labs import LABS, further_training
from minbert.experiments.labs.further_training import decision_tree
from minbert.experiments.labs.pair_encoding import PADDED_APART, VECTORS, WAYS, padded_apart
from minbert.experiments.labs.table import beyond_noise, lab_table
from minbert.experiments.labs.trial import Cell, Found, judged, run_lab
from minbert.pretrained import from_pretrained
from minbert.tasks import QUORA, STS
from minbert.training.recipe import PRESETS, RECIPES, StageSettings
from minbert.training.sentences import CourseRows

CPU = torch.device("cpu")
FEW_SENTENCES = SimpleNamespace(
    general={"train": [f"the {word} sleeps under the old tree" for word in ("cat", "dog", "owl")]}
)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    base = tmp_path_factory.mktemp("labs")
    write_toy_data(base / "data", rows=60)
    write_model(base / "model")
    return small_experiment(base)


@pytest.mark.parametrize("name", LABS)
def test_every_cell_of_a_lab_is_named_and_has_a_baseline(name: str, experiment: Experiment) -> None:
    lab = LABS[name]
    names = [cell.name for cell in lab.cells(experiment)]
    assert len(set(names)) == len(names) > 5
    assert lab.baseline in names and lab.name == name


def test_every_vector_meets_every_way(experiment: Experiment) -> None:
    cells = {cell.name: cell for cell in LABS["pair-encoding"].cells(experiment)}
    assert list(cells) == [f"{vector}, {way}" for vector in VECTORS for way in WAYS]
    assert {cell.settings for cell in cells.values()} == {RECIPES["best"].joint}
    for vector in VECTORS:
        ways = [replace(cells[f"{vector}, {way}"].recipe, name="x") for way in WAYS]
        assert {recipe.pooling for recipe in ways} == {vector}
        assert len(set(ways)) == len(ways) - 1, "a mistake is no choice of a recipe"


@pytest.fixture(scope="module")
def pairs(experiment: Experiment) -> dict:
    only = [f"mean, {way}" for way in WAYS if way != "comparisons"]
    return run_lab(experiment, LABS["pair-encoding"], [0, 1], only=only)


def test_each_way_of_reading_pairs_is_trained_and_tested(pairs: dict) -> None:
    assert set(pairs["cells"]) == {f"mean, {way}" for way in WAYS}
    assert list(pairs["cells"])[0] == pairs["baseline"] == "mean, comparisons"
    for name, cell in pairs["cells"].items():
        for score in ("quora_accuracy", "sts_pearson"):
            low, high = cell[score]["ci95"]
            assert len(cell[score]["per_seed"]) == 2 and low <= cell[score]["value"] <= high
            assert (score in cell["against_baseline"]) == (name != pairs["baseline"])
        assert len(cell["measures"]["training_tokens"]) == 2
        assert ("sts_cosine_pearson" in cell["measures"]) == (
            cell["recipe"].get("pairs", "bi-encoder") != "cross-encoder"
        )
    shares = pairs["cells"][f"mean, {PADDED_APART}"]["measures"]["quora_answers_changed_alone"]
    assert all(0 <= share <= 1 for share in shares)
    assert pairs["computed"][0]["versions"]["torch"] == torch.__version__


def test_only_training_data_are_read(experiment: Experiment, pairs: dict) -> None:
    for task in (QUORA, STS):
        whole = len(experiment.data.tasks[task].train)
        held_out = pairs["held_out_rows"][task.name]
        assert held_out == round(0.1 * whole)
        assert pairs["training_rows"][task.name] == whole - held_out


def test_a_lab_goes_on_where_it_was(
    experiment: Experiment, pairs: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> Found:
        raise AssertionError("trained again")

    lab = LABS["pair-encoding"]
    never.__module__ = lab.train.__module__  # the same code, as far as the cache can tell
    only = [name for name in pairs["cells"] if name != pairs["baseline"]]
    again = run_lab(experiment, replace(lab, train=never), [0, 1], only=only)
    assert again["cells"] == pairs["cells"]


def test_padded_apart_an_answer_depends_on_the_batch_and_as_it_should_be_it_does_not(
    experiment: Experiment,
) -> None:
    encoder, tokenizer = from_pretrained(experiment.encoder_name)
    rows = CourseRows(experiment.data, tokenizer, 32)
    split = rows.tasks["quora"]["train"]
    shortest = min(range(len(split)), key=lambda pair: rows.table.length(split.first[pair]))
    longest = max(range(len(split)), key=lambda pair: rows.table.length(split.first[pair]))
    gone = {}
    for name, pieces in (
        ("right", rows.table.pairs(split)),
        ("mistake", padded_apart(rows.table, split)),
    ):
        states = []
        for batch in ([shortest], [shortest, longest]):
            ids, mask, segments = pieces.pad(batch, tokenizer.pad_id, CPU)
            with torch.inference_mode():
                states.append(encoder(ids, mask, segments).last_hidden_state[0, 0])
        gone[name] = (states[0] - states[1]).abs().max().item()
    assert gone["mistake"] > 100 * gone["right"]


def test_ranking_cells_are_measured_on_the_vectors(experiment: Experiment) -> None:
    only = ["no ranking", "duplicates left out", "scale 1"]
    found = run_lab(experiment, LABS["ranking-loss"], [0], only=only)["cells"]
    assert list(found) == ["scale 20", *only]
    for cell in found.values():
        assert {"alignment", "uniformity", "random_pair_cosine"} <= cell["measures"].keys()
    assert "training_s" not in found["no ranking"]["measures"]
    assert found["no ranking"]["sts_pearson"]["value"] != found["scale 20"]["sts_pearson"]["value"]


def test_labelled_hard_negatives_are_tested_against_the_same_pairs_without_them(
    tmp_path: Path,
) -> None:
    write_toy_data(tmp_path / "data", rows=60)
    write_model(tmp_path / "model")
    quora = tmp_path / "data" / "quora-train.csv"
    header, *lines = quora.read_text(encoding="utf-8").splitlines()
    asked = [line.split("\t") for line in lines]
    again = [[f"1{a[0]}", f"again{a[1]}", a[2], b[3], "0.0"] for a, b in pairwise(asked)]
    quora.write_text("\n".join([header, *lines, *map("\t".join, again)]) + "\n", encoding="utf-8")
    experiment = small_experiment(tmp_path)

    hard, alone = "similar pairs, labelled hard negatives", "similar pairs alone"
    found = run_lab(experiment, LABS["ranking-loss"], [0], only=[hard])["cells"]
    assert list(found) == ["scale 20", alone, hard] and found[hard]["against"] == alone
    with_them, without = (found[name]["measures"] for name in (hard, alone))
    assert without["share_with_hard_negative"] == [0.0] < with_them["share_with_hard_negative"]
    assert with_them["steps"] == without["steps"], "the same pairs, in the same batches"
    assert with_them["training_tokens"] > without["training_tokens"]
    assert with_them["alignment"] != without["alignment"]


def test_a_large_batch_has_a_cell_with_as_many_steps_as_a_small_one(
    experiment: Experiment,
) -> None:
    in_32 = replace(experiment, preset=PRESETS["quick"])
    cells = {cell.name: cell for cell in LABS["ranking-loss"].cells(in_32)}
    small, longer = cells["scale 20"], cells["batches of 128, as many steps"]
    each = [cell.settings.epochs / cell.settings.batch_size for cell in (small, longer)]
    assert each[0] == each[1] and longer.recipe == small.recipe
    in_parts = cells["batches of 128 in 4 parts, as many steps"]
    assert in_parts.settings == longer.settings and in_parts.recipe.ranking_parts == 4


def test_further_training_is_held_against_the_same_start_untouched(
    experiment: Experiment, tmp_path: Path
) -> None:
    lab = LABS["further-training"]
    starts = {cell.how.partition(",")[0] for cell in lab.cells(experiment)}
    assert starts == {"random weights", "as published"}, "early is a stage of `tiny` only"
    of_tiny = {c.how for c in lab.cells(replace(experiment, encoder_name="tiny"))}
    assert {"early", "early, untouched"} <= of_tiny

    only = ["random weights, mean, scale 1", "as published, pooler, scale 20"]
    outcome = run_lab(experiment, lab, [0, 1], only=only)
    cells = outcome["cells"]
    alone = ["random weights, mean, untouched", "as published, pooler, untouched"]
    assert list(cells) == [alone[0], only[0], alone[1], only[1]]
    for before, after in zip(alone, only, strict=True):
        assert not cells[before]["against_baseline"] and cells[after]["against"] == before
        for score, test in cells[after]["against_baseline"].items():
            differences = np.subtract(
                cells[after][score]["per_seed"], cells[before][score]["per_seed"]
            )
            assert test["per_seed"] == pytest.approx(differences.tolist())
            assert test["difference"] == pytest.approx(differences.mean())
    published, fresh = (cells[name]["sts_pearson"]["per_seed"] for name in reversed(alone))
    assert published[0] == published[1], "nothing is drawn"
    assert fresh[0] != fresh[1], "each seed draws its own"

    tree = decision_tree(outcome).splitlines()
    assert [line.startswith("- **") for line in tree] == [True, False, True, False]
    assert tree[1].startswith("  - ranked, scale 1: ") and re.search(
        r"(better|worse|within noise)$", tree[1]
    )


def test_the_early_start_lies_between_nothing_and_tiny(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A little of `tiny`'s own pre-training, with a smaller text: other weights each, same draw."""
    monkeypatch.setattr(further_training, "EARLY_EPOCHS", 1)
    monkeypatch.setattr(further_training, "classroom_corpus", lambda seed: FEW_SENTENCES)
    tiny = replace(experiment, encoder_name="tiny")
    context = tiny.context(seed=3)
    made = {
        start: dict(further_training.beginning(tiny, start, context).named_parameters())
        for start in ("random weights", "early", "as published")
    }
    name = "embeddings.word_embeddings.weight"
    nothing, early, published = (made[start][name] for start in made)
    assert 0 < (early - nothing).norm() < (published - nothing).norm()
    again = dict(further_training.beginning(tiny, "early", context).named_parameters())
    assert torch.equal(again[name], early)


def test_joint_training_cells_differ_from_the_baseline_in_one_choice(
    experiment: Experiment,
) -> None:
    lab = LABS["joint-training"]
    cells = lab.cells(experiment)
    choices = [(cell.recipe, cell.settings, cell.how) for cell in cells]
    assert all(choices.count(choice) == 1 for choice in choices), "no cell twice"
    only = ["heads on the frozen encoder", "two vectors, fresh heads"]
    found = run_lab(experiment, lab, [0], only=only)["cells"]
    assert list(found) == ["best", *only]
    for name, cell in found.items():
        assert {"sst_accuracy", "quora_accuracy", "sts_pearson"} <= cell.keys()
        assert "sts_cosine_pearson" in cell["measures"]
        trained = cell["measures"]["training_tokens"][0] > 0
        assert trained == (name != "heads on the frozen encoder")


def made_up(right: float, seeds: int, golds: np.ndarray) -> list[Found]:
    found = []
    for seed in range(seeds):
        draws = np.random.default_rng([seed, int(100 * right)])
        hit = draws.random(len(golds)) < right
        found.append(Found({"quora": np.where(hit, golds, 1 - golds)}))
    return found


def test_a_real_difference_stands_and_one_of_nothing_is_noise() -> None:
    golds = np.random.default_rng(0).integers(0, 2, 2000)
    settings = StageSettings(1, 8, 1e-3)
    names = ("base", "equal", "better")
    cells = {name: Cell(name, RECIPES["best"], settings) for name in names}
    rights = {"base": 0.70, "equal": 0.7001, "better": 0.80}
    found = {name: made_up(rights[name], 3, golds) for name in names}
    results = judged(cells, found, "base", [QUORA], {"quora": golds})
    tests = {name: results[name]["against_baseline"]["quora_accuracy"] for name in names[1:]}
    assert beyond_noise(tests["better"]) and not beyond_noise(tests["equal"])
    assert [test["p_holm"] for test in tests.values()] == holm(
        [test["p_value"] for test in tests.values()]
    )
    one = judged(cells, {n: f[:1] for n, f in found.items()}, "base", [QUORA], {"quora": golds})
    assert one["better"]["against_baseline"]["quora_accuracy"]["method"] == "McNemar, exact"


def test_several_seeds_widen_an_interval_by_their_own_luck() -> None:
    golds = np.random.default_rng(0).integers(0, 2, 2000)
    cells = {"base": Cell("base", RECIPES["best"], StageSettings(1, 8, 1e-3))}
    same = judged(cells, {"base": made_up(0.7, 1, golds) * 3}, "base", [QUORA], {"quora": golds})
    apart = [made_up(right, 1, golds)[0] for right in (0.6, 0.7, 0.8)]
    spread = judged(cells, {"base": apart}, "base", [QUORA], {"quora": golds})

    def width(results: dict) -> float:
        low, high = results["base"]["quora_accuracy"]["ci95"]
        return high - low

    assert width(spread) > 3 * width(same)


def test_wrong_cells_and_seeds_are_named(experiment: Experiment) -> None:
    lab = LABS["ranking-loss"]
    with pytest.raises(ValueError, match="cell must be one of scale 1, .* got 'scale 7'"):
        run_lab(experiment, lab, [0], only=["scale 7"])
    with pytest.raises(ValueError, match="seeds must hold at least one"):
        run_lab(experiment, lab, [])
    with pytest.raises(ValueError, match="share must lie in"):
        run_lab(experiment, lab, [0], share=0.0)
    with pytest.raises(ValueError, match="cells must be named once each"):
        run_lab(experiment, lab, [0], only=["scale 1", "scale 1"])
    with pytest.raises(ValueError, match="seeds must differ"):
        run_lab(experiment, lab, [0, 0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "invalid choice: 'nothing'"),
        (["ranking-loss", "--cells", "nothing"], "cell must be one of scale 1"),
        (["ranking-loss", "--share", "2"], "share must lie in"),
        (["ranking-loss", "--recipe", "best"], "unrecognized arguments: --recipe best"),
        (["ranking-loss", "--seeds", "0", "0"], "names a seed twice"),
    ],
)
def test_wrong_arguments_are_named_and_nothing_is_written(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["lab", *arguments, "--out", str(tmp_path / "out")])
    except SystemExit as stopped:
        code = stopped.code
    assert code and said in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_the_table_says_what_is_noise(pairs: dict) -> None:
    made = {"data": {"note": "a toy"}, "encoder": "toy", "seeds": [0, 1], "command": "by hand"}
    table = lab_table({**pairs, **made})
    assert "a toy; encoder toy, seeds 0, 1" in table
    assert "| **mean, comparisons** |" in table and "baseline" in table
    verdicts = table.count("within noise |") + table.count("better |") + table.count("worse |")
    assert verdicts == 2 * (len(pairs["cells"]) - 1)
    assert "quora answers changed alone" in table


def test_the_command_writes_results_and_tables(
    experiment: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Path(experiment.encoder_name).parent / "data"
    out = tmp_path / "out"
    common = ["--data", f"cs224n:{data}", "--encoder", experiment.encoder_name,
              "--cache", str(tmp_path / "cache")]  # fmt: skip
    arguments = ["lab", "ranking-loss", *common, "--cells", "no ranking", "--out", str(out)]
    main(arguments)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert shlex.split(results["command"])[1:] == arguments, "it can be run again as recorded"
    assert "recipe" not in results, "each cell has its own"
    assert results["lab"] == "ranking-loss" and list(results["cells"]) == ["scale 20", "no ranking"]
    assert (out / "tables.md").read_text(encoding="utf-8") in capsys.readouterr().out


ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "labs.md").read_text(encoding="utf-8")


ON_REAL_DATA = {
    "real-lab-further-training": "further-training",
    "real-lab-pair-encoding": "pair-encoding",
}
RECORDED = {f"lab-{name}": name for name in LABS} | ON_REAL_DATA


@pytest.mark.parametrize("run", RECORDED)
def test_the_page_shows_what_was_recorded(run: str) -> None:
    name = RECORDED[run]
    folder = ROOT / "figures" / "results" / run
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    tables = (folder / "tables.md").read_text(encoding="utf-8")
    assert tables == lab_table(results)
    begin, end = f"<!-- {run} -->\n", f"<!-- /{run} -->"
    shown = PAGE.partition(begin)[2].partition(end)[0]
    for line in filter(lambda line: line.startswith("|"), tables.splitlines()):
        assert line in shown.splitlines()
    assert results["command"] in tables and f"minbert lab {name}" in results["command"]
    assert not results["computed"][0]["source"]["edited"]
    assert (results["tier"] == "real") is (run in ON_REAL_DATA)


@pytest.mark.parametrize(
    ("run", "name", "leaves"),
    [
        ("lab-further-training", "further-training-tree", 18),
        ("real-lab-further-training", "real-further-training-tree", 6),
    ],
)
def test_the_tree_on_the_page_is_that_of_the_recorded_cells(
    run: str, name: str, leaves: int
) -> None:
    folder = ROOT / "figures" / "results" / run
    tree = decision_tree(json.loads((folder / "results.json").read_text(encoding="utf-8")))
    shown = PAGE.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]
    assert shown == tree and tree.count("\n  - ") == leaves


def test_the_pages_own_lab_runs(experiment: Experiment) -> None:
    scope: dict = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, scope)
    found = run_lab(experiment, scope["mine"], [0])
    assert list(found["cells"]) == ["scale 20", "scale 10"]


def test_mlm_cells_hide_as_they_say_and_are_judged_by_the_same_tokens(
    experiment: Experiment,
) -> None:
    only = ["whole words, 15 %", "reviews only", "no MLM"]
    found = run_lab(experiment, LABS["masked-language-model"], [0], only=only)["cells"]
    tokens = {name: cell["measures"].get("training_tokens") for name, cell in found.items()}
    assert tokens["no MLM"] is None and tokens["whole words, 15 %"] == tokens["all [MASK], 15 %"]
    assert tokens["reviews only"][0] < tokens["all [MASK], 15 %"][0]
    perplexities = [cell["measures"]["sst_perplexity"][0] for cell in found.values()]
    assert len(set(perplexities)) == len(perplexities)
    assert {"sst_accuracy", "quora_accuracy", "sts_pearson"} <= found["no MLM"].keys()


@pytest.mark.parametrize("encoder", ["tiny", "minilm"])
@pytest.mark.parametrize("name", LABS)
def test_every_lab_has_its_cells_for_every_size(
    experiment: Experiment, name: str, encoder: str
) -> None:
    """Sizes have recipes of their own, with choices that another lab's cells may not know."""
    cells = LABS[name].cells(replace(experiment, encoder_name=encoder))
    assert LABS[name].baseline in {cell.name for cell in cells} and len(cells) > 3
