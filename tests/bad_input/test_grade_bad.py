"""Prediction files and labels: a score of what belongs together, or one sentence."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from minbert.__main__ import main
from minbert.data.predictions import (
    matched,
    read_labels,
    read_predictions,
    write_predictions,
)
from minbert.tasks import COURSE_TASKS
from minbert.training.recipe import RECIPES

COUNT = 20
IDS = [f"x{number}" for number in range(COUNT)]
COLUMNS = {name: task.prediction for name, task in COURSE_TASKS.items()}
HEAD = {task: f"id \t {column} \n" for task, column in COLUMNS.items()}
LABEL = {"sst": "sentiment", "cfimdb": "sentiment", "quora": "is_duplicate", "sts": "similarity"}


def value(task: str, number: int) -> str:
    return {
        "sst": number % 5,
        "cfimdb": number % 2,
        "quora": number % 2,
        "sts": f"{number % 6 - number % 6 * 0.1:.4f}",
    }[task].__str__()


def predictions(task: str) -> list[str]:
    """Lines of a good prediction file."""
    return [HEAD[task], *(f"{x} , {value(task, n)} \n" for n, x in enumerate(IDS))]


def labels(task: str, column: str | None = None) -> list[str]:
    """Lines of a good file of labels."""
    texts = "a b" if task in ("sst", "cfimdb") else "a b\tc d"
    names = "sentence" if task in ("sst", "cfimdb") else "sentence1\tsentence2"
    return [
        f"\tid\t{names}\t{column or LABEL[task]}\n",
        *(f"{n}\t{x}\t{texts}\t{value(task, n)}\n" for n, x in enumerate(IDS)),
    ]


def changed(lines: list[str], line: int, new: str | None) -> str:
    """Replace a line (from 1), or leave it out."""
    lines = list(lines)
    lines[line - 1 : line] = [] if new is None else [new]
    return "".join(lines)


class Graded:
    """Two files and the command."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture) -> None:
        self.folder, self.capsys = folder, capsys

    def __call__(self, predicted: str | bytes, gold: str | bytes) -> tuple[int, str, str]:
        for name, content in (("p.csv", predicted), ("l.csv", gold)):
            data = content if isinstance(content, bytes) else content.encode()
            (self.folder / name).write_bytes(data)
        code = main(["grade", str(self.folder / "p.csv"), str(self.folder / "l.csv")])
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err

    def refused(self, predicted: str | bytes, gold: str | bytes) -> str:
        code, out, err = self(predicted, gold)
        assert code == 2 and out == "" and "Traceback" not in err, (out, err)
        assert err.count("\n") == 1 and err.startswith("minbert grade: ")
        assert "expected" in err and "got" in err, err
        return err


@pytest.fixture
def grade(tmp_path: Path, capsys: pytest.CaptureFixture) -> Graded:
    return Graded(tmp_path, capsys)


# --- bad prediction files ---

