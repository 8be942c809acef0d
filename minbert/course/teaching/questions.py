"""The bank of questions: those of the notebooks' quizzes and the teacher's, as data."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from minbert.course.notebooks import notebooks_folder, number, read, tags, title

FURTHER = Path("docs") / "teaching" / "quiz.json"
"""Questions beside those of the notebooks."""
LETTERS = "ABCDE"
QUESTION = re.compile(r"\*\*Question (\d+)\.\*\*")
CHOICE = re.compile(
    r"<details><summary>[A-E]\. (?P<text>.+?)</summary>\s*\*(?P<verdict>Right|Wrong)\.\*"
    r"\s*(?P<why>.+?)\s*</details>",
    re.DOTALL,
)


@dataclass(frozen=True)
class Choice:
    """One answer that may be chosen, and why it is right or wrong."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Question:
    """A question with its choices, in Markdown."""

    name: str
    """The same in every export: a notebook's name and a number."""
    topic: str
    """Number and title of the notebook."""
    text: str
    choices: tuple[Choice, ...]

    @property
    def letter(self) -> str:
        """Of the right choice."""
        return LETTERS[[choice.right for choice in self.choices].index(True)]


def question_bank(paths: Sequence[Path]) -> list[Question]:
    """All questions on some notebooks, in the order of the course.

    Args:
        paths: of the notebooks.

    Raises:
        ValueError: a question has not exactly one right choice, or one without a reason.
    """
    further = _further(notebooks_folder().parent / FURTHER)
    found: list[Question] = []
    for path in paths:
        notebook = read(path)
        topic = f"{number(path)} {title(notebook)}"
        quiz = "\n\n".join(cell.source for cell in notebook.cells if "quiz" in tags(cell))
        found += _from_markdown(quiz, path.stem, topic)
        found += [
            replace(one, name=f"{path.stem}-further-{at}", topic=topic)
            for at, one in enumerate(further.get(number(path), []), start=1)
        ]
    for question in found:
        _checked(question)
    return found


def shuffled(questions: Sequence[Question], seed: int) -> list[Question]:
    """The same questions with their choices in another order; each letter is right equally often.

    Questions with few choices are dealt with first, so that the others even out what is left.

    Args:
        seed: the same order for the same seed and questions.
    """
    chance = random.Random(seed)
    right_at: Counter[int] = Counter()
    order = sorted(
        range(len(questions)), key=lambda at: (len(questions[at].choices), chance.random())
    )
    dealt: dict[int, Question] = {}
    for at in order:
        question = questions[at]
        places = list(range(len(question.choices)))
        chance.shuffle(places)
        place = min(places, key=lambda one: right_at[one])
        right_at[place] += 1
        wrong = [choice for choice in question.choices if not choice.right]
        chance.shuffle(wrong)
        [right] = [choice for choice in question.choices if choice.right]
        dealt[at] = replace(question, choices=(*wrong[:place], right, *wrong[place:]))
    return [dealt[at] for at in range(len(questions))]


def _from_markdown(quiz: str, stem: str, topic: str) -> list[Question]:
    parts = QUESTION.split(quiz)[1:]
    return [
        Question(
            f"{stem}-{number}",
            topic,
            text.partition("<details>")[0].strip(),
            tuple(
                Choice(found["text"].strip(), found["verdict"] == "Right", found["why"].strip())
                for found in CHOICE.finditer(text)
            ),
        )
        for number, text in zip(parts[::2], parts[1::2], strict=True)
    ]


def _further(path: Path) -> dict[str, list[Question]]:
    """By number of the notebook."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            number: [
                Question(
                    "", "", one["question"], tuple(Choice(**choice) for choice in one["choices"])
                )
                for one in questions
            ]
            for number, questions in content.items()
        }
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} should hold questions by notebook and cannot be read "
            f"({type(error).__name__}: {error})"
        ) from error


def _checked(question: Question) -> None:
    right = sum(choice.right for choice in question.choices)
    if right != 1 or not 3 <= len(question.choices) <= len(LETTERS):
        raise ValueError(
            f"{question.name}: expected three to five choices and one right, got "
            f"{len(question.choices)} and {right}"
        )
    if not question.text or not all(choice.text and choice.why for choice in question.choices):
        raise ValueError(f"{question.name}: the question, a choice or a reason is empty")
