"""What the three heads say about two sentences, and what their numbers mean."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from minbert.encoder import Encoder
from minbert.heads import (
    ONE_PASS,
    CosineHead,
    ParaphraseHead,
    SentimentHead,
    in_one_pass,
    similarity_score,
)
from minbert.multitask import MultitaskBert
from minbert.tasks import Task
from minbert.viz.plots.bars import grouped_bars
from minbert.viz.style import COLOURS, REFERENCE, subplots
from minbert.viz.table import Table

CLASSES = {
    2: ("negative", "positive"),
    5: ("very negative", "negative", "neutral", "positive", "very positive"),
}
"""Names of the sentiment classes, by how many there are: CFIMDB's and SST's."""

GRADES = (
    "on different topics",
    "different, on the same topic",
    "different, with shared details",
    "alike, but something important differs",
    "the same, but for minor details",
    "the same meaning",
)
"""What the similarities 0 to 5 of the STS benchmark stand for, in our words. Source: Cer et al.
(2017), table 1."""
SIDES = ("first", "second")


@dataclass(frozen=True)
class PairAnswers:
    """The outputs of the heads for two sentences; None where a head has no answer."""

    sentiments: Float[np.ndarray, "2 label"] | None
    """Probabilities of the classes, a line a sentence."""
    logit: float | None
    """Of being paraphrases; above 0 means yes."""
    similarity: float
    """0 to 5; this head has no weights, so every encoder has it."""
    subjects: tuple[str, str] = ("sentiment", "paraphrase")
    """What the model's tasks call the classes of a sentence, and the yes or no of a pair."""
    one_pass: bool = False
    """Whether the model reads pairs in one pass, so that two vectors are no answer."""

    @property
    def probability(self) -> float | None:
        """Of being paraphrases, 1 / (1 + exp(-logit))."""
        return None if self.logit is None else float(0.5 + 0.5 * np.tanh(self.logit / 2))

    @property
    def grade(self) -> int:
        """The nearest of the grades 0 to 5."""
        return int(self.similarity + 0.5)

    @property
    def silent(self) -> tuple[str, ...]:
        """Names of the heads that have no answer."""
        answers = zip(self.subjects, (self.sentiments, self.logit), strict=True)
        return tuple(subject for subject, answer in answers if answer is None)


def is_trained(head: SentimentHead | ParaphraseHead | CosineHead) -> bool:
    """Whether a head was ever trained: fresh biases are exactly 0, and any step moves them; a
    threshold begins where a fresh one does."""
    if isinstance(head, CosineHead):
        return bool(head.threshold.detach().cpu() != CosineHead().threshold.detach())
    return bool(head.dense.bias.detach().any())


@torch.inference_mode()
def compute_answers(
    model: Encoder | MultitaskBert,
    first: Float[np.ndarray, " hidden"],
    second: Float[np.ndarray, " hidden"],
) -> PairAnswers:
    """Ask every trained head about two sentence vectors, with dropout off.

    Args:
        model: its heads are used, not its encoder; left as it is.
        first, second: by the model's encoder, under the pooling that its heads were trained on.
    """
    both = torch.tensor(np.stack([first, second]))
    similarity = similarity_score(both[:1], both[1:]).item()
    if isinstance(model, Encoder):
        return PairAnswers(None, None, similarity)
    of_a_sentence = _first_task(model, "classifier", pairs=False)
    of_a_pair = _first_task(model, "yes_or_no", pairs=True)
    classify, compare = (_trained_head(model, task) for task in (of_a_sentence, of_a_pair))
    return PairAnswers(
        sentiments=None if classify is None else classify(both).softmax(dim=-1).numpy(),
        logit=None if compare is None else compare(both[:1], both[1:]).item(),
        similarity=similarity,
        subjects=(
            of_a_sentence.subject if of_a_sentence else "classes",
            of_a_pair.subject if of_a_pair else "yes or no",
        ),
        one_pass=model.pairs in ONE_PASS,
    )


def _first_task(model: MultitaskBert, head: str, pairs: bool) -> Task | None:
    """The model's first task with such a head; the explorer shows one of a kind."""
    return next((t for t in model.tasks if t.head == head and t.pairs == pairs), None)


def _trained_head(model: MultitaskBert, task: Task | None) -> nn.Module | None:
    """A copy on the CPU, with dropout off.

    None where there is no such task, its head is untrained, or reads pairs in one pass: two vectors
    are no such pass.
    """
    if task is None or in_one_pass(task, model.pairs):
        return None
    head = model.head(task)
    return copy.deepcopy(head).cpu().eval() if head and is_trained(head) else None


def class_names(subject: str, count: int) -> tuple[str, ...]:
    """Names of so many classes; those of sentiment begin with the most negative one."""
    return (subject == "sentiment" and CLASSES.get(count)) or tuple(
        f"class {label}" for label in range(count)
    )


