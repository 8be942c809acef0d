"""Two runs held against each other: the right examples, the right tests, honest words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from toy import write_toy_data

from minbert.__main__ import main
from minbert.data import load_data
from minbert.data.examples import CourseData
from minbert.data.predictions import write_predictions
from minbert.experiments.comparison import compare_runs, comparison_table
from minbert.tasks import QUORA, SST, STS

ROWS = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_data(tmp_path_factory.mktemp("data"), ROWS)


@pytest.fixture(scope="module")
def data(folder: Path) -> CourseData:
    return load_data(f"cs224n:{folder}")


def write_run(run: Path, data: CourseData, wrong: float, seed: int, noise: float = 1.0) -> Path:
    """A run that answers this share of classes wrong, and similarities with this much noise."""
    draw = np.random.default_rng(seed)
    (run / "predictions").mkdir(parents=True)
    (run / "results.json").write_text(json.dumps({"data": {"digest": data.digest, "note": "toy"}}))
    for task in (SST, QUORA, STS):
        examples = data.tasks[task].dev
        golds = np.array([example.label for example in examples])
        if task.label.whole:
            off = draw.random(len(golds)) < wrong
            said = np.where(off, (golds + 1) % (task.label.highest + 1), golds)
        else:
            said = golds + noise * draw.normal(size=len(golds))
        ids = [example.id for example in reversed(examples)]  # another order than the data's
        write_predictions(run / "predictions" / f"{task.name}-dev.csv", task, ids, said[::-1])
    return run


def test_the_better_run_is_found(data: CourseData, tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", data, wrong=0.1, seed=0, noise=0.5)
    b = write_run(tmp_path / "b", data, wrong=0.4, seed=1, noise=3.0)
    found = compare_runs(a, b, data)
    assert [one.task for one in found] == [SST, QUORA, STS]
    assert {one.verdict for one in found} == {"a is better"}
    assert {one.verdict for one in compare_runs(b, a, data)} == {"b is better"}
    for one in found:
        assert one.ci95[0] < one.difference < one.ci95[1] and one.difference > one.detectable / 2
        assert one.examples == ROWS and one.difference == pytest.approx(one.a - one.b)


def test_numbers_are_those_of_an_independent_computation(data: CourseData, tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", data, wrong=0.1, seed=0, noise=0.5)
    b = write_run(tmp_path / "b", data, wrong=0.2, seed=1)
    sst, quora, sts = compare_runs(a, b, data)
    said = {
        run: {
            line.split(" , ")[0]: float(line.split(" , ")[1])
            for line in (run / "predictions" / "quora-dev.csv").read_text().splitlines()[1:]
        }
        for run in (a, b)
    }
    golds = {example.id: example.label for example in data.quora.dev}
    right = [np.array([said[run][key] == gold for key, gold in golds.items()]) for run in (a, b)]
    only = [int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())]
    assert quora.p_value == pytest.approx(stats.binomtest(only[0], sum(only)).pvalue)
    assert (quora.a, quora.b) == pytest.approx([values.mean() for values in right])
    p_values = [one.p_value for one in (sst, quora, sts)]
    by_hand = np.minimum(1, np.maximum.accumulate(np.sort(p_values) * [3, 2, 1]))
    assert sorted(one.corrected for one in (sst, quora, sts)) == pytest.approx(by_hand.tolist())
    assert sts.method == "paired bootstrap" and quora.method == "McNemar, exact"


def test_equal_runs_are_within_noise(data: CourseData, tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", data, wrong=0.3, seed=0)
    found = compare_runs(run, run, data)
    assert {one.verdict for one in found} == {"within noise"}
    assert [one.difference for one in found] == [0, 0, 0] == [one.detectable for one in found]
    table = comparison_table(found)
    assert table.count("within noise") == 3 and f"n = {ROWS}" in table and "-0.000" not in table


def test_luck_is_rarely_taken_for_a_difference(data: CourseData, tmp_path: Path) -> None:
    """Pairs of equally good runs: at most one in twenty may differ in any task; of 30, few do."""
    lucky = 0
    for seed in range(30):
        a = write_run(tmp_path / f"{seed}a", data, wrong=0.3, seed=2 * seed)
        b = write_run(tmp_path / f"{seed}b", data, wrong=0.3, seed=2 * seed + 1)
        lucky += any(one.verdict != "within noise" for one in compare_runs(a, b, data))
    assert lucky <= 5  # more have a chance of 1 in 500, were it one in twenty


def test_the_command(
    folder: Path, data: CourseData, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    a = write_run(tmp_path / "a", data, wrong=0.1, seed=0)
    b = write_run(tmp_path / "b", data, wrong=0.4, seed=1)
    assert main(["compare", str(a), str(b), "--data", f"cs224n:{folder}"]) in (0, None)
    said = capsys.readouterr().out
    assert "| Sentiment (SST), accuracy, n = 200 |" in said and "a is better" in said
    assert "real data" in said and "corrected for 3 tests" in said


def test_what_cannot_be_compared_is_named(data: CourseData, tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", data, wrong=0.1, seed=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no predictions/TASK-dev.csv of a common task"):
        compare_runs(a, tmp_path / "empty", data)
    other = write_run(tmp_path / "other", data, wrong=0.1, seed=0)
    (other / "results.json").write_text(json.dumps({"data": {"digest": "0", "note": "the lab"}}))
    with pytest.raises(ValueError, match=r"computed from other data \(the lab\)"):
        compare_runs(a, other, data)
    path = write_run(tmp_path / "short", data, wrong=0.1, seed=0) / "predictions" / "sst-dev.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(ValueError, match="199 predictions, expected those of the 200 dev"):
        compare_runs(a, tmp_path / "short", data)
