"""The dev sentences as one collection."""

from __future__ import annotations

import pytest

from minbert.analysis.sentence_space import dev_sentences
from minbert.data import load_data
from minbert.data.examples import PairExample, SentenceExample, TaskData


@pytest.fixture(scope="module")
def data():
    return load_data("classroom")


def test_every_dev_sentence_once(data) -> None:
    space = dev_sentences(data)
    texts = [t for task in (data.sst, data.quora, data.sts) for e in task.dev for t in e.texts]
    assert space.sentences == tuple(dict.fromkeys(texts))
    assert set(space.tasks) == {"sst", "quora", "sts"}
    assert [space.sentiments[row] is not None for row in range(len(space.sentences))] == [
        task == "sst" for task in space.tasks
    ]


def test_partners_are_mutual_duplicates_of_dev(data) -> None:
    space = dev_sentences(data)
    assert all(
        row in space.partners[other] for row, known in space.partners.items() for other in known
    )
    example = next(e for e in data.quora.dev if e.label == 1)
    assert space.row(example.sentence2) in space.partners[space.row(example.sentence1)]


def test_a_sentence_of_two_tasks_stands_under_the_first(data) -> None:
    small = data.with_tasks(
        {
            "sst": TaskData((), (SentenceExample("1", "One.", 3),)),
            "quora": TaskData((), (PairExample("2", "One.", "Two?", 0.0),)),
            "sts": TaskData((), (PairExample("3", "Two?", "Three.", 2.0),)),
        }
    )
    space = dev_sentences(small)
    assert space.sentences == ("One.", "Two?", "Three.")
    assert space.tasks == ("sst", "quora", "sts") and space.partners == {}
    assert space.of_task("quora").tolist() == [1]
    with pytest.raises(ValueError, match="none of the 3"):
        space.row("Four.")
