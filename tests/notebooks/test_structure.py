"""What every notebook has, and what no notebook has."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from minbert.course.notebooks import (
    KEPT_METADATA,
    WIDGET_VIEW,
    compared,
    notebook_paths,
    read,
    tags,
)

PATHS = notebook_paths()
NAMES = [path.stem for path in PATHS]
COURSE = (
    "00_start_here", "01_words_and_data", "01b_error_bars", "02_attention", "03_encoder",
    "03b_norms_and_dropout", "04_one_task", "05_three_heads", "06_masked_language_model",
    "06b_in_domain_pretraining", "07_negatives_ranking", "08_learning_rates",
    "09_heads_and_sentiment", "10_results", "10b_guesses", "11_explore_embeddings",
    "12_pair_encoding", "13_beyond_the_paper", "14_your_own_data",
)  # fmt: skip
LEAST_COMPARED = 0.6
MOST_CELLS = 70
QUESTIONS = (
    "Why are all cosines near .9?",
    "Why do vectors change at each run?",
    "[CLS], pooler or mean?",
    "Does padding matter?",
    "Why is MLM loss stuck near 7?",
    "Pre- or post-norm?",
    "What does temperature do?",
    "Does attention explain?",
    "How long on my laptop?",
)
"""What learners ask most; each is a heading `Asked: …` with an experiment under it."""


def everywhere() -> str:
    return "\n".join(cell.source for path in PATHS for cell in read(path).cells)


def test_the_course_is_complete() -> None:
    assert tuple(NAMES) == COURSE


@pytest.fixture(params=PATHS, ids=NAMES)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def cells(path: Path) -> list:
    return read(path).cells


@pytest.fixture
def code(cells: list) -> list:
    return [cell for cell in cells if cell.cell_type == "code"]


@pytest.fixture
def prose(cells: list) -> str:
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_it_begins_with_objectives_and_time(cells: list, path: Path) -> None:
    first = cells[0].source
    assert first.startswith("# ")
    assert "**You will**" in first and first.count("\n- ") >= 3
    assert re.search(
        r"About \d+ minutes of study \(estimated from its length\); "
        r"runs in two minutes or less on two cores\.",
        first,
    )
    assert "**Recall**" in first or "**Recall**" in cells[1].source


def test_it_can_be_studied_in_one_go(cells: list) -> None:
    assert len(cells) <= MOST_CELLS


def test_the_set_up_cell_names_the_tier(code: list, path: Path) -> None:
    assert "setup" in tags(code[0])
    assert f'course.start("{path.stem}")' in code[0].source
    assert len(code[0].source.splitlines()) <= 4
    assert code[0].outputs[0].text.startswith("Tier: lab. Classroom corpus (synthetic)")


def test_exercises_have_hints_a_checker_and_a_folded_solution(cells: list) -> None:
    exercises = [number for number, cell in enumerate(cells) if "exercise" in tags(cell)]
    assert len(exercises) >= 2
    for number in exercises:
        assert cells[number].cell_type == "code"
        assert cells[number - 1].source.count("<summary>Hint ") == 3, cells[number - 1].source[:80]
        assert "check." in cells[number].source
        solution = cells[number + 1]
        assert "solution" in tags(solution), cells[number].source
        assert solution.metadata["jupyter"]["source_hidden"] is True
        assert "check." in solution.source
        assert "Not yet: " in cells[number].outputs[0].text
        assert "Right: " in solution.outputs[0].text


def test_three_quiz_questions_explain_every_choice(cells: list) -> None:
    quiz = "\n".join(cell.source for cell in cells if "quiz" in tags(cell))
    questions = re.split(r"\*\*Question \d+\.\*\*", quiz)[1:]
    assert len(questions) == 3
    for question in questions:
        choices = re.findall(
            r"<details><summary>[A-D]\. .+?</summary>(.+?)</details>", question, re.DOTALL
        )
        assert len(choices) >= 3
        assert all(len(choice.split()) >= 6 for choice in choices)
        assert sum("*Right.*" in choice for choice in choices) == 1
        assert sum("*Wrong.*" in choice for choice in choices) == len(choices) - 1


def test_the_right_answers_have_no_letter_of_their_own() -> None:
    """No letter is right in more than two of five questions; in a notebook all three differ."""
    letters = Counter()
    for path in PATHS:
        quiz = "\n".join(cell.source for cell in read(path).cells if "quiz" in tags(cell))
        right = re.findall(r"<summary>([A-D])\. [^<]+?</summary>\s*\*Right\.\*", quiz)
        assert len(set(right)) == len(right) == 3, path.stem
        letters.update(right)
    assert max(letters.values()) <= 0.4 * letters.total(), letters


def test_it_ends_with_doubt_and_with_what_is_next(prose: str) -> None:
    assert "## What would change my mind" in prose
    assert "## Next" in prose


def test_predictions_claims_and_controls(code: list) -> None:
    source = "\n".join(cell.source for cell in code)
    assert source.count("lab.predict(") >= 2
    assert source.count("lab.outcome(") >= 2
    asserted = len(re.findall(r"^\s*assert |lab\.claim\(|lab\.in_band\(", source, re.MULTILINE))
    assert asserted + source.count("beside_recorded(") >= 5
    predicted = set(re.findall(r'lab\.predict\(\s*"([^"]+)"', source))
    came_out = set(re.findall(r'lab\.outcome\(\s*"([^"]+)"', source))
    assert predicted == came_out


def test_cells_are_short_and_plain(code: list) -> None:
    for cell in code:
        assert len(cell.source.splitlines()) <= 15, cell.source
        assert not re.search(
            r"\binteract\(|\bOutput\(|plt\.show|^\s*[!%]|df\.style", cell.source, re.MULTILINE
        ), cell.source
        assert not re.search(r"^\s*#\s*(NBVAL|PYTEST)", cell.source), cell.source


def test_vectors_that_are_shown_have_the_same_precision_everywhere(code: list) -> None:
    """Without one, `encode` takes bf16 where the processor multiplies it fast, else fp32."""
    for cell in code:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "encode":
                named = {keyword.arg for keyword in node.keywords}
                assert "precision" in named or len(node.args) >= 5, cell.source


def test_it_is_stored_executed_and_clean(cells: list, code: list) -> None:
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in cells:
        assert set(cell.metadata) <= set(KEPT_METADATA)
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.text
            data = output.get("data", {})
            assert WIDGET_VIEW not in data and "image/svg+xml" not in data
            shown = output.get("text", "") + data.get("text/plain", "")
            assert not re.search(r"\b0x[0-9a-f]{6,}|(?<!\w)/(home|root|work|usr|tmp|Users)/", shown)
            if "image/png" in data:
                assert len(output.metadata["image/png"]["alt"].split()) >= 8
                assert data["text/plain"].startswith("Picture: ")


def test_enough_is_really_compared(path: Path) -> None:
    found = compared(read(path))
    assert found.with_output >= 10
    assert found.share >= LEAST_COMPARED, f"{found.compared} of {found.with_output}"


def test_markdown_needs_nothing_from_elsewhere(prose: str) -> None:
    assert "<script" not in prose and "<iframe" not in prose
    assert not re.search(r"!\[[^\]]*\]\(https?:", prose)
    for picture in re.findall(r"!\[([^\]]*)\]", prose):
        assert len(picture.split()) >= 5, "a picture needs an alt sentence"


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_learners_ask_is_answered(question: str) -> None:
    assert f"Asked: {question}" in everywhere()


def test_the_bug_museum_is_open() -> None:
    shown = {tag for path in PATHS for cell in read(path).cells for tag in tags(cell)
             if re.fullmatch(r"museum-\d+", tag)}  # fmt: skip
    assert len(shown) >= 8, shown
    assert shown <= {f"museum-{number}" for number in range(1, 16)}
