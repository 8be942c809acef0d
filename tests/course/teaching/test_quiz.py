"""The bank of questions: one right answer each, no favourite letter, and formats that parse."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from minbert.__main__ import main
from minbert.course.notebooks import notebook_paths
from minbert.course.teaching.questions import question_bank, shuffled
from minbert.course.teaching.quiz_formats import as_gift, as_json, as_moodle_xml, html

BANK = question_bank(notebook_paths())


def test_there_are_enough_and_each_has_one_right_answer() -> None:
    assert len(BANK) >= 60
    assert len({question.name for question in BANK}) == len(BANK)
    assert len({question.text for question in BANK}) == len(BANK)
    for question in BANK:
        assert sum(choice.right for choice in question.choices) == 1, question.name
        assert len({choice.text for choice in question.choices}) == len(question.choices) >= 3
        for choice in question.choices:
            assert len(choice.why.split()) >= 5, (question.name, choice.why)
            assert "<summary>" not in choice.text + choice.why + question.text


@pytest.mark.parametrize("seed", range(5))
def test_no_letter_is_right_more_often(seed: int) -> None:
    dealt = shuffled(BANK, seed)
    counts = Counter(question.letter for question in dealt)
    assert max(counts[letter] for letter in "ABC") - min(counts[letter] for letter in "ABC") <= 1
    if sum(len(question.choices) > 3 for question in BANK) >= len(BANK) / 4:
        assert max(counts.values()) - min(counts.values()) <= 1
    assert [one.name for one in dealt] == [one.name for one in BANK]
    for before, after in zip(BANK, dealt, strict=True):
        assert set(before.choices) == set(after.choices)
    assert dealt == shuffled(BANK, seed) != shuffled(BANK, seed + 1)


def test_moodle_reads_the_xml() -> None:
    quiz = ElementTree.fromstring(as_moodle_xml(BANK))
    asked = [item for item in quiz if item.get("type") == "multichoice"]
    assert len(asked) == len(BANK)
    for item, question in zip(asked, BANK, strict=True):
        fractions = [answer.get("fraction") for answer in item.findall("answer")]
        assert fractions == ["100" if choice.right else "0" for choice in question.choices]
        assert all(answer.findtext("feedback/text") for answer in item.findall("answer"))
        assert item.findtext("questiontext/text") and item.findtext("single") == "true"


def test_gift_parses() -> None:
    text = as_gift(BANK)
    plain = re.sub(r"\\[\\~=#{}:]", "_", text)
    items = [part for part in plain.strip().split("\n\n") if not part.startswith("$CATEGORY")]
    assert len(items) == len(BANK)
    for item, question in zip(items, BANK, strict=True):
        found = re.fullmatch(r"::[\w-]+::\[html\][^{}~=#]+\{\n(?P<answers>.+)\n\}", item, re.DOTALL)
        assert found, item
        lines = found["answers"].splitlines()
        assert all(re.fullmatch(r"\t[=~][^~=#{}]+#[^~=#{}]+", line) for line in lines), item
        assert [line[1] == "=" for line in lines] == [choice.right for choice in question.choices]


def test_formulas_and_code_in_html() -> None:
    assert html("a $x < y$ and `b`") == r"a \(x &lt; y\) and <code>b</code>"


def test_the_command_writes_a_new_file_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "quiz.json"
    assert main(["course", "quiz", "--to", str(path), "--seed", "7"]) == 0
    assert path.read_text(encoding="utf-8") == as_json(shuffled(BANK, 7))
    assert len(json.loads(path.read_text(encoding="utf-8"))) == len(BANK)
    assert main(["course", "quiz", "--to", str(path)]) == 2
    assert "stays as it is" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == as_json(shuffled(BANK, 7))
