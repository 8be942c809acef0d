"""What a grading writes: table, JSON, a page for each student; and what it refuses."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from refused import refused

from minbert.__main__ import main
from minbert.course.grading.feedback import feedback, file_name
from minbert.course.grading.grader import Graded, Limits
from minbert.course.grading.points import points_of
from minbert.course.grading.scores import as_json, earlier, table

TITLES = {1: "attention", 2: "embeddings"}
POINTS = {1: 10.0, 2: 2.5}
ADA = Graded(
    "ada",
    "d1",
    pieces={
        1: {"passed": True, "message": "each row sums to 1.", "seconds": 0.5},
        2: {"passed": False, "message": "LayerNorm is missing", "seconds": 0.25},
    },
)
BOB = Graded("=bob", "d2", problem="handed in no my_minbert.py")
CY = Graded("cy", "d3", note="the file is named x.py, not my_minbert.py", beginning="line 3 raises",
            notes=["writes outside its folder (…/<b>)"], printed="hello ```", pieces={
    1: {"passed": False, "message": "did not end within 3 s: …", "seconds": 3.0},
    2: {"passed": True, "message": "well", "seconds": 0.0},
})  # fmt: skip


def test_the_table() -> None:
    rows = list(csv.DictReader(table([ADA, BOB, CY], TITLES, POINTS).splitlines()))
    assert list(rows[0]) == [
        "student", "total", "of", "1 attention", "2 embeddings", "seconds", "note"
    ]  # fmt: skip
    assert list(rows[0].values()) == ["ada", "10", "12.5", "10", "0", "0.8", ""]
    assert rows[1]["student"] == "'=bob", "a spreadsheet would take it for a formula"
    assert rows[1]["total"] == "0" and rows[1]["note"] == "handed in no my_minbert.py"
    assert rows[2]["total"] == "2.5"
    assert rows[2]["note"] == (
        "the file is named x.py, not my_minbert.py; before the first piece: line 3 raises; it "
        "writes outside its folder (…/<b>); piece 1 did not end within 3 s: …"
    )


def test_a_page() -> None:
    page = feedback(ADA, TITLES, POINTS)
    assert page.startswith("# ada\n\n**10 of 12.5 points.**")
    assert "## Piece 1, attention: right, 10 of 10\n\neach row sums to 1." in page
    assert "## Piece 2, embeddings: not yet, 0 of 2.5\n\nLayerNorm is missing" in page
    assert "minbert course check my_minbert.py --piece N" in page
    page = feedback(CY, TITLES, POINTS)
    assert "Before the first piece: line 3 raises." in page
    assert "- it writes outside its folder (…/&lt;b>)" in page
    assert "hello '''" in page
    assert "Nothing was graded: handed in no my_minbert.py." in feedback(BOB, TITLES, POINTS)


@pytest.mark.parametrize("student, name", [
    ("ada", "ada.md"), ("Ada Lovelace_1_file", "Ada Lovelace_1_file.md"), ("a/b:c?", "a_b_c_.md"),
    ("...", "_.md"), ("x" * 300, "x" * 150 + ".md"), ("Žofie", "Žofie.md"),
])  # fmt: skip
def test_names_of_pages(student: str, name: str) -> None:
    assert file_name(student) == name


def test_an_earlier_grading_is_read_again() -> None:
    limits = Limits(seed=3)
    failed = Graded("eve", "d4", problem="could not be graded: it ends the process")
    text = as_json([ADA, BOB, CY, failed], TITLES, POINTS, limits)
    assert earlier(text, limits) == {(one.student, one.digest): one for one in (ADA, BOB, CY)}
    assert earlier(text, Limits(seed=3, jobs=9)) != {}
    assert earlier(text, Limits(seed=4)) == earlier(text, Limits(seed=3, seconds=1)) == {}
    content = json.loads(text)
    assert content["students"][0]["total"] == 10 and content["students"][0]["of"] == 12.5
    assert content["pieces"]["2"] == {"title": "embeddings", "points": 2.5}


def test_points(tmp_path: Path) -> None:
    assert points_of(None, TITLES) == {1: 10, 2: 10}
    path = tmp_path / "points.csv"
    path.write_text("piece,points\n2,7.5\n")
    assert points_of(path, TITLES) == {1: 0, 2: 7.5}
    for wrong in ("2,7", "piece,points\n3,1", "piece,points\n1,x", "piece,points\n1,-1",
                  "piece,points\n1,1\n1,2", "piece,points\n1,0", "piece,points\n1"):  # fmt: skip
        path.write_text(wrong)
        with pytest.raises(ValueError, match=r"points\.csv"):
            points_of(path, TITLES)


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    return refused(capsys, "course", "grade", *arguments)


def test_wrong_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out" / "scores.csv"
    assert "required: DIR_OR_ZIP, --out" in fails(capsys)
    assert "is not there" in fails(capsys, tmp_path / "nowhere", "--out", out)
    source = tmp_path / "class"
    source.mkdir()
    assert "holds no submission" in fails(capsys, source, "--out", out)
    (source / "ada.py").write_text("x = 1\n")
    assert "ends in .csv" in fails(capsys, source, "--out", tmp_path / "scores")
    for inside in (source / "scores.csv", source / "out" / "scores.csv"):
        assert "lies in what is graded" in fails(capsys, source, "--out", inside)
    for option, value in (("--seed", "-1"), ("--seconds", "0"), ("--memory", "1"), ("--jobs", "0")):
        assert "expected" in fails(capsys, source, "--out", out, option, value)
    assert "points.csv" in fails(capsys, source, "--out", out, "--points", tmp_path / "points.csv")
    assert not out.parent.exists()


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], handed_in: Callable[..., str]
) -> None:
    """Graded once, taken over the second time, graded anew where a file has changed."""
    source, out = tmp_path / "class", tmp_path / "out" / "scores.csv"
    (source / "Bo Ek_2_file").mkdir(parents=True)
    (source / "ada.py").write_text(handed_in((" / dim**0.5", "")), encoding="utf-8")
    out.parent.mkdir()
    (out.parent / "notes.txt").write_text("mine")
    command = ["course", "grade", str(source), "--out", str(out), "--jobs", "1"]
    assert main(command) == 0
    said = capsys.readouterr().out.splitlines()
    assert "Bo Ek_2_file: 0 of 100 (handed in no my_minbert.py)" in said
    assert "ada: 90 of 100" in said and said[-1].startswith("2 submissions graded in ")
    with out.open(encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["ada"]["total"] == "90" and rows["ada"]["1 attention"] == "0"
    assert json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))["settings"]["seed"] == 0
    page = out.parent / "feedback" / "ada.md"
    assert "the scores are not divided by the root of dim" in page.read_text(encoding="utf-8")

    before = out.read_text(encoding="utf-8")
    assert main(command) == 0
    assert "ada: 90" not in capsys.readouterr().out
    assert out.read_text(encoding="utf-8") == before
    assert (out.parent / "notes.txt").read_text() == "mine"

    page.write_text("changed by the teacher")
    assert "is not as `minbert course grade` wrote it" in fails(capsys, *command[2:])
    assert page.read_text() == "changed by the teacher"


def test_an_interrupted_grading_has_written_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the same command goes on there."""
    source, out = tmp_path / "class", tmp_path / "out" / "scores.csv"
    source.mkdir()
    for name in ("ada", "bob"):
        (source / f"{name}.py").write_text("x = 1\n")
    asked = []

    def grade_all(handed_in, limits, tell):
        asked.append([one.student for one in handed_in])
        for submission in handed_in[:1]:
            yield Graded(
                submission.student,
                submission.digest,
                pieces={
                    number: {"passed": True, "message": "well", "seconds": 0.1}
                    for number in range(1, 11)
                },
            )
        if len(asked) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("minbert.commands.grading.grade_all", grade_all)
    command = ["course", "grade", str(source), "--out", str(out)]
    assert main(command) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert [row["student"] for row in csv.DictReader(out.read_text().splitlines())] == ["ada"]
    assert main(command) == 0
    assert asked == [["ada", "bob"], ["bob"]]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [(row["student"], row["total"]) for row in rows] == [("ada", "100"), ("bob", "100")]


def test_the_page_says_how_long_a_class_took() -> None:
    root = Path(__file__).parents[3]
    found = json.loads((root / "benchmarks" / "grading.json").read_text(encoding="utf-8"))
    sentence = (
        f"{found['submissions']} submissions, {found['jobs']} at once on {found['cores']} cores "
        f"beside other work: {found['minutes']} minutes. {found['as expected']} of them got the "
        "points that were to be expected."
    )
    page = (root / "docs" / "grading.md").read_text(encoding="utf-8")
    assert page.partition("<!-- class -->\n")[2].partition("\n<!-- /class -->")[0] == sentence
    assert found["as expected"] == found["submissions"] >= 200
