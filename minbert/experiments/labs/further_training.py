"""Further-training lab: from which encoder, and how, does ranking improve the vectors?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from minbert.config import SIZES
from minbert.data.classroom.corpus import classroom_corpus
from minbert.encoder import Encoder
from minbert.experiments.experiment import Experiment
from minbert.experiments.labs.ranking_loss import rank_and_read
from minbert.experiments.labs.table import verdict
from minbert.experiments.labs.trial import Cell, Found, Lab
from minbert.experiments.markdown import interval, signed
from minbert.experiments.pretrain_tiny import CORPUS_SEED, RECIPE, SETTINGS
from minbert.experiments.sweep import Parts
from minbert.heads import MaskedLanguageModelHead
from minbert.pretrained import from_pretrained, read_config, save_pretrained
from minbert.tasks import QUORA, STS
from minbert.training.loop import RunContext, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.recipe import RECIPES
from minbert.training.sentences import SentenceTable

RANDOM, EARLY, PUBLISHED = "random weights", "early", "as published"
"""Where ranking begins: never trained; two epochs of the twenty-five in which `tiny` was made, for
encoders of its size; and the encoder that the experiment names."""
EARLY_EPOCHS = 2
VECTORS = ("mean", "pooler")
UNTOUCHED = "untouched"


def cells_of(experiment: Experiment) -> list[Cell]:
    """Every start and pooling: untouched, and ranked with three pairs of scale and rate."""
    settings = experiment.preset.mnrl
    slow = replace(settings, learning_rate=settings.learning_rate / 10)
    ways = {
        "scale 20": (20.0, settings),
        "scale 1": (1.0, settings),
        "scale 20, a tenth of the rate": (20.0, slow),
    }
    is_tiny = read_config(experiment.encoder_name).size == SIZES["tiny"].size
    cells = []
    for start in (RANDOM, EARLY, PUBLISHED) if is_tiny else (RANDOM, PUBLISHED):
        for pooling in VECTORS:
            base = replace(RECIPES["lab"], name="further", pooling=pooling)
            alone = f"{start}, {pooling}, {UNTOUCHED}"
            cells.append(Cell(alone, base, settings, f"{start}, {UNTOUCHED}", against=alone))
            cells += [
                Cell(
                    f"{start}, {pooling}, {way}",
                    replace(base, scale=scale),
                    trained,
                    start,
                    against=alone,
                )
                for way, (scale, trained) in ways.items()
            ]
    return cells


def train(
    experiment: Experiment, cell: Cell, parts: Parts, table: SentenceTable, context: RunContext
) -> Found:
    """Make the encoder that the cell begins with, rank unless it is to stay, read the vectors."""
    start, _, rest = cell.how.partition(", ")
    encoder = beginning(experiment, start, context).to(context.device)
    return rank_and_read(encoder, cell, parts, table, context, ranks=rest != UNTOUCHED)


def beginning(experiment: Experiment, start: str, context: RunContext) -> Encoder:
    """The encoder of a start; what is drawn and trained follows from the seed of `context`."""
    original = experiment.original()
    if start == PUBLISHED:
        return original.encoder
    config = original.encoder.config
    encoder = Encoder(config, generator_for(context.seed, "start"))
    if start == RANDOM:
        return encoder
    settings = replace(SETTINGS, epochs=EARLY_EPOCHS)

    def compute(folder: Path) -> None:
        head = MaskedLanguageModelHead(config, generator_for(context.seed, "start", "head"))
        general = SentenceTable(original.tokenizer, config.max_position_embeddings)
        corpus = {"general": general.add(classroom_corpus(CORPUS_SEED).general["train"])}
        own = experiment.context(context.seed, folder)
        models = (encoder.to(context.device), head.to(context.device))
        pretrain_masked_language_model(*models, corpus, general, RECIPE, settings, own)
        save_pretrained(folder, encoder, original.tokenizer)

    what = {
        "encoder": original.digests,
        "settings": asdict(settings),
        "corpus": CORPUS_SEED,
        "precision": context.precision,
        "seed": context.seed,
    }
    folder = experiment.cache.stage("lab-early", what, compute)  # many cells begin with it
    return from_pretrained(str(folder))[0]


def decision_tree(outcome: Mapping[str, Any], score: str = "sts_pearson") -> str:
    """Markdown: from the start over the pooling to each way of ranking, every leaf a cell.

    Args:
        outcome: of `run_lab` with this lab.
        score: which of its scores the leaves show.
    """
    lines: list[str] = []
    for name, cell in outcome["cells"].items():
        test = cell["against_baseline"].get(score)
        if test is None:
            value = cell[score]
            lines.append(f"- **{name}**: {value['value']:.3f} {interval(value['ci95'])}")
        else:
            way = name.removeprefix(cell["against"].removesuffix(UNTOUCHED))
            shown = f"{signed(test['difference'])} {interval(test['ci95'])}"
            lines.append(f"  - ranked, {way}: {shown}, {verdict(test)}")
    return "\n".join(lines) + "\n"


FURTHER_TRAINING = Lab(
    name="further-training",
    question="From which encoder, and how, does ranking improve the vectors?",
    tasks=(QUORA.name, STS.name),
    baseline=f"{PUBLISHED}, {VECTORS[0]}, {UNTOUCHED}",
    cells=cells_of,
    train=train,
)
