"""Type two sentences: how alike are they, and what do the heads say?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from minbert.analysis.geometry import random_cosines
from minbert.encoder import Encoder
from minbert.multitask import MultitaskBert
from minbert.pooling import POOLINGS
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.base.controls import choice, switch, text_field
from minbert.viz.explorers.base.explorer import Explorer, by_name, typed
from minbert.viz.explorers.base.panel import View
from minbert.viz.explorers.embeddings.neighbour_tables import (
    Comparison,
    compare,
    comparisons_table,
    draw_comparisons,
    vectors_by_pooling,
)
from minbert.viz.explorers.similarity.answers import (
    PairAnswers,
    answers_table,
    compute_answers,
    draw_answers,
)
from minbert.viz.text import plain

MOST_OTHERS = 300
"""Sentences that random pairs are made of; more would only take longer."""
ENDS = ".?!"


def in_order(sentence: str) -> str:
    """The words of a sentence in alphabetical order; a mark at its end stays there."""
    body = sentence.rstrip().rstrip(ENDS)
    return " ".join(sorted(body.split(), key=str.casefold)) + sentence.rstrip()[len(body) :]


def sample_sentences(sentences: Sequence[str], most: int, seed: int = 0) -> list[str]:
    """At most so many different sentences, drawn at random, in their order."""
    different = list(dict.fromkeys(sentences))
    if len(different) <= most:
        return different
    rows = np.random.default_rng(seed).choice(len(different), most, replace=False)
    return [different[row] for row in sorted(rows)]


class SimilarityExplorer(Explorer):
    """Cosines of two sentences under each pooling, and the answers of the three heads.

    Args:
        models: one, or several by name: an encoder, or a model with heads. Heads that were never
            trained are not asked.
        tokenizer: of all of them.
        others: sentences of which random pairs are made; every model encodes `MOST_OTHERS` of them
            once, when it is first chosen.
        first, second: what is in the fields at the start.
        pooling: what the heads were trained on, one of `minbert.pooling.POOLINGS`; a `Recipe` says
            it. `pooler` is the paper's, and that of `MultitaskBert.embed`.
        seed: of the draw of sentences and pairs.

    Raises:
        ValueError: there is no model, no such pooling, or there are not two different sentences.
    """

    def __init__(
        self,
        models: Encoder | MultitaskBert | Mapping[str, Encoder | MultitaskBert],
        tokenizer: WordPieceTokenizer,
        others: Sequence[str],
        first: str = "How do I train a guinea pig?",
        second: str = "Can a cavy learn tricks?",
        pooling: str = "pooler",
        seed: int = 0,
    ) -> None:
        self.models = by_name(models, "models")
        if pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, got {pooling!r}")
        self.tokenizer, self.head_pooling = tokenizer, pooling
        self.others, self.seed = sample_sentences(others, MOST_OTHERS, seed), seed
        if len(self.others) < 2:
            raise ValueError(f"random pairs need two different sentences, got {len(self.others)}")
        self._random: dict[str, dict[str, np.ndarray]] = {}
        self.first = text_field("First sentence", first)
        self.second = text_field("Second sentence", second)
        self.model = choice("Model", list(self.models))
        self.swap = switch("Swap: exchange the two sentences")
        self.shuffle = switch("Shuffle words of the second sentence")
        several = [self.model] if len(self.models) > 1 else []
        super().__init__(
            "Similarity explorer",
            "Type two sentences, and press Enter. A cosine says little alone: above how many "
            "random pairs does it lie?",
            [self.first, self.second, *several, self.swap, self.shuffle],
        )
        self.add_panel("Cosines", self.look_at_cosines)
        self.add_panel("Heads", self.look_at_heads)

    @property
    def encoder(self) -> Encoder:
        """Of the chosen model."""
        model = self.models[self.model.value]
        return model if isinstance(model, Encoder) else model.encoder

    def random(self) -> dict[str, np.ndarray]:
        """Cosines of random pairs under each pooling: kept for good, unlike what is typed."""
        name = self.model.value
        if name not in self._random:
            vectors = vectors_by_pooling(self.others, self.encoder, self.tokenizer)
            self._random[name] = {
                pooling: random_cosines(rows, self.seed) for pooling, rows in vectors.items()
            }
        return self._random[name]

    def vectors(self, sentence: str) -> dict[str, np.ndarray]:
        """A sentence under each pooling, (hidden,).

        Alone in its batch, so that the same sentence always has the very same vector.
        """

        def compute() -> dict[str, np.ndarray]:
            vectors = vectors_by_pooling([sentence], self.encoder, self.tokenizer)
            return {pooling: rows[0] for pooling, rows in vectors.items()}

        return self.remember((self.model.value, sentence), compute)

    def pair(self) -> tuple[str, str]:
        """The two sentences as typed.

        Raises:
            ValueError: the encoder has nothing to read in one of them.
        """
        for name, field in (("first", self.first), ("second", self.second)):
            if len(self.tokenizer.uncut([typed(field.value)[0]])[0].ids) <= 2:
                raise ValueError(
                    f"There is nothing to be compared: the {name} sentence has no word. Type two "
                    "sentences, and press Enter."
                )
        return typed(self.first.value)[0], typed(self.second.value)[0]

    def changed(self) -> tuple[str, str]:
        """The two sentences as they are compared, after what Shuffle and Swap do to them."""
        first, second = self.pair()
        second = in_order(second) if self.shuffle.value else second
        return (second, first) if self.swap.value else (first, second)

    def comparisons(self, first: str, second: str) -> dict[str, Comparison]:
        """Two sentences under each pooling."""
        one, two, random = self.vectors(first), self.vectors(second), self.random()
        return {name: compare(one[name], two[name], random[name]) for name in POOLINGS}

    def answers(self, first: str, second: str) -> PairAnswers:
        """What the chosen model's heads say."""
        vectors = (self.vectors(text)[self.head_pooling] for text in (first, second))
        return compute_answers(self.models[self.model.value], *vectors)

    def look_at_cosines(self) -> View:
        """The cosines among those of random pairs."""
        pair = self.changed()
        found = self.comparisons(*pair)
        figure, alt = draw_comparisons(found)
        before = self.comparisons(*self.pair())
        as_typed = ", ".join(f"{name} {each.cosine:z.2f}" for name, each in before.items())
        return View(figure, f"{_quoted(pair)} {alt}", comparisons_table(found), self.note(as_typed))

    def look_at_heads(self) -> View:
        """The answers of the heads."""
        pair, random = self.changed(), self.random()[self.head_pooling]
        answers, before = self.answers(*pair), self.answers(*self.pair())
        of_random = 5 * float(np.maximum(random, 0).mean())
        figure, alt = draw_answers(answers, of_random)
        as_typed = f"similarity {before.similarity:z.2f}"
        if before.logit is not None:
            as_typed += f", {before.subjects[1]} logit {before.logit:z.2f}"
        note = " ".join(filter(None, [self.note(as_typed), self.about_heads(answers)]))
        return View(figure, f"{_quoted(pair)} {alt}", answers_table(answers, of_random), note)

    def about_heads(self, answers: PairAnswers) -> str:
        """Which heads have answers, and what they read."""
        notes = [f"The heads read the vector that {self.head_pooling} pooling gives."]
        if answers.silent:
            missing = " and ".join(answers.silent)
            name = plain(self.model.value)
            notes += [
                f"{name} reads pairs in one pass, not as two vectors: no answer here of {missing}."
                if answers.one_pass
                else f"{name} has no trained head for {missing}: an answer would be chance.",
                "Similarity needs no training: it is 5 times the cosine, and 0 below 0.",
            ]
        return " ".join(notes)

    def note(self, as_typed: str) -> str:
        """What was cut, and what was done to the sentences."""
        notes = []
        for name, field in (("First", self.first), ("Second", self.second)):
            text, cut = typed(field.value)
            notes.append(cut and f"{name} sentence: {cut}")
            positions = self.encoder.config.max_position_embeddings
            more = len(self.tokenizer.uncut([text])[0].ids) - positions
            if more > 0:
                notes.append(
                    f"{name} sentence: {more} word pieces are cut off, for the encoder has "
                    f"{positions} positions."
                )
        if self.shuffle.value:
            notes.append("The words of the second sentence are in alphabetical order.")
        if self.shuffle.value or self.swap.value:
            notes.append(f"As typed: {as_typed}.")
        return " ".join(filter(None, notes))


def _quoted(pair: tuple[str, str]) -> str:
    first, second = (plain(text, 60) for text in pair)
    return f"“{first}” / “{second}”:"