PREDICTIONS = {
    "nothing": ("sst", "", "p.csv:1: ", "got an empty file"),
    "header only": ("sst", HEAD["sst"], "p.csv:2: ", "got a header only"),
    "no header": ("sst", changed(predictions("sst"), 1, None), "p.csv:1: ", "got ['x0 , 0 ']"),
    "a comma in the header": ("sst", changed(predictions("sst"), 1, "id,Predicted_Sentiment\n"),
                              "p.csv:1: ", "expected the header"),
    "the right spelling": ("sts", changed(predictions("sts"), 1, "id \t Predicted_Similarity \n"),
                           "p.csv:1: ", "Predicted_Similiary, got"),
    "another first column": ("sst", changed(predictions("sst"), 1, "ids \t Predicted_Sentiment\n"),
                             "p.csv:1: ", "expected the header"),
    "three columns": ("sst", changed(predictions("sst"), 1, "id\tPredicted_Sentiment\tx\n"),
                      "p.csv:1: ", "expected the header"),
    "a file of labels": ("sst", "".join(labels("sst")), "p.csv:1: ", "are the two files swapped?"),
    "no comma": ("sst", changed(predictions("sst"), 3, "x1 1\n"), "p.csv:3: ", "got 'x1 1'"),
    "a tab": ("sst", changed(predictions("sst"), 3, "x1\t1\n"), "p.csv:3: ", "got 'x1\\t1'"),
    "empty line": ("sst", changed(predictions("sst"), 3, "\n"), "p.csv:3: ", "got ''"),
    "empty last line": ("sst", "".join(predictions("sst")) + "\n", "p.csv:22: ", "got ''"),
    "no value": ("sst", changed(predictions("sst"), 3, "x1 , \n"), "p.csv:3: ", "got ''"),
    "no id": ("sst", changed(predictions("sst"), 3, " , 1\n"), "p.csv:3: ", "is empty"),
    "a taken id": ("sst", changed(predictions("sst"), 3, "x0 , 1\n"), "p.csv:3: ", "'x0'"),
    "a word": ("sst", changed(predictions("sst"), 3, "x1 , good\n"), "p.csv:3: ", "got 'good'"),
    "nan class": ("sst", changed(predictions("sst"), 3, "x1 , nan\n"), "p.csv:3: ", "got 'nan'"),
    "inf class": ("quora", changed(predictions("quora"), 3, "x1 , inf\n"), "p.csv:3: ", "'inf'"),
    "nan similarity": ("sts", changed(predictions("sts"), 3, "x1 , nan\n"), "p.csv:3: ", "'nan'"),
    "NaN similarity": ("sts", changed(predictions("sts"), 3, "x1 , NaN\n"), "p.csv:3: ", "'NaN'"),
    "inf similarity": ("sts", changed(predictions("sts"), 3, "x1 , inf\n"), "p.csv:3: ", "'inf'"),
    "1e999": ("sts", changed(predictions("sts"), 3, "x1 , 1e999\n"), "p.csv:3: ", "'1e999'"),
    "None": ("sts", changed(predictions("sts"), 3, "x1 , None\n"), "p.csv:3: ", "'None'"),
    "a tensor": ("sts", changed(predictions("sts"), 3, "x1 , tensor(1.)\n"), "p.csv:3: ", "tensor"),
    "a list": ("sts", changed(predictions("sts"), 3, "x1 , [1.5]\n"), "p.csv:3: ", "'[1.5]'"),
    "a percentage": ("quora", changed(predictions("quora"), 3, "x1 , 73%\n"), ":3: ", "'73%'"),
    "a probability": ("quora", changed(predictions("quora"), 3, "x1 , 0.73\n"), ":3: ", "'0.73'"),
    "a score as class": ("sst", changed(predictions("sst"), 3, "x1 , 2.5\n"), ":3: ", "'2.5'"),
    "a class too high": ("sst", changed(predictions("sst"), 3, "x1 , 5\n"), "p.csv:3: ", "'5'"),
    "a negative class": ("sst", changed(predictions("sst"), 3, "x1 , -1\n"), "p.csv:3: ", "'-1'"),
    "a class in Quora": ("quora", changed(predictions("quora"), 3, "x1 , 4\n"), ":3: ", "'4'"),
    "a logit": ("quora", changed(predictions("quora"), 3, "x1 , -3.1\n"), "p.csv:3: ", "'-3.1'"),
    "True": ("quora", changed(predictions("quora"), 3, "x1 , True\n"), "p.csv:3: ", "'True'"),
    "two values": ("quora", changed(predictions("quora"), 3, "x1 , 1 0\n"), "p.csv:3: ", "'1 0'"),
    "NUL": ("sst", changed(predictions("sst"), 3, "x1\0 , 1\n"), "p.csv:3: ", "expected an id"),
    "CR": ("sst", "".join(predictions("sst")).replace("\n", "\r"), "p.csv:1: ", "expected"),
    "CR CR LF": ("sst", "".join(predictions("sst")).replace("\n", "\r\r\n"), "p.csv:2: ", "got"),
    "Latin-1": ("sst", changed(predictions("sst"), 3, "é , 1\n").encode("latin-1"), "p.csv:3: ",
                "got the byte 0xe9 as byte 1"),
    "UTF-16": ("sst", "".join(predictions("sst")).encode("utf-16"), "p.csv:1: ", "got UTF-16"),
    "a web page": ("sst", "<html></html>\n", "p.csv:1: ", "this is a web page"),
    "an id missing": ("sst", changed(predictions("sst"), 3, None), "p.csv lacks 1 ids", "e.g. x1"),
    "an id more": ("sst", "".join(predictions("sst")) + "new , 1\n", "l.csv lacks 1 ids",
                   "e.g. new"),
    "other ids": ("sst", "".join(predictions("sst")).replace("x", "y"), "p.csv lacks 20 ids",
                  "expected the same ids in both"),
    "ids in capitals": ("sst", "".join(predictions("sst")).replace("x", "X"), "p.csv lacks 20",
                        "expected the same ids"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("task", "predicted", "place", "reason"), PREDICTIONS.values(), ids=PREDICTIONS
)
def test_bad_predictions_have_no_score(
    grade: Graded, task: str, predicted: str | bytes, place: str, reason: str
) -> None:
    sentence = grade.refused(predicted, "".join(labels(task)))
    assert place in sentence and reason in sentence, sentence


# --- bad files of labels ---

LABELS = {
    "nothing": ("sst", "", "l.csv:1: ", "got an empty file"),
    "header only": ("sst", labels("sst")[0], "l.csv:2: ", "got no label in 0 rows"),
    "no header": ("sst", changed(labels("sst"), 1, None), "l.csv:1: ", "needs a column id"),
    "no ids": ("sst", changed(labels("sst"), 1, "\tx\tsentence\tsentiment\n"), "l.csv:1: ", "id"),
    "no labels": ("sst", changed(labels("sst"), 1, "\tid\tsentence\tgrade\n"), ":1: ", "'grade'"),
    "two columns id": ("sst", changed(labels("sst"), 1, "id\tid\tsentence\tsentiment\n"), ":1: ",
                       "got id twice"),
    "all labels empty": ("sst", "id,label\n" + "".join(f"{x},\n" for x in IDS), ":2: ",
                         "got no label in 20 rows"),
    "a word": ("sst", changed(labels("sst"), 3, "1\tx1\ta b\tgood\n"), "l.csv:3: ", "'good'"),
    "nan": ("sts", changed(labels("sts"), 3, "1\tx1\ta\tb\tnan\n"), "l.csv:3: ", "'nan'"),
    "inf": ("sts", changed(labels("sts"), 3, "1\tx1\ta\tb\tinf\n"), "l.csv:3: ", "'inf'"),
    "above": ("sts", changed(labels("sts"), 3, "1\tx1\ta\tb\t5.1\n"), "l.csv:3: ", "'5.1'"),
    "below": ("sts", changed(labels("sts"), 3, "1\tx1\ta\tb\t-0.1\n"), "l.csv:3: ", "'-0.1'"),
    "a half": ("sst", changed(labels("sst"), 3, "1\tx1\ta b\t1.5\n"), "l.csv:3: ", "'1.5'"),
    "a class in Quora": ("quora", changed(labels("quora"), 3, "1\tx1\ta\tb\t4\n"), ":3: ", "'4'"),
    "a taken id": ("sst", changed(labels("sst"), 3, "1\tx0\ta b\t1\n"), "l.csv:3: ", "'x0'"),
    "no id": ("sst", changed(labels("sst"), 3, "1\t\ta b\t1\n"), "l.csv:3: ", "is empty"),
    "a field missing": ("sst", changed(labels("sst"), 3, "1\tx1\t1\n"), "l.csv:3: ",
                        "expected 4 fields as in the header, got 3"),
    "a field more": ("sst", changed(labels("sst"), 3, "1\tx1\ta\tb\t1\n"), "l.csv:3: ", "got 5"),
    "empty line": ("sst", changed(labels("sst"), 3, "\n"), "l.csv:3: ", "got an empty line"),
    "empty last line": ("sst", "".join(labels("sst")) + "\n", "l.csv:22: ", "got an empty line"),
    "open mark": ("sst", changed(labels("sst"), 3, '1\tx1\t"a b\t1\n'), "l.csv:3: ",
                  "expected a quotation mark that closes"),
    "NUL": ("sst", changed(labels("sst"), 3, "1\tx1\ta\0\t1\n"), "l.csv:3: ", "got a NUL"),
    "CR": ("sst", "".join(labels("sst")).replace("\n", "\r"), "l.csv:1: ", "a carriage return"),
    "Latin-1": ("sst", changed(labels("sst"), 3, "1\tx1\té\t1\n").encode("latin-1"), "l.csv:3: ",
                "got the byte 0xe9"),
    "semicolons": ("sst", "id;label\nx0;1\n", "l.csv:1: ", "needs a column id"),
    "another task's": ("sst", "".join(labels("quora")), "l.csv:1: ", "expected labels of sst"),
}  # fmt: skip


@pytest.mark.parametrize(("task", "gold", "place", "reason"), LABELS.values(), ids=LABELS)
def test_bad_labels_give_no_score(
    grade: Graded, task: str, gold: str | bytes, place: str, reason: str
) -> None:
    sentence = grade.refused("".join(predictions(task)), gold)
    assert place in sentence and reason in sentence and "l.csv" in sentence, sentence


# --- one task against another ---

TASKS = ("sst", "quora", "sts")
PAIRS = [(a, b) for a in TASKS for b in TASKS if a != b]


@pytest.mark.parametrize(("predicted", "gold"), PAIRS)
def test_predictions_of_one_task_against_labels_of_another(
    grade: Graded, predicted: str, gold: str
) -> None:
    """The ids are the same, so only what the columns say tells them apart."""
    sentence = grade.refused("".join(predictions(predicted)), "".join(labels(gold)))
    assert f"expected labels of {predicted}" in sentence and LABEL[gold] in sentence


@pytest.mark.parametrize(("predicted", "gold"), PAIRS)
def test_labels_whose_column_says_nothing(grade: Graded, predicted: str, gold: str) -> None:
    """A column `label` of any task: its values must be this task's."""
    rows = "".join(f"{x},{value(gold, n)}\n" for n, x in enumerate(IDS))
    if (predicted, gold) == ("sts", "sst"):  # classes can be similarities
        assert grade("".join(predictions(predicted)), "id,label\n" + rows)[0] == 0
        return
    sentence = grade.refused("".join(predictions(predicted)), "id,label\n" + rows)
    assert "l.csv:" in sentence


def test_classes_of_sst_against_two_classes(grade: Graded) -> None:
    sentence = grade.refused("".join(predictions("sst")), "".join(labels("cfimdb")))
    assert "l.csv:2: " in sentence and "another task" in sentence


def test_probabilities_for_every_task(grade: Graded) -> None:
    rows = "".join(f"{x} , {n / COUNT}\n" for n, x in enumerate(IDS))
    for task in ("sst", "quora"):
        assert "expected a whole number" in grade.refused(HEAD[task] + rows, "".join(labels(task)))


@pytest.mark.parametrize("count", [1, 5])
def test_no_correlation_with_a_constant(grade: Graded, count: int) -> None:
    gold = "id,label\n" + "".join(f"{x},2.5\n" for x in IDS[:count])
    rows = "".join(f"{x} , {n}.5\n" for n, x in enumerate(IDS[:count]))
    assert "expected labels that differ" in grade.refused(HEAD["sts"] + rows, gold)


@pytest.mark.parametrize(("first", "second"), [("p.csv", "no"), ("no", "l.csv"), ("no", "no")])
def test_no_file(grade: Graded, tmp_path: Path, first: str, second: str) -> None:
    grade("".join(predictions("sst")), "".join(labels("sst")))
    assert main(["grade", str(tmp_path / first), str(tmp_path / second)]) == 2
    assert "there is no file" in grade.capsys.readouterr().err


def test_a_folder_for_a_file(grade: Graded, tmp_path: Path) -> None:
    assert main(["grade", str(tmp_path), str(tmp_path)]) == 2
    assert f"{tmp_path}: expected a file, got a folder" in grade.capsys.readouterr().err


# --- what is right has its score ---

GOOD = {
    "as it is": lambda rows: "".join(rows),
    "another order": lambda rows: "".join([rows[0], *reversed(rows[1:])]),
    "CRLF": lambda rows: "".join(rows).replace("\n", "\r\n"),
    "no newline at the end": lambda rows: "".join(rows).rstrip("\n"),
    "a byte order mark": lambda rows: "\ufeff" + "".join(rows),
}


@pytest.mark.parametrize("edit", GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("task", COLUMNS)
def test_right_files_are_scored(grade: Graded, task: str, edit: object) -> None:
    code, out, err = grade(edit(predictions(task)), edit(labels(task)))
    assert code == 0, err
    assert "1.0000, 95 % interval" in out and out.endswith(f"n = {COUNT}\n")


def test_no_blanks_and_many_blanks(grade: Graded) -> None:
    rows = "id\tPredicted_Sentiment\n" + "".join(
        f"  {x},{value('sst', n)}   \n" for n, x in enumerate(IDS)
    )
    assert grade(rows, "".join(labels("sst")))[0] == 0


def test_rows_without_a_label_are_left_out_and_named(
    grade: Graded, caplog: pytest.LogCaptureFixture
) -> None:
    """As in Quora's dev file; with a prediction for such a row or without one."""
    gold = changed(labels("quora"), 3, "1\tx1\ta b\tc d\t\n")
    for predicted in (predictions("quora"), changed(predictions("quora"), 3, None)):
        caplog.clear()
        code, out, _ = grade("".join(predicted), gold)
        assert code == 0 and "n = 19" in out
        assert "1 rows have no label and are left out, e.g. id x1" in caplog.text


def test_similarities_on_another_scale_are_said(
    grade: Graded, caplog: pytest.LogCaptureFixture
) -> None:
    rows = "".join(f"{x} , {float(value('sts', n)) * 2 - 1}\n" for n, x in enumerate(IDS))
    assert "Pearson's r 1.0000" in grade(HEAD["sts"] + rows, "".join(labels("sts")))[1]
    assert "predictions are outside 0 to 5" in caplog.text


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\x0b", "\x0c", "\x1c", "\x1e"])
def test_no_row_is_lost_to_a_character_in_a_sentence(grade: Graded, character: str) -> None:
    """str.splitlines ends a line there: the row was lost."""
    gold = changed(labels("sst"), 3, f"1\tx1\ta{character}b\t1\n")
    assert grade("".join(predictions("sst")), gold)[1].endswith(f"n = {COUNT}\n")


def test_quoted_sentences(grade: Graded) -> None:
    gold = changed(labels("sst"), 3, '1\tx1\t"a ""b""\n\tc, d"\t1\n')
    assert grade("".join(predictions("sst")), gold)[1].endswith(f"n = {COUNT}\n")


SETTINGS = settings(max_examples=120, deadline=None, derandomize=True)


@SETTINGS
@given(st.dictionaries(
    st.text(st.characters(exclude_characters="\t\r\n\0", codec="utf-8"), min_size=1, max_size=9)
    .filter(lambda text: text == text.strip(" ")),
    st.floats(0, 5, width=32), min_size=1, max_size=9,
))  # fmt: skip
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, float]
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    write_predictions(path, "sts", list(values), list(values.values()))
    column, read = read_predictions(path)
    assert column == COLUMNS["sts"] and list(read) == list(values)
    assert np.allclose(list(read.values()), list(values.values()), atol=6e-5)


@SETTINGS
@given(
    st.lists(st.text(st.sampled_from('x1 ,"\t\r\n\x85\u2028n.-e'), max_size=9), max_size=8),
    st.sampled_from(TASKS),
)
def test_any_prediction_file_is_read_whole_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], task: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-predictions.csv"
    content = (HEAD[task] + "\n".join(rows)).encode()
    path.write_bytes(content)
    try:
        _, values = read_predictions(path)
    except ValueError as error:
        assert str(error).startswith(f"{path}:") and "expected" in str(error)
    else:
        assert len(values) == content.count(b"\n") - 1 + (not content.endswith(b"\n"))
        assert all(map(math.isfinite, values.values()))


