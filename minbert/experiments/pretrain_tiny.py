"""How the encoder that is shipped as `tiny` was made: from nothing, with our own MLM stage."""

from __future__ import annotations

import csv
import string
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from minbert.config import SIZES
from minbert.data.classroom.corpus import ClassroomCorpus, classroom_corpus
from minbert.encoder import Encoder
from minbert.experiments.sources import source_digest
from minbert.heads import MaskedLanguageModelHead
from minbert.masking import BERT_RULE
from minbert.pretrained import save_pretrained
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.held_out_loss import masked_loss, perplexity
from minbert.training.loop import RunContext, forget, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.recipe import RECIPES, StageSettings
from minbert.training.sentences import SentenceTable

CORPUS_SEED = 0
RECIPE = replace(
    RECIPES["paper"],
    name="bert",
    masking=BERT_RULE,
    dropout=0.0,
    attention_dropout=0.0,
)
"""BERT's own masking (Devlin et al., 2019), without dropout: the model is too small to overfit."""
SETTINGS = StageSettings(
    epochs=25,
    batch_size=64,
    learning_rate=1e-3,
    schedule="linear",
    warmup_share=0.05,
    weight_decay=0.01,
    max_gradient_norm=1.0,
)


def pretrain_tiny(
    folder: Path, context: RunContext, settings: StageSettings = SETTINGS
) -> dict[str, Any]:
    """Train `tiny` on the general part of the classroom corpus and write it as a model folder.

    The vocabulary is learnt from the training text of all four parts, the weights from `general`
    alone: the model has seen no review, question or caption. An interrupted run goes on from
    `context.checkpoint`.

    Args:
        folder: gets `config.json`, `model.safetensors` (MLM head included), `tokenizer.json`,
            `training.json` (losses on held-out general text, settings), `curve.csv`.
        context: where, in which precision and from which seed.
        settings: fewer epochs for a try.

    Returns:
        The content of `training.json`.
    """
    corpus = classroom_corpus(CORPUS_SEED)
    tokenizer = WordPieceTokenizer.train(_text(corpus), SIZES["tiny"].vocab_size)
    config = replace(SIZES["tiny"], vocab_size=tokenizer.vocab_size)
    encoder = Encoder(config, generator_for(context.seed, "tiny")).to(context.device)
    head = MaskedLanguageModelHead(config, generator_for(context.seed, "tiny", "head"))
    head.to(context.device)
    table = SentenceTable(tokenizer, config.max_position_embeddings)
    rows = {split: table.add(sentences) for split, sentences in corpus.general.items()}

    def held_out_loss() -> float:
        return masked_loss(encoder, head, rows["dev"], table, RECIPE, context, "general")

    before = held_out_loss()
    # A checkpoint of other code or another epoch count is not gone on with.
    mine = replace(context, stage=f"tiny, code {source_digest('experiments/pretrain_tiny.py')}")
    history = pretrain_masked_language_model(
        encoder, head, {"general": rows["train"]}, table, RECIPE, settings, mine
    )
    after = held_out_loss()
    save_pretrained(folder, encoder, tokenizer, mlm_head=head)
    _write_curve(folder / "curve.csv", history.points)
    forget(context.checkpoint)
    return {
        "data": {
            "note": f"classroom corpus (synthetic), seed {CORPUS_SEED}, part general",
            "sentences": {split: len(found) for split, found in rows.items()},
        },
        "parameters": sum(tensor.numel() for tensor in encoder.parameters())
        + sum(tensor.numel() for tensor in head.parameters()),
        "held_out_loss": {"before": before, "after": after},
        "held_out_perplexity": {"before": perplexity(before), "after": perplexity(after)},
        "settings": asdict(settings),
        "masking": {
            name: RECIPE.values()[name]
            for name in ("masking_probability", "mask_share", "random_share")
        },
        "seed": context.seed,
        "precision": context.precision,
        "steps": history.steps,
        "tokens": history.tokens,
        "seconds": history.seconds,
    }


def _text(corpus: ClassroomCorpus) -> list[str]:
    """Training sentences of all parts, and every printable character, so that none is unknown."""
    sentences = [*corpus.general["train"], *string.printable.strip()]
    return sentences + [
        text
        for task in corpus.data.tasks.values()
        for example in task.train
        for text in example.texts
    ]


def _write_curve(path: Path, points: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["epoch", "step", "loss", "learning_rate"])
        writer.writeheader()
        writer.writerows({name: point[name] for name in writer.fieldnames} for point in points)
