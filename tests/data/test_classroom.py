"""The classroom corpus: what it holds, that it leaks nothing, and that it leaves room."""

from __future__ import annotations

import hashlib
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

import minbert
from minbert.data import LAB_SEED, load_data
from minbert.data.check import check_folder, normalised
from minbert.data.classroom import captions, grammar, news, questions
from minbert.data.classroom.captions import Event, draw_event, tell
from minbert.data.classroom.corpus import COUNTS, ClassroomCorpus, classroom_corpus
from minbert.data.classroom.news import Story, draw_story, story_similarity, vary_story
from minbert.data.classroom.questions import Question
from minbert.data.classroom.similarity import event_similarity, vary
from minbert.data.classroom.verbs import gerund, participle, third_person
from minbert.data.cs224n import load_cs224n
from minbert.data.examples import PairExample
from minbert.data.export import write_course_files
from minbert.evaluation.baselines import ladder

TASKS = ("sst", "quora", "sts")


@pytest.fixture(scope="module")
def corpus() -> ClassroomCorpus:
    return classroom_corpus(0)


def texts_of(example: object) -> tuple[str, ...]:
    if isinstance(example, PairExample):
        return example.sentence1, example.sentence2
    return (example.sentence,)


def every_text(corpus: ClassroomCorpus) -> list[str]:
    found = [text for part in corpus.general.values() for text in part]
    for task in TASKS:
        for split in COUNTS[task]:
            found += [
                text
                for example in getattr(getattr(corpus.data, task), split)
                for text in texts_of(example)
            ]
    return found


def test_its_size(corpus: ClassroomCorpus) -> None:
    assert sum(map(len, corpus.general.values())) >= 20_000
    for task, least in (("sst", 4000), ("quora", 8000), ("sts", 3000)):
        splits = getattr(corpus.data, task)
        assert len(splits.train) + len(splits.dev) + len(splits.test) >= least
    words = {word for text in every_text(corpus) for word in re.findall(r"\w+", text.lower())}
    assert len(words) >= 1500
    assert corpus.data.tier == "synthetic" and "synthetic" in corpus.data.note


def test_it_is_the_same_in_every_process(corpus: ClassroomCorpus) -> None:
    code = (
        "import hashlib; from minbert.data.classroom.corpus import classroom_corpus as c;"
        "print(hashlib.sha256(repr((c(0).data, c(0).general, c(0).frames)).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed,
                 "PYTHONPATH": str(Path(minbert.__file__).parents[1])},
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    content = repr((corpus.data, corpus.general, corpus.frames))
    assert digests == {hashlib.sha256(content.encode()).hexdigest()}


def test_another_seed_is_another_corpus(corpus: ClassroomCorpus) -> None:
    other = load_data("classroom:1")
    assert other.digest != corpus.data.digest
    assert load_data("classroom:0").digest == corpus.data.digest
    assert load_data("classroom").digest == load_data(f"classroom:{LAB_SEED}").digest
    ours = {text for example in corpus.data.sst.dev for text in texts_of(example)}
    theirs = {text for example in other.sst.dev for text in texts_of(example)}
    assert len(ours & theirs) < len(ours) / 4


@pytest.mark.parametrize("task", TASKS)
def test_no_sentence_of_dev_or_test_is_in_train(corpus: ClassroomCorpus, task: str) -> None:
    splits = getattr(corpus.data, task)
    seen = {
        split: {text for example in getattr(splits, split) for text in normalised(example)}
        for split in ("train", "dev", "test")
    }
    assert not seen["train"] & (seen["dev"] | seen["test"])
    assert not seen["dev"] & seen["test"]


def test_the_checker_of_the_real_files_passes_on_it(
    corpus: ClassroomCorpus, tmp_path: Path
) -> None:
    write_course_files(corpus.data, tmp_path / "files")
    report = check_folder(tmp_path / "files")
    assert report.ok and not report.errors and not any(report.leaks.values())
    assert not any(file.damage or file.contradictions for file in report.files)
    again = load_cs224n(tmp_path / "files")
    assert again.sst.train == corpus.data.sst.train and again.quora.test == corpus.data.quora.test
    with pytest.raises(ValueError, match="holds ids-sst-train.csv already"):
        write_course_files(corpus.data, tmp_path / "files")


