"""Heads: what turns the vectors of sentences, pairs or tokens into answers."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from minbert import checks
from minbert.config import ModelConfig
from minbert.encoder import LayerNorm, initialise
from minbert.tasks import Task

HEADS = ("classifier", "yes_or_no", "cosine")
"""Kinds of heads: a score a class, of a sentence or a pair; one logit of a pair; no weights."""

PAIRS = ("bi-encoder", "cosine", "cross-encoder", "both", "by-task")
"""How a pair is read: each sentence by itself, as in the paper; likewise, and yes or no by the
cosine of the two vectors alone; both in one pass, so that words of one attend to words of the
other; in one pass and each by itself; or so for classes, while similarity stays the cosine."""
ONE_PASS = ("cross-encoder", "both", "by-task")
"""The ways that read pairs in one pass."""


def in_one_pass(task: Task, pairs: str) -> bool:
    """Whether a task's examples are read in one pass, as one of `PAIRS` has it."""
    return task.pairs and pairs in ONE_PASS and (pairs != "by-task" or task.head != "cosine")


def head_for(
    task: Task,
    hidden_size: int,
    dropout: float = 0.3,
    generator: torch.Generator | None = None,
    compares: bool = False,
    pairs: str = "bi-encoder",
) -> nn.Module | None:
    """A fresh head that answers a task; None where the answer is read off the vectors.

    Args:
        task: whose `head` says which kind.
        hidden_size, dropout, generator: as for every head below.
        compares: whether a head of pairs also reads |u − v| and u · v.
        pairs: one of `PAIRS`; `CrossEncoderHead` answers what is read in one pass; of `cosine`,
            `CosineHead` says yes or no.

    Raises:
        ValueError: `task.head` is none of `HEADS`, or none for one sentence.
    """
    checks.one_of("task.head", task.head, HEADS if task.pairs else HEADS[:1])
    checks.one_of("pairs", pairs, PAIRS)
    if pairs == "cosine" and task.pairs and task.head == "classifier":
        raise ValueError(
            f"pairs must not be cosine where a task has classes of pairs, got {task.name}"
        )
    if pairs == "cosine" and task.head == "yes_or_no":
        return CosineHead()
    if in_one_pass(task, pairs):
        outputs = task.classes if task.head == "classifier" else 1
        return CrossEncoderHead(hidden_size, outputs, dropout, generator, pairs != "cross-encoder")
    if task.head == "cosine":
        return None
    if task.head == "yes_or_no":
        return ParaphraseHead(hidden_size, dropout, generator, compares)
    if task.pairs:
        return ParaphraseHead(hidden_size, dropout, generator, compares, task.classes)
    return SentimentHead(hidden_size, task.classes, dropout, generator)