def draw_answers(answers: PairAnswers, of_random: float) -> tuple[Figure, str]:
    """Bars of the sentiment of both sentences, where there is a head, and the scale of similarity.

    Args:
        answers: of one model.
        of_random: mean similarity of random pairs under the same encoder and pooling, 0 to 5.
    """
    if answers.sentiments is None:
        figure, axes = subplots(figsize=(4.6, 2.8), layout="none")
        figure.subplots_adjust(0.16, 0.06, 0.32, 0.88)
    else:
        figure, axes = subplots(1, 2, figsize=(8.4, 2.9), layout="none", width_ratios=[5.6, 1])
        figure.subplots_adjust(0.07, 0.2, 0.7, 0.88, wspace=0.28)
        _draw_sentiments(answers.subjects[0], answers.sentiments, axes[0, 0])
    _draw_similarity(answers, of_random, axes[0, -1])
    return figure, " ".join([*_said_of_sentiment(answers), _said_of_the_pair(answers, of_random)])


def _draw_sentiments(subject: str, probabilities: Float[np.ndarray, "2 label"], axes: Axes) -> None:
    names = class_names(subject, probabilities.shape[1])
    ticks = [f"{label}\n" + name.replace(" ", "\n") for label, name in enumerate(names)]
    groups = dict(zip(("first sentence", "second sentence"), probabilities, strict=True))
    grouped_bars(groups, ticks, axes, title=subject.capitalize(), y_label="probability")
    axes.axhline(1 / len(names), color=REFERENCE, linestyle="--", linewidth=1.0)
    axes.set_ylim(0, 1)
    axes.tick_params(axis="x", labelsize=8)
    axes.title.set_fontsize(10)


def _draw_similarity(answers: PairAnswers, of_random: float, axes: Axes) -> None:
    axes.bar([0], [answers.similarity], width=0.9, color=COLOURS[4])
    axes.axhline(of_random, color=REFERENCE, linestyle="--", linewidth=1.5)
    grey = {"fontsize": 8, "color": REFERENCE}
    axes.text(-0.55, of_random, "random\npairs", ha="right", va="center", **grey)
    axes.set_xlim(-0.5, 0.5)
    axes.set_ylim(0, 5.05)
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.set_yticks(range(6), [f"{grade}  {meaning}" for grade, meaning in enumerate(GRADES)])
    axes.tick_params(axis="y", labelsize=8)
    axes.get_yticklabels()[answers.grade].set_fontweight("bold")
    axes.set_title(f"Similarity: {answers.similarity:z.2f}", fontsize=10)


def _said_of_sentiment(answers: PairAnswers) -> list[str]:
    if answers.sentiments is None:
        return []
    names = class_names(answers.subjects[0], answers.sentiments.shape[1])
    said = [
        f"{side} sentence {row.argmax()}, {names[row.argmax()]} (probability {row.max():z.2f})"
        for side, row in zip(SIDES, answers.sentiments, strict=True)
    ]
    return [f"Most likely {answers.subjects[0]}: {'; '.join(said)}."]


def _said_of_the_pair(answers: PairAnswers, of_random: float) -> str:
    of_a_pair = ""
    if answers.logit is not None:
        verdict = "yes" if answers.logit > 0 else "no"
        subject = answers.subjects[1].capitalize()
        of_a_pair = f"{subject}: probability {answers.probability:z.2f}, {verdict}. "
    return (
        f"{of_a_pair}Similarity: {answers.similarity:z.2f} of 5, where random pairs have "
        f"{of_random:z.2f}; the nearest grade, {answers.grade}, means: {GRADES[answers.grade]}."
    )


def answers_table(answers: PairAnswers, of_random: float) -> Table:
    """Every output of every head, and what it means."""
    rows: list[tuple] = []
    of_a_sentence, of_a_pair = answers.subjects
    if answers.sentiments is not None:
        names = class_names(answers.subjects[0], answers.sentiments.shape[1])
        most = answers.sentiments.argmax(axis=1)
        for label, (name, pair) in enumerate(zip(names, answers.sentiments.T, strict=True)):
            sides = [side for side, best in zip(SIDES, most, strict=True) if best == label]
            meaning = f"most likely: {' and '.join(sides)}" if sides else ""
            rows.append(
                (of_a_sentence, f"{label} {name}", *(f"{p:z.3f}" for p in pair), "", meaning)
            )
    if answers.logit is not None:
        said = "yes: above" if answers.logit > 0 else "no: not above"
        numbers = f"{answers.probability:z.3f}", f"{answers.logit:z.2f}"
        rows.append((of_a_pair, "probability", "", "", numbers[0], f"{said} 0.5"))
        rows.append((of_a_pair, "logit", "", "", numbers[1], f"{said} 0"))
    meaning = f"nearest grade {answers.grade}: {GRADES[answers.grade]}"
    rows.append(("similarity", "0 to 5", "", "", f"{answers.similarity:z.2f}", meaning))
    rows.append(("similarity", "mean of random pairs", "", "", f"{of_random:z.2f}", ""))
    for grade in reversed(range(6)):
        rows.append(("similarity", f"grade {grade}", "", "", "", GRADES[grade]))
    return Table(["head", "output", *SIDES, "the pair", "meaning"], rows)