@SETTINGS
@given(
    st.lists(st.text(st.sampled_from('x1 ,"\r\n\x85\u2028n.-'), max_size=9), max_size=8),
    st.sampled_from([None, *TASKS]),
)
def test_any_file_of_labels_is_read_whole_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], task: str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-labels.csv"
    content = ("id,label\n" + "\n".join(rows)).encode()
    path.write_bytes(content)
    try:
        values = read_labels(path, task)
    except ValueError as error:
        assert str(error).startswith(f"{path}:") and "expected" in str(error)
    else:  # an id has no line ends, and nothing else can be quoted here
        assert len(values) == content.count(b"\n") - 1 + (not content.endswith(b"\n"))


@pytest.mark.parametrize(
    ("task", "ids", "values", "reason"),
    [
        ("mnli", ["a"], [1], "task must be one of"),
        ("sst", ["a", "b"], [1], "got 2 ids and 1 values"),
        ("sst", ["a", "a"], [1, 2], "expected one that is new"),
        ("sst", [""], [1], "is empty"),
        ("sst", ["a\nb"], [1], "expected an id without"),
        ("sst", ["a\tb"], [1], "expected an id without"),
        ("sst", [" a"], [1], "expected an id without"),
        ("sst", ["a"], [math.nan], "expected a whole number from 0 to 4, got 'nan'"),
        ("sst", ["a"], [1.5], "got '1.5'"),
        ("sst", ["a"], [5], "got '5.0'"),
        ("quora", ["a"], [0.9], "expected a whole number from 0 to 1, got '0.9'"),
        ("quora", ["a"], [math.inf], "got 'inf'"),
        ("sts", ["a"], [math.nan], "expected a finite number, got 'nan'"),
        ("sts", ["a"], [-math.inf], "got '-inf'"),
    ],
)
def test_what_is_no_prediction_is_not_written(
    tmp_path: Path, task: str, ids: list[str], values: list[float], reason: str
) -> None:
    """int() made a class 0 of the probability .9."""
    with pytest.raises(ValueError) as caught:
        write_predictions(tmp_path / "p.csv", task, ids, values)
    assert reason in str(caught.value) and list(tmp_path.iterdir()) == []


