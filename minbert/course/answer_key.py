"""The key: every answer with its reason, and the notebooks with the answers filled in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from minbert.course.build_track.skeleton import KEY, NAME
from minbert.course.exercises import Exercise, exercises
from minbert.course.notebooks import number, read, tags, title
from minbert.course.student import edition_files, student_edition
from minbert.course.teaching.questions import Question, question_bank
from minbert.folders.added import AddedTo

ANSWERS = "answers.md"


def filled_in(notebook: NotebookNode) -> NotebookNode:
    """The student edition with every exercise solved as the key solves it."""
    solutions = [exercise.solved for exercise in exercises(notebook)]
    copy = student_edition(notebook)
    asked = [cell for cell in copy.cells if "exercise" in tags(cell)]
    for cell, solution in zip(asked, solutions, strict=True):
        cell.source = solution
    return copy


def answers(paths: Sequence[Path]) -> str:
    """The answers of notebooks in one text: Markdown."""
    parts = [
        "# Answers",
        "The exercises of the notebooks, each with what its checker says of the right answer, and "
        "the questions of the quizzes and of the teacher's bank, each with its reason. "
        f"The ten pieces of the build track are in {NAME}; a comment at the head of each says why "
        "it is made so.",
    ]
    for path in paths:
        notebook = read(path)
        parts.append(f"## {number(path)} {title(notebook)}")
        parts += [_answer(exercise) for exercise in exercises(notebook)]
        parts += ["### Questions", *map(_right_choice, question_bank([path]))]
    return "\n\n".join(parts) + "\n"


def _answer(exercise: Exercise) -> str:
    code = f"```python\n{exercise.solution.strip()}\n```"
    reason = exercise.praise[:1].upper() + exercise.praise[1:]
    return "\n\n".join(filter(None, (f"### {exercise.title}", code, reason)))


def _right_choice(question: Question) -> str:
    [right] = [choice for choice in question.choices if choice.right]
    return f"{question.text}\n\n*{right.text}* {right.why}"


def write_key(paths: Sequence[Path], folder: AddedTo) -> list[str]:
    """Write the answers, `my_minbert.py` with all pieces, and the notebooks filled in.

    Args:
        paths: of the notebooks with solutions.
        folder: new files are added to it, unchanged ones renewed.

    Returns:
        Names of the files that are there and were changed, or that somebody else put there.
    """
    own = {ANSWERS: answers(paths), NAME: KEY.read_text(encoding="utf-8")}
    return folder.write_free({**edition_files(paths, filled_in), **own})
