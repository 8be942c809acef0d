"""A dev part by groups: no text on both sides, whatever the rows are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from minbert.data import LabelledData, PairData, TextData, own_data, split_by_group
from minbert.data.check import words_of
from minbert.data.groups import components
from minbert.data.helpdesk import QUESTIONS, TOPICS, helpdesk

ROWS = st.lists(
    st.tuples(st.sampled_from("abcdefghijklmnop"), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(ROWS, ROWS, st.integers(0, 99))
def test_no_text_is_on_both_sides(one: list, other: list, seed: int) -> None:
    parts = {"one": one, "other": [(second,) for _, second in other]}
    try:
        dev = split_by_group(parts, 0.3, seed)
    except ValueError as error:
        assert "no dev part can be split off" in str(error)
        return
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for name, rows in parts.items():
        assert len(dev[name]) == len(rows) and any(dev[name])
        for texts, side in zip(rows, dev[name], strict=True):
            sides[side] |= {words_of(text) for text in texts}
    assert not sides[True] & sides[False]
    assert dev == split_by_group(parts, 0.3, seed)


def test_a_chain_of_rows_is_one_group() -> None:
    rows = [("a", "b"), ("x", "y"), ("B?", "c"), ("c!", "d")]
    assert components(rows) == [0, 1, 0, 0]


@pytest.mark.parametrize("seed", range(4))
def test_own_data_share_no_text_between_train_and_dev(seed: int) -> None:
    made = helpdesk(seed)
    data = own_data(made.pairs, made.topics, made.texts, seed=seed)
    sides = {"train": set(data.text), "dev": set(data.held_out_text)}
    for splits in data.tasks.values():
        for side, texts in sides.items():
            for example in getattr(splits, side):
                texts.update(example.texts)
                texts.add(getattr(example, "negative", ""))
    assert {words_of(one) for one in sides["train"] - {""}}.isdisjoint(
        words_of(one) for example in data.pairs.dev for one in example.texts
    )
    assert {words_of(one) for one in sides["train"] - {""}}.isdisjoint(
        map(words_of, data.held_out_text)
    )  # noqa: E501
    rows = len(made.pairs)
    assert len(data.pairs.train) + len(data.pairs.dev) == rows == 36 * QUESTIONS
    assert 0.1 * rows <= len(data.pairs.dev) <= 0.2 * rows


def test_the_help_desk_is_the_same_again_and_says_what_it_is() -> None:
    made, again, other = helpdesk(3), helpdesk(3), helpdesk(4)
    assert made == again and made != other
    assert "ynthetic" in made.pairs.note
    assert set(made.topics.labels) == set(TOPICS) and len(set(made.texts.texts)) > 300
    for first, second, negative in zip(
        made.pairs.first, made.pairs.second, made.pairs.negatives, strict=True
    ):
        assert len({first, second, negative}) == 3


def test_a_given_dev_part_is_left_as_it_is() -> None:
    dev = LabelledData(["text 0", "text 1"], ["a", "b"])
    train = LabelledData([f"text {n}" for n in range(20)], ["a", "b"] * 10, dev=dev)
    data = own_data(train, TextData(["text 1", "text 99", "text 98"], dev=TextData(["text 97"])))
    assert len(data.labelled.train) == 20 and len(data.labelled.dev) == 2
    assert data.text == ("text 99", "text 98")  # what is measured on is not read either


def test_hard_negatives_of_dev_are_not_trained_on() -> None:
    first = [f"question {n}" for n in range(30)]
    second = [f"answer {n}" for n in range(30)]
    data = own_data(PairData(first, second, negatives=second[1:] + second[:1]))
    held = {text for example in data.pairs.dev for text in example.texts}
    assert len(data.pairs.dev) == 6
    assert not held & {example.negative for example in data.pairs.train}
    assert any(example.negative for example in data.pairs.train)