class SentimentHead(nn.Module):
    """One linear layer from a sentence vector to a score per sentiment class."""

    def __init__(
        self,
        hidden_size: int,
        num_labels: int = 5,
        dropout: float = 0.3,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        checks.whole("num_labels", num_labels, 2, "one score a class")
        checks.within("dropout", dropout, "[0, 1)")
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(hidden_size, num_labels)
        initialise(self, 0.02, generator)

    def forward(self, pooled: Float[Tensor, "batch hidden"]) -> Float[Tensor, "batch label"]:
        """Logits, one per class, from very negative (0) to very positive (4)."""
        width = f"batch {self.dense.in_features}"
        checks.shapes("of another encoder?", pooled=(pooled, width, "float"))
        return self.dense(self.dropout(pooled))


class ParaphraseHead(nn.Module):
    """One linear layer from two sentence vectors u and v to one logit.

    The paper's reads (u, v), concatenated. A linear layer on them is w1·u + w2·v + b: it scores
    each sentence by itself and cannot compare them, which is why this head stays near the majority
    class (a finding of the course, not a bug). With `compares` the layer reads (u, v, |u − v|,
    u · v) and can: the last part lets it weigh the terms of the cosine.

    Args:
        hidden_size: width of one sentence vector.
        dropout: on what the layer reads, probability.
        generator: for the fresh weights.
        compares: also read the two elementwise comparisons.
        outputs: 1 for a logit; of more classes than yes and no, a score each.

    Source: the paper, section 4.1; comparisons: Conneau et al. (2017), section 3.1.
    """

    def __init__(
        self,
        hidden_size: int,
        dropout: float = 0.3,
        generator: torch.Generator | None = None,
        compares: bool = False,
        outputs: int = 1,
    ) -> None:
        super().__init__()
        checks.within("dropout", dropout, "[0, 1)")
        self.compares = compares
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear((4 if compares else 2) * hidden_size, outputs)
        initialise(self, 0.02, generator)

    def forward(
        self, first: Float[Tensor, "batch hidden"], second: Float[Tensor, "batch hidden"]
    ) -> Float[Tensor, " batch"] | Float[Tensor, "batch label"]:
        """Logit that the two sentences are paraphrases; above 0 means yes (probability > .5)."""
        read = read_together(first, second, self.compares, self.dense.in_features)
        return self.dense(self.dropout(read)).squeeze(-1)


class CrossEncoderHead(nn.Module):
    """One linear layer on the vector of a pair that the encoder read in one pass.

    In that pass each word attends to the words of the other sentence, which two separate vectors
    cannot make up for; its price is one pass for every pair instead of one for every sentence.
    With `vectors` the layer also reads |u − v| and u · v of the two sentences by themselves.

    Args:
        hidden_size: width of one vector.
        outputs: classes; 1 for a logit or a score.
        dropout: on what the layer reads, probability.
        generator: for the fresh weights.
        vectors: also read the two elementwise comparisons.

    Source: Devlin et al. (2019), section 4.1 (one pass); Conneau et al. (2017), section 3.1.
    """

    def __init__(
        self,
        hidden_size: int,
        outputs: int = 1,
        dropout: float = 0.3,
        generator: torch.Generator | None = None,
        vectors: bool = False,
    ) -> None:
        super().__init__()
        checks.within("dropout", dropout, "[0, 1)")
        self.vectors = vectors
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear((3 if vectors else 1) * hidden_size, outputs)
        initialise(self, 0.02, generator)

    def forward(
        self,
        pair: Float[Tensor, "batch hidden"],
        first: Float[Tensor, "batch hidden"] | None = None,
        second: Float[Tensor, "batch hidden"] | None = None,
    ) -> Float[Tensor, "batch label"] | Float[Tensor, " batch"]:
        """Logits, one per class; of one output, one number a pair.

        Raises:
            ValueError: a vector is missing, or of another width.
        """
        hidden = f"batch {self.dense.in_features // (3 if self.vectors else 1)}"
        parts = {"pair": pair, **({"first": first, "second": second} if self.vectors else {})}
        checks.shapes(
            "vectors of one encoder: of the pair, and of each sentence where the head compares",
            **{name: (part, hidden, "float") for name, part in parts.items()},
        )
        read = pair
        if self.vectors:
            read = torch.cat([pair, (first - second).abs(), first * second], dim=-1)
        return self.dense(self.dropout(read)).squeeze(-1)


class CosineHead(nn.Module):
    """Yes or no by the cosine of two sentence vectors: logit = slope · (cosine − threshold).

    Two weights, both trained: the vectors themselves do the comparing, as search over them needs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(0.5))
        self.slope = nn.Parameter(torch.tensor(10.0))

    def forward(
        self, first: Float[Tensor, "batch hidden"], second: Float[Tensor, "batch hidden"]
    ) -> Float[Tensor, " batch"]:
        """Logit of each pair; above 0, where the cosine is above the threshold, means yes."""
        return self.slope * (cosines(first, second) - self.threshold)


def read_together(
    first: Float[Tensor, "batch hidden"],
    second: Float[Tensor, "batch hidden"],
    compares: bool,
    width: int,
) -> Float[Tensor, "batch width"]:
    """What a head of pairs reads: u and v side by side; with `compares`, |u − v| and u · v as well.

    Raises:
        ValueError: the vectors are not as wide as the head expects, or not as many.
    """
    hidden = f"batch {width // (4 if compares else 2)}"
    checks.shapes(
        "vectors of another encoder, or not one second sentence a first one",
        first=(first, hidden, "float"),
        second=(second, hidden, "float"),
    )
    parts = [first, second]
    if compares:
        parts += [(first - second).abs(), first * second]
    return torch.cat(parts, dim=-1)


def similarity_score(
    first: Float[Tensor, "batch hidden"], second: Float[Tensor, "batch hidden"]
) -> Float[Tensor, " batch"]:
    """relu(cosine) · 5: similarity on the scale of STS, from 0 (unrelated) to 5 (equivalent).

    Has no weights. Everything at or below a right angle scores 0, so a mean of scores is no mean
    cosine. Source: the paper, section 4.1.

    Raises:
        ValueError: the two shapes differ.
    """
    return F.relu(cosines(first, second)) * 5


def cosines(
    first: Float[Tensor, "batch hidden"], second: Float[Tensor, "batch hidden"]
) -> Float[Tensor, " batch"]:
    """The cosine of each pair, in [-1, 1]; the two shapes must be the same, else a ValueError."""
    checks.shapes(
        "one second sentence a first one",
        first=(first, "batch hidden", "float"),
        second=(second, "batch hidden", "float"),
    )
    return F.cosine_similarity(first, second, dim=-1)


class MaskedLanguageModelHead(nn.Module):
    """From each token's vector to a score per word piece: dense, GELU, LayerNorm, decoder.

    The decoder's matrix *is* the word embedding (Press and Wolf, 2017): it is passed to `forward`
    rather than owned, so that it is stored and updated once. Parameter names are those of
    `cls.predictions.*` in the published checkpoint. Source: Devlin et al. (2019), task #1.
    """

    def __init__(self, config: ModelConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.transform = nn.Module()
        self.transform.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.transform.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        initialise(self, config.initializer_range, generator)

    def forward(
        self,
        states: Float[Tensor, "*tokens hidden"],
        word_embeddings: Float[Tensor, "vocabulary hidden"],
    ) -> Float[Tensor, "*tokens vocabulary"]:
        """Logits over the vocabulary for every vector in `states`.

        Pass the vectors of the masked tokens only: at 15 % masking this is 1/7 of the work, and
        the vocabulary projection is the most expensive product of the whole model.
        """
        hidden = self.transform.dense.in_features
        checks.shapes(
            "states and word embeddings are those of one encoder",
            states=(states, f"*tokens {hidden}", "float"),
            word_embeddings=(word_embeddings, f"{len(self.bias)} {hidden}", "float"),
        )
        transformed = self.transform.LayerNorm(F.gelu(self.transform.dense(states)))
        return F.linear(transformed, word_embeddings, self.bias)
