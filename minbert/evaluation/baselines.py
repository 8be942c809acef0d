"""The ladder: what one gets without any deep learning, on the same data.

A model that does not climb past these rungs has learned nothing that counting words does not give.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minbert import checks
from minbert.data.examples import CourseData, PairExample, TaskData
from minbert.evaluation.metrics import paired
from minbert.evaluation.partners import PartnerSearch
from minbert.evaluation.statistics import Value, summarise
from minbert.tasks import Task, find_task

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

Similarity = Callable[[Sequence[PairExample]], np.ndarray]


def ladder(data: CourseData) -> dict[str, dict[str, Value]]:
    """All rungs on the dev split; whatever is fitted is fitted on train.

    Returns:
        Per metric, per rung `{"value", "ci95", "per_seed"}`.
    """
    return {
        task.measure: rungs_of(task, splits)
        for task, splits in data.tasks.items()
        if splits.dev and (task.joint or task.metric == "partner")
    }


def rungs_of(task: Task | str, data: TaskData) -> dict[str, Value]:
    """The rungs of one task, which follow from what its head answers.

    Args:
        task: or the name of one of the course's.
        data: fitted on train, measured on dev.
    """
    task = find_task(task)
    if task.metric == "partner":
        return partner_rungs(task, data)
    kinds = {"classifier": class_rungs, "yes_or_no": threshold_rungs, "cosine": score_rungs}
    return kinds[task.head](task, data)


def class_rungs(task: Task, data: TaskData) -> dict[str, Value]:
    """Majority class, and logistic regression on bags of words and word pairs.

    The two sentences of a pair are one text: which word is in which is not seen.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    golds = labels(data.dev)
    train = labels(data.train)
    bag = CountVectorizer(ngram_range=(1, 2), min_df=2, binary=True)
    features = bag.fit_transform([" ".join(example.texts) for example in data.train])
    model = LogisticRegression(C=0.1, max_iter=1000).fit(features, train)
    words = model.predict(bag.transform([" ".join(example.texts) for example in data.dev]))
    return {
        "majority": summarise(task, golds, [np.full_like(golds, most_common(train))]),
        "bag_of_words": summarise(task, golds, [words]),
    }


def threshold_rungs(task: Task, data: TaskData) -> dict[str, Value]:
    """Majority, and a threshold (fitted on train) on three lexical similarities."""
    golds, train = labels(data.dev), labels(data.train)
    found: dict[str, Any] = {
        "majority": summarise(task, golds, [np.full_like(golds, most_common(train))])
    }
    for name, similarity in lexical_similarities(data.train).items():
        threshold = best_threshold(similarity(data.train), train)
        predictions = (similarity(data.dev) > threshold).astype(float)
        found[name] = summarise(task, golds, [predictions])
    return found


def score_rungs(task: Task, data: TaskData) -> dict[str, Value]:
    """The three lexical similarities as they are: correlation needs no threshold."""
    golds = labels(data.dev)
    return {
        name: summarise(task, golds, [similarity(data.dev)])
        for name, similarity in lexical_similarities(data.train).items()
    }


def partner_rungs(task: Task, data: TaskData) -> dict[str, Value]:
    """The nearest second sentence by TF-IDF over words and over letter trigrams, and a guess."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    search = PartnerSearch.of([example.texts for example in data.dev])
    texts = [text for example in data.train for text in example.texts]
    guessed = np.full(len(search.golds), most_common(search.clusters))
    found = {"majority": summarise(task, search.golds, [guessed])}
    for name, vectorizer in (
        ("tfidf_word", TfidfVectorizer(token_pattern=r"(?u)\b\w+\b")),
        ("tfidf_character", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3))),
    ):
        vectorizer.fit(texts)
        asked, there = map(vectorizer.transform, (search.questions, search.candidates))
        similarities = np.asarray((asked @ there.T).todense())
        found[name] = summarise(task, search.golds, [search.answers(similarities)])
    return found


def lexical_similarities(train: Sequence[PairExample]) -> dict[str, Similarity]:
    """Jaccard overlap of words, and TF-IDF cosines over words and over letter trigrams."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [example.sentence1 for example in train] + [example.sentence2 for example in train]
    word = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b").fit(texts)
    character = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3)).fit(texts)
    return {
        "jaccard": jaccard,
        "tfidf_word": lambda pairs: tfidf_cosine(word, pairs),
        "tfidf_character": lambda pairs: tfidf_cosine(character, pairs),
    }


def jaccard(pairs: Sequence[PairExample]) -> np.ndarray:
    """Shared words over all words, lower-cased; 0 to 1. Source: Jaccard (1901)."""

    def words(text: str) -> set[str]:
        return set(re.findall(r"\w+", text.lower()))

    overlaps = []
    for pair in pairs:
        first, second = words(pair.sentence1), words(pair.sentence2)
        overlaps.append(len(first & second) / max(1, len(first | second)))
    return np.array(overlaps)


def tfidf_cosine(vectorizer: TfidfVectorizer, pairs: Sequence[PairExample]) -> np.ndarray:
    """Cosine of the TF-IDF vectors of each pair; 0 to 1."""
    first = vectorizer.transform([pair.sentence1 for pair in pairs])
    second = vectorizer.transform([pair.sentence2 for pair in pairs])
    return np.asarray(first.multiply(second).sum(axis=1)).ravel()


def best_threshold(similarities: np.ndarray, golds: np.ndarray) -> float:
    """The threshold above which "paraphrase" is right most often on these pairs.

    Args:
        similarities: finite, (pair,).
        golds: 1 for a paraphrase, 0 for none, (pair,).

    Raises:
        ValueError: the shapes differ, there is no pair, or a value is not finite.
    """
    similarities, golds = paired(similarities, golds)
    candidates = np.concatenate([[-np.inf], np.quantile(similarities, np.linspace(0, 1, 201))])
    rights = [np.mean((similarities > candidate) == golds) for candidate in candidates]
    return float(candidates[int(np.argmax(rights))])


def labels(examples: Sequence) -> np.ndarray:
    """Labels as float64, (example,)."""
    return np.array([example.label for example in examples], dtype=np.float64)


def most_common(values: np.ndarray) -> float:
    """The value that occurs most often; the smallest of several.

    Raises:
        ValueError: there is no value.
    """
    checks.shapes(values=(np.asarray(values), "example"))
    found, counts = np.unique(values, return_counts=True)
    return float(found[np.argmax(counts)])
