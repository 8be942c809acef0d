"""Sentences drawn at random from every part of a data set, to be read by a person."""

from __future__ import annotations

import random

from minbert.data.examples import CourseData


def sample_markdown(data: CourseData, count: int, seed: int = 0) -> str:
    """`count` examples of each part's training data, with their labels, as Markdown lists.

    Args:
        data: any data set.
        count: at most as many as a part has are drawn.
        seed: of the draw, not of the data.

    Raises:
        ValueError: `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"--count must be at least 1, got {count}")
    draw = random.Random(seed)

    def drawn(rows: tuple) -> list:
        return draw.sample(rows, min(count, len(rows)))

    lines = [f"Drawn at random from the training data: {data.note}."]
    if data.text:
        lines += ["", "### General text, to pre-train on", ""]
        lines += [f"- {sentence}" for sentence in drawn(data.text)]
    for task in data.joint:
        lines += ["", f"### {task.about}", ""]
        lines += [
            f"- {example.label:g}: " + " / ".join(example.texts)
            for example in drawn(data.tasks[task].train)
        ]
    return "\n".join(lines)