def test_dev_and_test_have_constructions_that_train_has_not(corpus: ClassroomCorpus) -> None:
    def sentences(task: str, split: str) -> str:
        examples = getattr(getattr(corpus.data, task), split)
        return " ".join(text for example in examples for text in texts_of(example)).lower()

    words = [
        line.text for line in grammar.read_sections("reviews.txt")["adjective ++"] if line.held_out
    ]
    for task, signs in (
        ("sst", words),
        ("quora", ["for what reasons is", "by what road does one get into"]),
        ("sts", ["a snapshot of a ", "it is a "]),
    ):
        for sign in signs:
            assert sign not in sentences(task, "train")
            assert sign in sentences(task, "dev") + sentences(task, "test")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_counting_words_leaves_room_for_a_model(seed: int) -> None:
    """The bars that the corpus was frozen on, before anything was trained on it."""
    data = load_data(f"classroom:{seed}")
    rungs = ladder(data)
    duplicates = sum(example.label for example in data.quora.dev) / len(data.quora.dev)
    assert 0.33 <= duplicates <= 0.41
    assert max(value["value"] for value in rungs["quora_accuracy"].values()) <= 0.72
    assert max(value["value"] for value in rungs["sts_pearson"].values()) <= 0.70
    assert rungs["sst_accuracy"]["bag_of_words"]["value"] <= 0.60


def test_labels_follow_from_what_is_said(corpus: ClassroomCorpus) -> None:
    """A perfect reader of the frames is always right: there is no label noise."""
    data, frames = corpus.data, corpus.frames
    for split in ("train", "dev", "test"):
        for example in getattr(data.sst, split):
            assert frames[example.sentence].label == example.label
        for example in getattr(data.quora, split):
            first, second = frames[example.sentence1], frames[example.sentence2]
            assert isinstance(first, Question) and (first == second) == (example.label == 1)
        for example in getattr(data.sts, split):
            first, second = frames[example.sentence1], frames[example.sentence2]
            measure = story_similarity if isinstance(first, Story) else event_similarity
            if type(first) is type(second):
                assert measure(first, second) == example.label
    assert {example.label for example in data.sst.dev} == {0, 1, 2, 3, 4}
    for split in ("train", "dev", "test"):
        labels = [example.label for example in getattr(data.sts, split)]
        assert min(labels) == 0 and max(labels) == 5 and len(set(labels)) > 12
        # Each split has as many of each kind of pair.
        assert 2.4 < sum(labels) / len(labels) < 3.2


def test_it_is_written_like_english(corpus: ClassroomCorpus) -> None:
    wrong = re.compile(
        r"[{}|*_]|\s\s|\s[.,;:?!]|[.]{2}|\b(an?|the) (an?|the)\b"
        r"|\ban [bcdfgjklmnpqrstvwxz]|\ba [aio]\w"
    )
    for text in every_text(corpus):
        found = wrong.search(text)
        assert not found, (text, found)
        assert text[0].isupper() or text[0].isdigit(), text
        assert text[-1] in ".?!", text


