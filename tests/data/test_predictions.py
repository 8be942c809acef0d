"""Prediction files: the course's format to the byte, read back, and matched with labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from minbert.data.predictions import matched, read_predictions, write_predictions
from minbert.tasks import SST


def test_the_format_is_the_courses(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    write_predictions(path, "sst", ["a", "b"], np.array([1, 4]))
    assert path.read_text() == "id \t Predicted_Sentiment \na , 1 \nb , 4 \n"
    write_predictions(path, "quora", ["a"], np.array([1.0]))
    assert path.read_text() == "id \t Predicted_Is_Paraphrase \na , 1 \n"
    write_predictions(path, "sts", ["a"], np.array([2.34567]))
    assert path.read_text() == "id \t Predicted_Similiary \na , 2.3457 \n"
    assert read_predictions(path) == ("Predicted_Similiary", {"a": 2.3457})


def test_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="task must be one of"):
        write_predictions(tmp_path / "p", "mnli", ["a"], [1])
    with pytest.raises(ValueError):
        write_predictions(tmp_path / "p", "sst", ["a", "b"], [1])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty file"),
        ("id,label\na,1\n", ":1: expected the header"),
        ("id \t Predicted_Sentiment \na , 1 \na , 2 \n", ":3: the id 'a' is empty or occurs twice"),
        ("id \t Predicted_Sentiment \na , much \n", ":2: .* got 'much'"),
    ],
)
def test_a_bad_prediction_file_is_named_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_predictions(tmp_path / "p.csv")


def test_matching_by_id_whatever_the_order(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", "sst", ["a", "b", "c"], [1, 2, 3])
    (tmp_path / "tabs.csv").write_text(
        "\tid\tsentence\tsentiment\n0\tc\tx\t3\n1\ta\ty\t0\n2\tb\tz\t2\n"
    )
    (tmp_path / "commas.csv").write_text("id,label\nc,3\na,0\nb,2\n")
    for name in ("tabs.csv", "commas.csv"):
        task, predicted, golds = matched(tmp_path / "p.csv", tmp_path / name)
        assert task is SST
        assert predicted.tolist() == [3, 1, 2] and golds.tolist() == [3, 0, 2]
    (tmp_path / "fewer.csv").write_text("id,label\nc,3\na,0\n")
    with pytest.raises(ValueError, match="fewer.csv lacks 1 ids of the other file, e.g. b"):
        matched(tmp_path / "p.csv", tmp_path / "fewer.csv")
    (tmp_path / "none.csv").write_text("id,text\nc,3\n")
    with pytest.raises(ValueError, match="needs a column id and one of"):
        matched(tmp_path / "p.csv", tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError):
        matched(tmp_path / "p.csv", tmp_path / "nowhere.csv")
