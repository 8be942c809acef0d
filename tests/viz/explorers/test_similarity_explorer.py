"""The similarity explorer: cosines beside random pairs, what the heads say, and what is swapped."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from explorers import HOSTILE, check_every_control, check_sound, check_static

from minbert import from_pretrained
from minbert.course.example import OTHER, PAIR
from minbert.heads import similarity_score
from minbert.inference import encode
from minbert.multitask import MultitaskBert
from minbert.tasks import CFIMDB, QUORA, SST, STS, Task
from minbert.viz.explorers.base.explorer import MOST_REMEMBERED
from minbert.viz.explorers.embeddings import neighbour_tables as neighbours
from minbert.viz.explorers.embeddings.neighbour_tables import (
    Comparison,
    compare,
    comparisons_table,
    draw_comparisons,
)
from minbert.viz.explorers.similarity.answers import (
    GRADES,
    PairAnswers,
    answers_table,
    class_names,
    compute_answers,
    draw_answers,
    is_trained,
)
from minbert.viz.explorers.similarity.explorer import SimilarityExplorer, in_order, sample_sentences

ENCODER, TOKENIZER = from_pretrained("tiny")
OTHERS = [
    *PAIR, OTHER, "The plot is thin.", "A goat follows a cook.", "Rust is no fun at all.",
    "Two men play the flute in a kitchen.", "Which bank has the lowest fees?",
]  # fmt: skip


def trained(sentiment: Task = SST, compares: bool = False) -> MultitaskBert:
    """Heads as if they had been trained: with biases that are not 0."""
    draw = torch.Generator().manual_seed(3)
    model = MultitaskBert(
        ENCODER, (sentiment, QUORA, STS), generator=draw, paraphrase_compares=compares
    )
    with torch.no_grad():
        for parameter in (*model.sentiment.parameters(), *model.paraphrase.parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=draw) * 0.1)
    return model


def made(**options) -> SimilarityExplorer:
    models = {"plain": ENCODER, "heads": trained()}
    return SimilarityExplorer(models, TOKENIZER, OTHERS, **options)


def cell(explorer: SimilarityExplorer, panel: str, *names: str) -> list[str]:
    (row,) = [row for row in explorer.panels[panel].table.rows if row[: len(names)] == list(names)]
    return row[len(names) :]


def test_a_comparison_counts_the_random_pairs_below() -> None:
    found = compare(np.array([2.0, 0.0]), np.array([1.0, 1.0]), np.array([0.1, 0.7, 0.9, -0.5]))
    assert found.cosine == pytest.approx(np.sqrt(0.5)) and found.percentile == 0.75
    (row,) = comparisons_table({"mean": found}).rows
    assert row[:3] == ["mean", "0.707", "75.00%"] and row[4] == "0.400" and row[-1] == "4"


def test_all_but_one_is_not_all() -> None:
    random = np.linspace(-1, 1, 1000)
    most, every = compare(np.ones(2), np.ones(2), random), Comparison(1.0, 1.0, random)
    _, alt = draw_comparisons({"most": most, "every": every})
    assert most.percentile == 0.999
    assert "most: cosine 1.00, above 99% of them; every: cosine 1.00, above 100% of them" in alt


def test_heads_answer_as_the_model_does() -> None:
    model = trained(compares=True).eval()
    first, second = encode(PAIR, ENCODER, TOKENIZER, "pooler", precision="fp32")
    answers = compute_answers(model, first, second)
    u, v = (torch.tensor(vector)[None] for vector in (first, second))
    expected = torch.softmax(model.sentiment(torch.cat([u, v])), dim=1).detach().numpy()
    assert answers.sentiments == pytest.approx(expected, abs=1e-6)
    logit = model.paraphrase(u, v).item()
    assert answers.logit == pytest.approx(logit, abs=1e-5)
    assert answers.probability == pytest.approx(1 / (1 + np.exp(-logit)))
    assert answers.similarity == pytest.approx(similarity_score(u, v).item())
    assert answers.silent == ()


def test_a_model_in_training_answers_without_dropout_and_stays_in_training() -> None:
    model = trained().train()
    first, second = encode(PAIR, ENCODER, TOKENIZER, "pooler", precision="fp32")
    once, again = (compute_answers(model, first, second) for _ in range(2))
    assert once.logit == again.logit
    assert model.sentiment.training and model.paraphrase.dropout.training


def test_fresh_heads_are_not_asked() -> None:
    fresh = MultitaskBert(ENCODER)
    assert not is_trained(fresh.sentiment) and is_trained(trained().paraphrase)
    answers = compute_answers(fresh, np.array([1.0, 0.0]), np.array([-1.0, 0.0]))
    assert answers == PairAnswers(None, None, 0.0)
    assert answers.silent == ("sentiment", "paraphrase")
    torch.nn.init.ones_(fresh.sentiment.dense.bias)
    (sentiment,) = encode(PAIR[:1], ENCODER, TOKENIZER)
    answers = compute_answers(fresh, sentiment, sentiment)
    assert answers.silent == ("paraphrase",) and answers.sentiments.shape == (2, 5)


def test_a_head_that_reads_pairs_in_one_pass_is_not_asked_about_two_vectors() -> None:
    model = MultitaskBert(ENCODER, pairs="both")
    torch.nn.init.ones_(model.paraphrase.dense.bias)
    first, second = encode(PAIR, ENCODER, TOKENIZER)
    answers = compute_answers(model, first, second)
    assert answers.logit is None and "paraphrase" in answers.silent
    assert answers.similarity == pytest.approx(
        5 * float(np.dot(first, second) / np.linalg.norm(first) / np.linalg.norm(second)), abs=1e-4
    )


def test_a_head_that_reads_the_cosine_is_asked_once_it_is_trained() -> None:
    model = MultitaskBert(ENCODER, pairs="cosine")
    first, second = encode(PAIR, ENCODER, TOKENIZER)
    assert compute_answers(model, first, second).logit is None, "its threshold is a fresh one"
    torch.nn.init.constant_(model.paraphrase.threshold, 0.25)
    answers = compute_answers(model, first, second)
    assert answers.logit == pytest.approx(10 * (answers.similarity / 5 - 0.25), abs=1e-3)
    assert not answers.one_pass and answers.silent == ("sentiment",)


@pytest.mark.parametrize("similarity, grade", [(0.0, 0), (0.5, 1), (2.5, 3), (3.49, 3), (5.0, 5)])
def test_the_nearest_grade(similarity: float, grade: int) -> None:
    answers = PairAnswers(None, None, similarity)
    assert answers.grade == grade
    figure, alt = draw_answers(answers, of_random=2.0)
    assert alt.endswith(f"the nearest grade, {grade}, means: {GRADES[grade]}.")
    (scale,) = figure.axes
    assert scale.patches[0].get_height() == similarity
    bold = [label.get_text() for label in scale.get_yticklabels() if label.get_weight() == "bold"]
    assert bold == [f"{grade}  {GRADES[grade]}"]


def test_what_is_drawn_and_listed_is_what_the_heads_say() -> None:
    sentiments = np.array([[0.1, 0.2, 0.4, 0.2, 0.1], [0.0, 0.1, 0.1, 0.1, 0.7]])
    answers = PairAnswers(sentiments, -2.0, 3.6)
    figure, alt = draw_answers(answers, of_random=3.0)
    bars, _ = figure.axes
    assert [bar.get_height() for bar in bars.patches] == pytest.approx([*sentiments.ravel()])
    assert "first sentence 2, neutral (probability 0.40)" in alt
    assert "second sentence 4, very positive (probability 0.70)" in alt
    assert "Paraphrase: probability 0.12, no." in alt
    assert "Similarity: 3.60 of 5, where random pairs have 3.00" in alt
    rows = answers_table(answers, of_random=3.0).rows
    assert ["sentiment", "4 very positive", "0.100", "0.700", "", "most likely: second"] in rows
    assert ["paraphrase", "logit", "", "", "-2.00", "no: not above 0"] in rows


def test_classes_have_names_whatever_their_number() -> None:
    assert (
        class_names("sentiment", 2) == ("negative", "positive")
        and class_names("sentiment", 5)[2] == "neutral"
    )
    assert class_names("sentiment", 3) == ("class 0", "class 1", "class 2")
    assert class_names("relation", 2) == ("class 0", "class 1")
    explorer = SimilarityExplorer(trained(CFIMDB), TOKENIZER, OTHERS)
    assert len(cell(explorer, "Heads", "sentiment", "1 positive")) == 4


def test_words_are_put_in_order_and_nothing_else_is_done() -> None:
    assert in_order("Can a cavy learn tricks?") == "a Can cavy learn tricks?"
    assert in_order("one") == "one" and in_order("?!") == "?!"
    assert in_order(" The end. Is it? ") == "end. Is it The?"


def test_sentences_are_drawn_once_each() -> None:
    assert sample_sentences(["b", "a", "b"], most=5) == ["b", "a"]
    many = [str(number) for number in range(50)]
    drawn = sample_sentences(many, most=10)
    assert len(set(drawn)) == 10 and drawn == sorted(drawn, key=int)
    assert drawn == sample_sentences(many, most=10) != sample_sentences(many, most=10, seed=1)


def test_cosines_are_those_of_the_library() -> None:
    explorer = made(pooling="mean")
    for pooling in ("pooler", "cls", "mean"):
        first, second = encode(PAIR, ENCODER, TOKENIZER, pooling, precision="fp32")
        cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
        assert float(cell(explorer, "Cosines", pooling)[0]) == pytest.approx(cosine, abs=6e-4)
    found = neighbours.compare_under_all_poolings(*PAIR, ENCODER, TOKENIZER, OTHERS)
    assert cell(explorer, "Cosines", "cls")[1] == f"{found['cls'].percentile:.2%}"
    lines = [axes.lines[0].get_xdata()[0] for axes in explorer.panels["Cosines"].view.picture.axes]
    assert lines == pytest.approx([each.cosine for each in found.values()], abs=1e-5)


def test_the_same_sentence_twice_is_above_all() -> None:
    explorer = made()
    explorer.second.value = explorer.first.value
    assert explorer.panels["Cosines"].alt.count("cosine 1.00, above 100% of them") == 3
    assert "Similarity: 5.00 of 5" in explorer.panels["Heads"].alt


def test_a_plain_encoder_shows_similarity_only() -> None:
    explorer = made()
    panel = explorer.panels["Heads"]
    assert "plain has no trained head for sentiment and paraphrase" in panel.note
    assert {row[0] for row in panel.table.rows} == {"similarity"}
    explorer.model.value = "heads"
    assert "no trained head" not in panel.note
    assert {row[0] for row in panel.table.rows} == {"sentiment", "paraphrase", "similarity"}
    assert "Most likely sentiment: first sentence" in panel.alt


def test_swapping_exchanges_sentiments_and_keeps_cosines() -> None:
    explorer = made()
    explorer.model.value = "heads"
    cosines = explorer.panels["Cosines"].table.rows
    logit = cell(explorer, "Heads", "paraphrase", "logit")[2]
    sentiment = cell(explorer, "Heads", "sentiment", "0 very negative")[:2]
    explorer.swap.value = True
    assert explorer.panels["Cosines"].table.rows == cosines
    assert explorer.panels["Heads"].alt.startswith(f"“{PAIR[1]}” / “{PAIR[0]}”")
    assert cell(explorer, "Heads", "sentiment", "0 very negative")[:2] == sentiment[::-1]
    assert cell(explorer, "Heads", "paraphrase", "logit")[2] != logit
    assert f"As typed: similarity {explorer.answers(*PAIR).similarity:.2f}, paraphrase logit " in (
        explorer.panels["Heads"].note
    )
    assert f"logit {logit}" in explorer.panels["Heads"].note


def test_shuffling_compares_with_the_words_in_order() -> None:
    explorer = made()
    before = cell(explorer, "Cosines", "mean")[0]
    explorer.shuffle.value = True
    panel = explorer.panels["Cosines"]
    assert panel.alt.startswith(f"“{PAIR[0]}” / “a Can cavy learn tricks?”:")
    assert "are in alphabetical order. As typed: pooler" in panel.note
    assert f"mean {float(before):.2f}." in panel.note
    first, second = encode(
        [PAIR[0], "a Can cavy learn tricks?"], ENCODER, TOKENIZER, "mean", "fp32"
    )
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert float(cell(explorer, "Cosines", "mean")[0]) == pytest.approx(cosine, abs=6e-4)
    explorer.swap.value = True
    assert panel.alt.startswith(f"“a Can cavy learn tricks?” / “{PAIR[0]}”:")


def test_only_what_is_new_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[list[str]] = []

    def counted(sentences, *arguments):
        encoded.append(list(sentences))
        return neighbours.vectors_by_pooling(sentences, *arguments)

    monkeypatch.setattr("minbert.viz.explorers.similarity.explorer.vectors_by_pooling", counted)
    explorer = made()
    assert sorted(encoded, key=len) == [[PAIR[0]], [PAIR[1]], OTHERS]
    encoded.clear()
    explorer.swap.value = True
    assert not encoded
    for number in range(2 * MOST_REMEMBERED):
        explorer.vectors(f"number {number}")
    encoded.clear()
    explorer.second.value = "one more"
    assert sorted(encoded) == [[PAIR[0]], ["one more"]], "what was typed is forgotten, no more"
    encoded.clear()
    explorer.model.value = "heads"
    assert OTHERS in encoded
    encoded.clear()
    explorer.model.value = "plain"
    assert OTHERS not in encoded


def test_an_empty_sentence_is_asked_for() -> None:
    explorer = made()
    explorer.second.value = "   \t"
    for panel in explorer.panels.values():
        assert panel.view is None and panel.error is None
        assert "the second sentence has no word. Type two sentences" in panel.note
    explorer.first.value = "\x00"
    assert "the first sentence has no word" in explorer.panels["Heads"].note
    explorer.first.value, explorer.second.value = PAIR
    assert all(panel.view for panel in explorer.panels.values())


def test_a_long_sentence_is_cut_and_says_so() -> None:
    explorer = made()
    explorer.first.value = "!" * 3000
    note = explorer.panels["Cosines"].note
    assert "First sentence: Only the first 2,000 of 3,000 characters are used." in note
    left = 2000 + 2 - ENCODER.config.max_position_embeddings
    assert f"First sentence: {left} word pieces are cut off" in note


def test_what_cannot_be_explored_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one by name"):
        SimilarityExplorer({}, TOKENIZER, OTHERS)
    with pytest.raises(ValueError, match="one of pooler, cls, mean, got 'max'"):
        made(pooling="max")
    with pytest.raises(ValueError, match="two different sentences, got 1"):
        SimilarityExplorer(ENCODER, TOKENIZER, ["a", "a"])


def test_nothing_that_is_typed_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = made()
    assert explorer.model in explorer.controls
    explorer.model.value = "heads"
    explorer.shuffle.value = True
    check_every_control(explorer)
    for text in HOSTILE[2:]:
        explorer.first.value = explorer.second.value = text
        check_sound(explorer)
    check_static(explorer, monkeypatch)


def test_minilm_too(minilm_folder, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, tokenizer = from_pretrained("minilm")
    explorer = SimilarityExplorer(encoder, tokenizer, OTHERS, pooling="mean")
    assert explorer.model not in explorer.controls
    check_static(explorer, monkeypatch)
    near = float(cell(explorer, "Heads", "similarity", "0 to 5")[2])
    explorer.second.value = OTHER
    far = float(cell(explorer, "Heads", "similarity", "0 to 5")[2])
    assert far < 1 < near, "it was trained to tell these"
