"""Every number of the paper that this package reproduces, as data.

Jadwin and Huang, "Improving minBERT Performance on Multiple Tasks through In-domain Pretraining,
Negatives Ranking Loss Learning, and Hyperparameter Optimization", Stanford CS224N.
"""

from __future__ import annotations

from dataclasses import dataclass

METRICS = ("sst_accuracy", "quora_accuracy", "sts_pearson")
"""The three tasks as the tables list them: accuracy, accuracy, Pearson's r."""


def _column(*values: float) -> dict[str, float]:
    return dict(zip(METRICS, values, strict=True))


TABLES: dict[str, dict[str, dict[str, float]]] = {
    "table1": {
        "baseline": _column(0.318, 0.380, 0.019),
        "mlm": _column(0.332, 0.738, 0.172),
        "mnrl": _column(0.279, 0.769, 0.569),
        "mlm+mnrl": _column(0.246, 0.768, 0.503),
    },
    "table2": {
        "baseline": _column(0.318, 0.380, 0.019),
        "mlm": _column(0.503, 0.722, 0.309),
        "mnrl": _column(0.500, 0.727, 0.605),
        "mlm+mnrl": _column(0.484, 0.748, 0.544),
    },
    "table3": {
        "baseline": _column(0.318, 0.380, 0.019),
        "mnrl": _column(0.514, 0.727, 0.565),
    },
}
"""Tables 1 (dev, frozen encoder), 2 (dev, after sentiment fine-tuning), 3 (test, best arm)."""

OVERALL_TEST = 0.602
"""Overall test score: the plain mean of Table 3's last column."""

HOURS = {"mlm": 19.0, "mnrl": 6.6, "heads": 1.2, "sst_finetune": 1 / 6}
"""Training time per stage, in hours (section 5.3)."""

SINGLE_TASK = {
    "sst": {"frozen": (0.390, 0.007), "finetune": (0.515, 0.004)},
    "cfimdb": {"frozen": (0.780, 0.002), "finetune": (0.966, 0.007)},
}
"""The handout's single-task dev accuracies: mean and standard deviation (section 5.2)."""

MASKING_PROBABILITY = 0.15
"""Chance of each token to be masked; a masked token always becomes [MASK] (section 4.2)."""

SIMILAR_FROM = 4.0
"""STS pairs at or above this similarity, and Quora duplicates, are MNRL's positives (4.3)."""

SWEEP_LEARNING_RATES = (1e-3, 1e-4, 1e-5)
"""Tried for MLM and for MNRL (section 4.4); 1e-5 was kept for both."""

HYPERPARAMETERS = {
    "mlm": {"epochs": 10, "batch_size": 8, "dropout": 0.3, "learning_rate": 1e-5},
    "mnrl": {"epochs": 10, "batch_size": 8, "dropout": 0.3, "learning_rate": 1e-5},
    "heads": {"epochs": 10, "batch_size": 8, "dropout": 0.3, "learning_rate": 1e-3},
    "sst_finetune": {"epochs": 10, "batch_size": 8, "dropout": 0.3, "learning_rate": 1e-5},
}
"""Per stage (section 5.3)."""

ARMS = ("baseline", "mlm", "mnrl", "mlm+mnrl")
"""The paper's columns; `heads_only` is the control that this package adds."""


@dataclass(frozen=True)
class Link:
    """A formula, rule, table or setting of the paper, and the code that it is here."""

    where: str
    """Section, figure or table."""
    what: str
    """In the paper's words, or nearly."""
    code: str
    """Dotted name below `minbert`."""


LINKS = (
    Link("4.1", "word pieces", "tokenizer.WordPieceTokenizer"),
    Link("4.1", "embedding layer: pieces, segments, positions", "encoder.Embeddings"),
    Link("4.1", "self-attention over several heads", "attention.SelfAttention"),
    Link("4.1", "one of the 12 encoder layers", "encoder.Layer"),
    Link("4.1", "the vector of a sentence", "pooling.pool"),
    Link(
        "4.1, figure 1",
        "sentiment head: dropout, linear layer, five classes",
        "heads.SentimentHead",
    ),
    Link("4.1, figure 1", "paraphrase head: two vectors, one logit", "heads.ParaphraseHead"),
    Link(
        "4.1, figure 1",
        "similarity head: cosine, cut off at 0, times 5",
        "heads.similarity_score",
    ),
    Link("4.1, figure 1", "one encoder under three heads", "multitask.MultitaskBert"),
    Link("4.2", "each token masked with probability .15", "masking.mask_tokens"),
    Link(
        "4.2, figure 2",
        "the layer from hidden size to vocabulary",
        "heads.MaskedLanguageModelHead",
    ),
    Link(
        "4.2, figure 2",
        "softmax and cross-entropy of the masked words",
        "losses.masked_language_model",
    ),
    Link(
        "4.2",
        "pre-training on the three training sets",
        "training.mlm.pretrain_masked_language_model",
    ),
    Link("4.2", "round robin over the data sets", "training.epochs.in_turn"),
    Link(
        "4.3, both formulas",
        "multiple negatives ranking loss",
        "losses.multiple_negatives_ranking",
    ),
    Link("4.3", "which pairs are similar", "training.mnrl.is_similar"),
    Link("4.3", "fine-tuning with that loss", "training.mnrl.train_ranking"),
    Link("4.4", "choice of learning rates", "experiments.sweep.sweep_learning_rates"),
    Link("4.4", "the rates that were tried", "paper.SWEEP_LEARNING_RATES"),
    Link("4.5", "heads above a frozen encoder", "training.heads.train_head"),
    Link("4.6", "fine-tuning of everything on sentiment", "training.finetune.fine_tune"),
    Link("5.1", "the three data sets and CFIMDB", "data.cs224n.load_cs224n"),
    Link("5.2", "accuracy", "evaluation.metrics.accuracy"),
    Link("5.2", "Pearson's correlation", "evaluation.metrics.pearson"),
    Link(
        "5.2",
        "single-task classifier on SST and CFIMDB",
        "experiments.single_task.train_single_task",
    ),
    Link("5.2", "its dev accuracies in the handout", "paper.SINGLE_TASK"),
    Link(
        "5.3",
        "epochs, batch size, dropout, learning rate of each stage",
        "paper.HYPERPARAMETERS",
    ),
    Link("5.3", "the same as settings of a run", "training.recipe.PRESETS"),
    Link("5.3", "hours of training", "paper.HOURS"),
    Link("5.3", "AdamW", "optimizer.AdamW"),
    Link("5.4, tables 1 to 3", "every cell", "paper.TABLES"),
    Link("5.4, tables 1 and 2", "ours beside the paper's", "experiments.report.tables_markdown"),
    Link("5.4", "overall test score", "evaluation.metrics.overall_mean"),
    Link("6", "pre-training changed the words", "course.guesses.words.transplanted_words"),
    Link("6", "MLM after ranking, in one space", "course.guesses.moved_space.ranked"),
    Link("6", "what survives sentiment fine-tuning", "course.guesses.survival.survival"),
)
"""From the paper to the line: `links_table` shows it, and a test follows each."""


def links_table() -> str:
    """The way from the paper to the code, as Markdown."""
    lines = ["| paper | what | here |", "| --- | --- | --- |"]
    for link in LINKS:
        module = link.code.rpartition(".")[0].replace(".", "/")
        lines.append(f"| {link.where} | {link.what} | [`{link.code}`](minbert/{module}.py) |")
    return "\n".join(lines) + "\n"
