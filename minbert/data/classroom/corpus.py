"""The classroom corpus: four parts, made from a seed, no sentence in two splits."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from minbert.data.check import normalised
from minbert.data.classroom import news, similarity
from minbert.data.classroom.captions import Event, draw_event, tell
from minbert.data.classroom.general import general_sentence
from minbert.data.classroom.news import Story, draw_story, headline, story_similarity, vary_story
from minbert.data.classroom.questions import (
    DUPLICATES_DRAWN,
    Question,
    ask,
    draw_question,
    intents,
    near_miss,
)
from minbert.data.classroom.reviews import Opinion, review
from minbert.data.classroom.similarity import event_similarity, vary
from minbert.data.cs224n import digest
from minbert.data.examples import CourseData, PairExample, SentenceExample, TaskData
from minbert.tasks import QUORA, SST, STS

SPLITS = {"train": 0.0, "dev": 0.35, "test": 0.35}
"""Each split, and how often it uses wording that train never has."""
COUNTS = {
    SST.name: {"train": 3600, "dev": 500, "test": 500},
    QUORA.name: {"train": 6800, "dev": 900, "test": 900},
    STS.name: {"train": 2600, "dev": 400, "test": 400},
}
GENERAL = {"train": 24_000, "dev": 1_000}
NEWS = 0.3
"""Share of headlines among the graded pairs; the others are captions."""
LABELS = (0.13, 0.26, 0.19, 0.27, 0.15)
"""Shares of the five sentiment classes, near those of SST."""

Frame = Question | Event | Story | Opinion
"""What a sentence says."""


@dataclass(frozen=True, slots=True)
class ClassroomCorpus:
    """Everything, with what each sentence says."""

    seed: int
    data: CourseData
    general: dict[str, tuple[str, ...]]
    """Text to pre-train on, `train` and `dev`."""
    frames: dict[str, Frame]
    """Per sentence of the three tasks."""


@lru_cache(maxsize=2)
def classroom_corpus(seed: int = 0) -> ClassroomCorpus:
    """Make the corpus; the same bytes for the same seed, on any machine."""
    frames: dict[str, Frame] = {}
    tasks = {
        task: _task(task.name, seed, frames, make)
        for task, make in ((SST, _reviews), (QUORA, _questions), (STS, _graded))
    }
    general = _general(seed)
    data = CourseData(
        name="classroom",
        tier="synthetic",
        note=f"classroom corpus (synthetic), seed {seed}",
        damage=(),
        digest=digest(tasks),
        text=general["train"],
        tasks=tasks,
    )
    return ClassroomCorpus(seed, data, general, frames)


def part_of(what: object) -> str:
    """The split that an utterance belongs to: 8 in 10 to train, by a digest of what it says."""
    number = zlib.crc32(repr(what).encode()) % 10
    return {0: "dev", 1: "test"}.get(number, "train")


Maker = Callable[[str, random.Random, float], Iterator[tuple[tuple[str, ...], tuple, float]]]
"""(sentences, their frames, label) without end."""


def _task(name: str, seed: int, frames: dict[str, Frame], make: Maker) -> TaskData:
    """All splits; dev and test first, so that train can leave their sentences out."""
    splits: dict[str, tuple] = {}
    taken: dict[str, str] = {}
    for split in ("dev", "test", "train"):
        draw = random.Random(f"{seed} {name} {split}")
        examples: list[SentenceExample | PairExample] = []
        seen: set[tuple[str, ...]] = set()
        for sentences, said, label in make(split, draw, SPLITS[split]):
            identity = f"{name}-{split}-{len(examples):05d}"
            example = (
                SentenceExample(identity, sentences[0], int(label))
                if len(sentences) == 1
                else PairExample(identity, *sentences, label)
            )
            key = normalised(example)
            if key in seen or len(set(key)) < len(sentences):
                continue
            if any(taken.get(text, split) != split for text in key):
                continue
            seen.add(key)
            taken.update((text, split) for text in key)
            frames.update(zip(sentences, said, strict=True))
            examples.append(example)
            if len(examples) == COUNTS[name][split]:
                break
        splits[split] = tuple(examples)
    return TaskData(**splits)


def _reviews(split: str, draw: random.Random, new: float):
    while True:
        label = draw.choices(range(5), weights=LABELS)[0]
        text, opinion = review(label, draw, new)
        yield (text,), (opinion,), label


def _questions(split: str, draw: random.Random, new: float):
    def usable(question: Question) -> bool:
        return _asked(question) == split

    while True:
        same, kind, phrasing = draw.random() < DUPLICATES_DRAWN, draw.random(), None
        question = other = _until(usable, lambda: draw_question(draw))
        while not same and (other == question or not usable(other)):
            question = _until(usable, lambda: draw_question(draw))
            other, alike = near_miss(question, draw, kind)
            phrasing = _phrasing(question, draw, new) if alike else None
        texts = tuple(ask(asked, draw, new, phrasing) for asked in (question, other))
        yield texts, (question, other), float(same)


def _phrasing(question: Question, draw: random.Random, new: float) -> int:
    lines = intents()[question.intent].phrasings
    wanted = bool(new) and draw.random() < new
    return draw.choice([row for row, line in enumerate(lines) if line.held_out == wanted])


def _graded(split: str, draw: random.Random, new: float):
    """The kind of variation is drawn first, so that each split has as many of each."""
    while True:
        change = draw.random()
        if draw.random() < NEWS:
            said = _varied(
                lambda: draw_story(draw),
                lambda story, change=change: vary_story(story, draw, change),
                lambda story: _told(story) == split,
                change < news.SAME,
            )
            texts, label = [headline(one, draw, new) for one in said], story_similarity(*said)
        else:
            said = _varied(
                lambda: draw_event(draw),
                lambda event, change=change: vary(event, draw, change),
                lambda event: _core(event) == split,
                change < similarity.SAME,
            )
            texts, label = [tell(one, draw, new) for one in said], event_similarity(*said)
        if draw.random() < 0.5:
            texts, said = texts[::-1], said[::-1]
        yield tuple(texts), said, label


def _varied(first: Callable, vary_it: Callable, usable: Callable, same: bool) -> tuple:
    """A pair of usable things, the second a variation of the first; the same one if `same`."""
    while True:
        one = _until(usable, first)
        other = vary_it(one)
        if usable(other) and (other == one) == same:
            return one, other


def _until(usable: Callable, make: Callable):
    while not usable(made := make()):
        pass
    return made


@cache
def _asked(question: Question) -> str:
    """Split of a question: from A to B and from B to A belong together, a near miss needs both."""
    return part_of((question.intent, sorted(question.things)))


def _core(event: Event) -> str:
    """Split of an event: who and whom in either role, and what; not where."""
    return _done(event.act, *sorted((event.agent, event.thing or ("", 0))))


@cache
def _done(act: tuple[str, int], one: tuple[str, int], other: tuple[str, int]) -> str:
    return part_of((act, [one, other]))


@cache
def _told(story: Story) -> str:
    return part_of(story)


def _general(seed: int) -> dict[str, tuple[str, ...]]:
    draw = random.Random(f"{seed} general")
    total = sum(GENERAL.values())
    found: dict[str, None] = {}
    while len(found) < total:
        found[general_sentence(draw)] = None
    sentences = list(found)
    return {"dev": tuple(sentences[: GENERAL["dev"]]), "train": tuple(sentences[GENERAL["dev"] :])}
