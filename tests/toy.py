"""Made-up sentences and course files, for tests that need some."""

from __future__ import annotations

import random
from pathlib import Path

GOOD = ("lovely", "brilliant", "moving", "funny", "superb")
BAD = ("dull", "awful", "boring", "clumsy", "lifeless")
NOUNS = ("film", "story", "acting", "script", "music", "ending", "camera work", "plot")
VERBS = ("cook", "paint", "repair", "sell", "learn", "clean", "store", "freeze")
THINGS = ("rice", "a bicycle", "an old house", "bread", "guitar chords", "a lamp", "soup", "shoes")


def toy_sentences(count: int, seed: int) -> list[tuple[str, int]]:
    """Made-up reviews whose class (0 to 4) follows from their words."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        label = draw.randrange(5)
        words = [draw.choice(GOOD) for _ in range(label)]
        words += [draw.choice(BAD) for _ in range(4 - label)]
        rows.append((f"the {draw.choice(NOUNS)} number {number} is {' and '.join(words)}", label))
    return rows


def toy_pairs(count: int, seed: int) -> list[tuple[str, str, float]]:
    """Made-up question pairs: the same thing asked twice (1), or another thing (0)."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        verb, thing = draw.choice(VERBS), draw.choice(THINGS)
        other = draw.choice([word for word in THINGS if word != thing])
        same = draw.random() < 0.4
        first = f"how do I {verb} {thing} in {number} days?"
        second = f"what is the way to {verb} {thing if same else other} in {number} days?"
        rows.append((first, second, float(same)))
    return rows


def write_toy_data(folder: Path, rows: int = 40) -> Path:
    """All course files in their exact formats, with made-up sentences."""
    folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, lines: list[str]) -> None:
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    for task, classes in (("sst", 5), ("cfimdb", 2)):
        for seed, split in enumerate(("train", "dev")):
            lines = ["\tid\tsentence\tsentiment"]
            for number, (text, label) in enumerate(toy_sentences(rows, seed)):
                value = label if classes == 5 else int(label > 2)
                lines.append(f"{number}\t{task}{split}{number:017d}\t {text} .\t{value}")
            write(f"ids-{task}-{split}.csv", lines)
        lines = ["0\t\tid\tsentence"]
        for number, (text, _) in enumerate(toy_sentences(rows, 2)):
            lines.append(f"{number}\t{number}.0\t{task}test{number:017d}\t {text} .")
        write(f"ids-{task}-test-student.csv", lines)
    for task, label_name in (("quora", "is_duplicate"), ("sts", "similarity")):
        for seed, split in enumerate(("train", "dev")):
            lines = [f"\tid\tsentence1\tsentence2\t{label_name}"]
            for number, (first, second, same) in enumerate(toy_pairs(rows, 10 + seed)):
                label = same if task == "quora" else 1.0 + 3.5 * same
                lines.append(f"{number}\t{task}{split}{number:017d}\t{first}\t{second}\t{label}")
            write(f"{task}-{split}.csv", lines)
        lines = ["\tid\tsentence1\tsentence2"]
        for number, (first, second, _) in enumerate(toy_pairs(rows, 12)):
            lines.append(f"{number}\t{task}test{number:017d}\t{first}\t{second}")
        write(f"{task}-test-student.csv", lines)
    return folder