def test_the_real_labels_are_all_read(real_data_folder: Path, tmp_path: Path) -> None:
    """Also through `matched`: Quora's dev file has two rows without a label."""
    for name, task, count in (
        ("quora-dev", "quora", 20_212),
        ("sts-dev", "sts", 863),
        ("ids-sst-dev", "sst", 1101),
        ("ids-cfimdb-dev", "cfimdb", 245),
    ):
        path = real_data_folder / f"{name}.csv"
        gold = {key: label for key, label in read_labels(path, task).items() if label is not None}
        assert len(gold) == count
        write_predictions(tmp_path / "p.csv", task, list(gold), list(gold.values()))
        assert len(matched(tmp_path / "p.csv", path)[1]) == count


# --- results.json, which `predict` reads ---

MADE = {
    "submitted": {"arm": "mlm", "stage": "heads", "seed": 0},
    "recipe": RECIPES["paper"].values(),
    "precision": "fp32",
}


def without(*place: str) -> str:
    made = json.loads(json.dumps(MADE))
    inner = made
    for key in place[:-1]:
        inner = inner[key]
    del inner[place[-1]]
    return json.dumps(made)


def having(value: object, *place: str) -> str:
    made = json.loads(json.dumps(MADE))
    inner = made
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return json.dumps(made)


