"""MLM lab: how words are hidden, how many, of which texts; and what is left of it downstream."""

from __future__ import annotations

from dataclasses import replace

from minbert.analysis.probe import linear_probe
from minbert.experiments.experiment import Experiment
from minbert.experiments.labs.trial import Cell, Found, Lab
from minbert.experiments.stage_files import paraphrases_by_cosine, similarities
from minbert.experiments.sweep import Parts
from minbert.masking import BERT_RULE, PAPER_RULE, MaskingRule
from minbert.tasks import QUORA, SST, STS
from minbert.training.held_out_loss import masked_loss, perplexity
from minbert.training.loop import RunContext
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.recipe import RECIPES
from minbert.training.sentences import SentenceTable
from minbert.training.vectors import embed_all

RULES: dict[str, MaskingRule] = {
    "all [MASK], 15 %": PAPER_RULE,
    "80/10/10, 15 %": BERT_RULE,
    "whole words, 15 %": MaskingRule(whole_words=True),
    "all [MASK], 30 %": MaskingRule(0.30),
    "all [MASK], 40 %": MaskingRule(0.40),
}
BASELINE = next(iter(RULES))
OWN = "reviews only"
LONGER = "three times as long"
NONE = "no MLM"


def cells_of(experiment: Experiment) -> list[Cell]:
    """Every rule; with the paper's, the reviews alone, three times the epochs, and nothing."""
    settings = experiment.preset.mlm
    base = replace(RECIPES["lab"], name="mlm")
    cells = [Cell(name, replace(base, masking=rule), settings) for name, rule in RULES.items()]
    return [
        *cells,
        Cell(OWN, base, settings, OWN),
        Cell(LONGER, base, replace(settings, epochs=3 * settings.epochs)),
        Cell(NONE, base, settings, NONE),
    ]


def train(
    experiment: Experiment, cell: Cell, parts: Parts, table: SentenceTable, context: RunContext
) -> Found:
    """Hide words, predict them; then read every task off the vectors, without training the encoder.

    The held-out loss is always of the same tokens, hidden by the paper's rule, whatever was trained
    with. Sentiment is read by a linear probe, paraphrase by the cosine and a threshold, similarity
    by the cosine.
    """
    original = experiment.original()
    encoder = original.encoder.to(context.device)
    head = original.mlm_head or experiment.fresh_mlm_head(encoder, context.seed)
    head.to(context.device)
    measures = {}
    if cell.how != NONE:
        corpora = {
            name: rows.all_rows
            for name, rows in parts.train.items()
            if cell.how != OWN or not rows.task.pairs
        }
        history = pretrain_masked_language_model(
            encoder, head, corpora, table, cell.recipe, cell.settings, context
        )
        measures = {"training_s": history.seconds, "training_tokens": float(history.tokens)}
    same = replace(cell.recipe, masking=PAPER_RULE)
    for name, rows in parts.held_out.items():
        loss = masked_loss(encoder, head, rows.all_rows, table, same, context, name)
        measures[f"{name}_perplexity"] = perplexity(loss)
    both = (parts.train, parts.held_out)
    wanted = [row for part in both for rows in part.values() for row in rows.all_rows]
    vectors = embed_all(encoder, wanted, table, cell.recipe, context)
    predictions = {}
    for name, rows in parts.held_out.items():
        known = parts.train[name]
        if rows.task.head == "cosine":
            predictions[name] = similarities(vectors, rows)
        elif rows.task.pairs:
            predictions[name] = paraphrases_by_cosine(vectors, {"train": known, "dev": rows})
        else:
            predictions[name] = linear_probe(
                vectors[list(known.first)], known.labels.long().numpy(), vectors[list(rows.first)]
            )
    return Found(predictions, measures)


MASKED_LANGUAGE_MODEL = Lab(
    name="masked-language-model",
    question="How should words be hidden, how many and of which texts, and what is left of it?",
    tasks=(SST.name, QUORA.name, STS.name),
    baseline=BASELINE,
    cells=cells_of,
    train=train,
)