def test_the_parts_are_not_one_construction(corpus: ClassroomCorpus) -> None:
    """Lengths vary, and no four first words open more than one sentence in twenty."""
    for part in (
        list(corpus.general["train"]),
        [example.sentence for example in corpus.data.sst.train],
        [example.sentence1 for example in corpus.data.quora.train],
    ):
        lengths = [len(text.split()) for text in part]
        assert max(lengths) > 2 * sorted(lengths)[len(lengths) // 2] - 4
        openings: dict[tuple[str, ...], int] = {}
        for text in part:
            key = tuple(text.split()[:4])
            openings[key] = openings.get(key, 0) + 1
        assert max(openings.values()) < len(part) / 20, max(openings, key=openings.get)


def test_every_slot_of_every_pattern_has_a_list() -> None:
    lists = grammar.read_sections("general.txt")
    for section in ("sentence", "clause"):
        for line in lists[section]:
            for slot in grammar.SLOT.findall(line.text):
                assert slot.rstrip("2") in lists, (line.text, slot)
    for intent in questions.intents().values():
        assert len(intent.phrasings) >= 5 and sum(line.held_out for line in intent.phrasings) >= 1
        for line in intent.phrasings:
            assert set(grammar.SLOT.findall(line.text)) == set(intent.slots), line.text
        for slot in intent.slots:
            assert questions.names(slot)
    for story in news.stories():
        assert len(story) == 4
        assert len({tuple(sorted(set(grammar.SLOT.findall(line)))) for line in story}) == 1
    assert all(
        news.slots_of(row) == news.slots_of(row ^ 1) for row in (0, 2, 4, 6, 8, 10, 12, 14, 16, 18)
    )
    for section in captions.sections("people"):
        groups = captions.acts(section)
        verbs = {group.verbs[0] for group in groups}
        assert all(not group.opposite or group.opposite in verbs for group in groups)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9))
def test_similarity_is_symmetric_and_five_for_the_same(seed: int) -> None:
    draw = random.Random(seed)
    event = draw_event(draw)
    other = vary(event, draw, draw.random())
    assert event_similarity(event, event) == 5
    assert event_similarity(event, other) == event_similarity(other, event)
    assert 0 <= event_similarity(event, other) <= 5
    story = draw_story(draw)
    changed = vary_story(story, draw, draw.random())
    assert story_similarity(story, story) == 5
    assert story_similarity(story, changed) == story_similarity(changed, story)
    assert tell(event, random.Random(seed), 0.3) == tell(event, random.Random(seed), 0.3)


def test_who_does_it_to_whom_matters() -> None:
    meet = ("meets", 0)
    man, dog = ("people", 0), ("animals", 0)
    there = Event("meets", man, meet, dog, None)
    back = Event("meets", dog, meet, man, None)
    assert event_similarity(there, back) == 2.2
    words = "man chasing dog"
    text = tell(there, random.Random(0), 0.0), tell(back, random.Random(0), 0.0)
    assert text[0] != text[1] and words


def test_opposites_and_details() -> None:
    draw = random.Random(0)
    gate = next(
        (section, row)
        for section in captions.sections("people")
        for row, group in enumerate(captions.acts(section))
        if group.verbs[0] == "open"
    )
    shut = (gate[0], gate[1] + 1)
    opens = Event("people", ("people", 0), gate, (gate[0], 0), None)
    closes = Event("people", ("people", 0), shut, (gate[0], 0), None)
    with_place = Event("people", ("people", 0), gate, (gate[0], 0), 3)
    nobody = Event("people", ("people", 0), gate, (gate[0], 0), None, wide_agent=True)
    assert event_similarity(opens, closes) < 4 < event_similarity(opens, nobody) < 5
    assert 4 < event_similarity(opens, with_place) < 5
    assert draw_event(draw) != draw_event(draw)


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("cut up", ("cutting up", "cuts up", "cut up")),
        ("carry", ("carrying", "carries", "carried")),
        ("wash", ("washing", "washes", "washed")),
        ("ride", ("riding", "rides", "ridden")),
        ("stir", ("stirring", "stirs", "stirred")),
        ("play", ("playing", "plays", "played")),
        ("give food to", ("giving food to", "gives food to", "gived food to")),
    ],
)
def test_forms_of_verbs(verb: str, forms: tuple[str, ...]) -> None:
    assert (gerund(verb), third_person(verb)) == forms[:2]
    if verb != "give food to":  # only the first verb of a group is ever used in the passive
        assert participle(verb) == forms[2]


def test_writing() -> None:
    assert grammar.written("a  old man is an carpenter. it is a hour") == (
        "An old man is a carpenter. It is an hour."
    )
    assert grammar.written("a used car? an unit! a euro") == "A used car? A unit! A euro."
    assert grammar.written("a onion, a uncle, a unkind one") == "An onion, an uncle, an unkind one."
    draw = random.Random(0)
    filled = {grammar.fill("(a|b) {x}", {"x": "c"}.__getitem__, draw) for _ in range(20)}
    assert filled == {"a c", "b c"}
