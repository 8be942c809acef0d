"""A question before a run: what is clicked is recorded, and a page shows it without a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from minbert.course import questions
from minbert.course.journal import Journal
from minbert.course.questions import Question, beside_outcomes

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal("lab", tmp_path / "journal.json")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    displayed: list[dict[str, Any]] = []
    monkeypatch.setattr(questions, "display", lambda data, raw: displayed.append(data))
    return displayed


def test_a_click_is_recorded_and_the_last_one_counts(journal: Journal) -> None:
    title, row, said = (
        Question(journal, "02/x", "Is 1 < 2?", ["yes", "no & never"], None).widget().children
    )
    assert "Is 1 &lt; 2?" in title.value
    buttons = row.children
    assert [type(button) for button in buttons] == [ipywidgets.Button] * 2
    assert [button.description for button in buttons] == ["yes", "no & never"]
    assert journal.read() == {} and said.value == ""
    buttons[0].click()
    assert journal.read()["02/x"] == {"asked": "Is 1 < 2?", "guess": "yes"}
    buttons[1].click()
    assert journal.read()["02/x"]["guess"] == "no & never"
    assert said.value == "Recorded: no &amp; never"


def test_a_guess_can_be_written_in_the_call(journal: Journal) -> None:
    Question(journal, "02/x", "Which?", ["a", "b"], "b")
    assert journal.read()["02/x"]["guess"] == "b"
    with pytest.raises(ValueError, match="guess must be one of a, b, got 'c'"):
        Question(journal, "02/x", "Which?", ["a", "b"], "c")
    assert journal.read()["02/x"]["guess"] == "b"


def test_it_shows_buttons_and_a_list_for_pages(journal: Journal, shown: list) -> None:
    Question(journal, "02/x", "Is 1 < 2?", ["a", "<b>"], None).show()
    [data] = shown
    assert data["text/plain"] == "Predict: Is 1 < 2?\n  - a\n  - <b>"
    assert data["text/html"] == (
        "<p><b>Predict:</b> Is 1 &lt; 2?</p><ul><li>a</li><li>&lt;b&gt;</li></ul>"
    )
    assert data[VIEW]["model_id"]


def test_without_widgets_the_list_is_enough(
    journal: Journal, shown: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: Question) -> None:
        raise ImportError("no ipywidgets")

    monkeypatch.setattr(Question, "widget", missing)
    Question(journal, "02/x", "Which?", ["a", "b"], None).show()
    assert set(shown[0]) == {"text/plain", "text/html"}


def test_guesses_stand_beside_outcomes(journal: Journal) -> None:
    Question(journal, "03/b", "Second?", ["a", "b"], "a")
    Question(journal, "02/a", "First?", ["a", "b"], None).record("b")
    journal.write("03/b", outcome="b")
    journal.write("live/mnrl", outcome="0.7")  # nobody was asked
    assert beside_outcomes(journal) == [["First?", "b", "—"], ["Second?", "a", "b"]]