RESULTS = {
    "nothing": ("", "got nothing"),
    "cut off": (json.dumps(MADE)[:50], "expected JSON"),
    "cut off in a word": ('{"submitted": tr', "got 'tr'"),
    "Latin-1": (b'{"\xe9": 1}', "got the byte 0xe9"),
    "UTF-16": (json.dumps(MADE).encode("utf-16"), "got UTF-16"),
    "a list": ("[]", "expected a JSON object in braces, got []"),
    "null": ("null", "in braces, got None"),
    "a number": ("3", "in braces, got 3"),
    "too deep": ("[" * 200_000, "expected JSON"),
    "an empty object": ("{}", "as submitted.arm, got null"),
    "a single task": (without("submitted"), "is this the --out of reproduce?"),
    "no arm": (without("submitted", "arm"), "submitted.arm"),
    "no stage": (without("submitted", "stage"), "submitted.stage"),
    "no seed": (without("submitted", "seed"), "submitted.seed"),
    "no recipe": (without("recipe"), "expected a JSON object as recipe, got null"),
    "a recipe without dropout": (without("recipe", "dropout"), "dropout"),
    "a recipe without masking": (without("recipe", "mask_share"), "mask_share"),
    "a recipe of another version": (having(1, "recipe", "depth"), "depth"),
    "a recipe whose joint stage is a number": (having(1, "recipe", "joint"), "recipe: expected"),
    "no precision": (without("precision"), "precision"),
    "a recipe as text": (having("paper", "recipe"), 'as recipe, got "paper"'),
    "a seed as text": (having("0", "submitted", "seed"), "expected a whole number as submitted.se"),
    "a seed as truth": (having(True, "submitted", "seed"), "got true"),
    "an arm as list": (having(["mlm"], "submitted", "arm"), 'got ["mlm"]'),
    "another arm": (having("mlm2", "submitted", "arm"), "got 'mlm2'"),
    "an arm that is a way": (having("../../..", "submitted", "arm"), "got '../../..'"),
    "a stage that is a way": (having("/etc", "submitted", "stage"), "'/etc'"),
}


@pytest.mark.parametrize(("content", "reason"), RESULTS.values(), ids=RESULTS)
def test_a_bad_results_file_is_named(
    tmp_path: Path, content: str | bytes, reason: str, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    out = tmp_path / "out"
    assert main(["predict", "--run", str(tmp_path), "--out", str(out)]) == 2
    sentence = capsys.readouterr().err
    assert sentence.startswith(f"minbert predict: {path}:") and sentence.count("\n") == 1
    assert reason in sentence and "expected" in sentence and "got" in sentence
    assert not out.exists()


def test_a_results_file_that_is_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "results.json").mkdir()
    assert main(["predict", "--run", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "holds no results.json: expected" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "results.json")
