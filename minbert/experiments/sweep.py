"""Which learning rate? One stage trained at several, judged on held-out training data."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from minbert import losses
from minbert.encoder import Encoder
from minbert.evaluating import evaluating
from minbert.evaluation.metrics import score
from minbert.experiments.arms import FINETUNED
from minbert.experiments.experiment import Experiment
from minbert.experiments.provenance import computed
from minbert.experiments.stage_files import (
    read_history,
    read_measures,
    save_history,
    write_measures,
)
from minbert.heads import MaskedLanguageModelHead, similarity_score
from minbert.multitask import MultitaskBert
from minbert.training.curve import DivergedError
from minbert.training.finetune import fine_tune
from minbert.training.held_out_loss import masked_loss, perplexity
from minbert.training.loop import History, RunContext, derive_seed, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.mnrl import is_similar, ranked_pairs, train_ranking
from minbert.training.recipe import Recipe, StageSettings
from minbert.training.sentences import CourseRows, TaskRows
from minbert.training.vectors import embed_all

HELD_OUT = 0.1
"""Share of each training split that is kept for judging."""


@dataclass(frozen=True)
class Parts:
    """A training split cut in two."""

    train: dict[str, TaskRows]
    held_out: dict[str, TaskRows]


def split_training_data(rows: CourseRows, share: float, seed: int) -> Parts:
    """Hold out a tenth of each training split, and keep `share` of the rest for training.

    Sentences of held-out pairs may occur in training pairs as well (Quora's questions recur), so
    absolute values are optimistic; the comparison between rates is what it is for.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"share must lie in (0, 1], got {share}")
    train, held_out = {}, {}
    for task, splits in rows.tasks.items():
        split = splits["train"]
        order = torch.randperm(len(split), generator=generator_for(seed, "split", task)).tolist()
        cut = max(1, round(HELD_OUT * len(split)))
        held_out[task] = split.subset(order[:cut])
        train[task] = split.subset(order[cut : cut + max(1, round(share * (len(split) - cut)))])
    return Parts(train, held_out)


@torch.inference_mode()
def judge(
    experiment: Experiment,
    stage: str,
    model: MultitaskBert,
    head: MaskedLanguageModelHead | None,
    rows: CourseRows,
    parts: Parts,
) -> dict[str, float]:
    """Measures on the held-out rows, dropout off.

    mlm: loss (nats per masked token, always the same masks) and perplexity. mnrl: ranking loss
    in batches of 32 pairs (mean over all similar pairs; nan if there is none), Pearson's r of the
    similarity head on held-out STS pairs, and the mean cosine of random sentences (near 1:
    collapsed). sst_finetune: accuracy, and the same three, which say what sentiment costs the
    other tasks.
    """
    context = experiment.context(seed=0)
    recipe, table, encoder = experiment.recipe, rows.table, model.encoder
    if stage == "mlm":
        return _judge_mlm(encoder, head, rows, parts, experiment, context)
    wanted = [row for split in parts.held_out.values() for row in split.all_rows]
    vectors = embed_all(encoder, wanted, table, recipe, context)
    measures = _judge_pairs(vectors, parts, recipe)
    if stage == "sst_finetune":
        split = parts.held_out[FINETUNED.name]
        with evaluating(model):
            said = model.predict(FINETUNED, vectors[list(split.first)].to(context.device))
        right = score(FINETUNED, said.cpu().numpy(), split.labels.numpy())
        measures = {FINETUNED.measure: right, **measures}
    return measures


def _judge_pairs(vectors: Tensor, parts: Parts, recipe: Recipe) -> dict[str, float]:
    total, positives = 0.0, 0
    for split in ranked_pairs(parts.held_out).values():
        for start in range(0, len(split), 32):
            batch = split.subset(range(start, min(start + 32, len(split))))
            similar = is_similar(batch, recipe)
            count = int(similar.sum())
            if count and len(batch) > 1:
                first, second = vectors[list(batch.first)], vectors[list(batch.second)]
                loss = losses.multiple_negatives_ranking(
                    first, second, similar, scale=recipe.scale, symmetric=recipe.symmetric
                )
                total, positives = total + loss.item() * count, positives + count
    pairs = [split for split in parts.held_out.values() if split.task.pairs]
    read = {
        split.task.measure: score(
            split.task,
            similarity_score(vectors[list(split.first)], vectors[list(split.second)]).numpy(),
            split.labels.numpy(),
        )
        for split in pairs
        if split.task.head == "cosine"
    }
    others = pairs[0].second[1:] + pairs[0].second[:1]
    random_pairs = F.cosine_similarity(vectors[list(pairs[0].first)], vectors[list(others)], dim=-1)
    return {
        "ranking_loss": total / positives if positives else math.nan,
        **read,
        "random_pair_cosine": random_pairs.mean().item(),
    }


def _judge_mlm(
    encoder: Encoder,
    head: MaskedLanguageModelHead,
    rows: CourseRows,
    parts: Parts,
    experiment: Experiment,
    context: RunContext,
) -> dict[str, float]:
    measures = {}
    for task, split in parts.held_out.items():
        loss = masked_loss(
            encoder, head, split.all_rows, rows.table, experiment.recipe, context, task
        )
        measures |= {f"{task}_loss": loss, f"{task}_perplexity": perplexity(loss)}
    measures["mean_loss"] = sum(measures[f"{task}_loss"] for task in parts.held_out) / len(
        parts.held_out
    )
    return measures


logger = logging.getLogger(__name__)

STAGES = ("mlm", "mnrl", "sst_finetune")


def sweep_learning_rates(
    experiment: Experiment,
    stage: str,
    learning_rates: Sequence[float],
    settings: StageSettings,
    share: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Train one stage from the original encoder at each learning rate.

    Each rate is a stage of the experiment's cache: an interrupted sweep goes on where it was.

    Args:
        stage: of `STAGES`.
        learning_rates: peak values to try.
        settings: of the stage; its own learning rate is replaced.
        share: of the training data that is used, in (0, 1].

    Returns:
        `{"stage", "share", "held_out", "before": measures, "rates": [{"learning_rate", "diverged",
        "seconds", "curve", "after": measures}], "computed"}`; see `judge` for the measures, and
        `minbert.experiments.provenance.computed`.

    Raises:
        ValueError: an unknown stage, or a share outside its range.
    """
    if stage not in STAGES:
        raise ValueError(f"stage must be one of {', '.join(STAGES)}, got {stage!r}")
    original = experiment.original()
    digests, longest = original.digests, original.encoder.config.max_position_embeddings
    rows = CourseRows(experiment.data, original.tokenizer, longest)
    parts = split_training_data(rows, share, seed)
    what = {**experiment.identity(digests), "share": share, "seed": seed}

    def before(folder: Path) -> None:
        model, head = _fresh(experiment, digests, stage, seed)
        write_measures(folder, judge(experiment, stage, model, head, rows, parts))

    def at_rate(folder: Path, rate: StageSettings) -> None:
        model, head = _fresh(experiment, digests, stage, seed)
        context = experiment.context(derive_seed(seed, stage), folder)
        try:
            history = _train(experiment, stage, model, head, rows, parts, rate, context)
            measures = judge(experiment, stage, model, head, rows, parts)
        except DivergedError as error:
            logger.warning("%s", error)
            history, measures = History(), {"diverged": str(error)}
        write_measures(folder, measures)
        save_history(folder, {stage: history})

    start = experiment.cache.stage(f"sweep-{stage}-before", what, before)
    outcome: dict[str, Any] = {
        "stage": stage,
        "share": share,
        "held_out": HELD_OUT,
        "training_rows": {task: len(split) for task, split in parts.train.items()},
        "held_out_rows": {task: len(split) for task, split in parts.held_out.items()},
        "before": read_measures(start),
        "rates": [],
    }
    folders = {"before": start}
    for learning_rate in learning_rates:
        rate = replace(settings, learning_rate=learning_rate)
        folder = experiment.cache.stage(
            f"sweep-{stage}",
            {**what, "settings": asdict(rate)},
            lambda folder, rate=rate: at_rate(folder, rate),
        )
        folders[f"learning rate {learning_rate:g}"] = folder
        history, measures = read_history(folder)[stage], read_measures(folder)
        diverged = measures.pop("diverged", None)
        outcome["rates"].append(
            {
                "learning_rate": learning_rate,
                "diverged": diverged,
                "seconds": history["seconds"],
                "steps": history["steps"],
                "skipped": history["skipped"],
                "after": measures or None,
                "curve": history["points"],
            }
        )
    outcome["computed"] = computed(folders, experiment.device)
    return outcome


def _fresh(
    experiment: Experiment, digests: dict[str, str | None], stage: str, seed: int
) -> tuple[MultitaskBert, MaskedLanguageModelHead | None]:
    original = experiment.original(digests)
    model = experiment.model(original.encoder, generator_for(seed, "heads"))
    if stage != "mlm":
        return model, None
    head = original.mlm_head or experiment.fresh_mlm_head(original.encoder, seed)
    return model, head.to(experiment.device)


def _train(
    experiment: Experiment,
    stage: str,
    model: MultitaskBert,
    head: MaskedLanguageModelHead | None,
    rows: CourseRows,
    parts: Parts,
    settings: StageSettings,
    context: RunContext,
) -> History:
    recipe = experiment.recipe
    if stage == "mlm":
        corpora = {task: split.all_rows for task, split in parts.train.items()}
        return pretrain_masked_language_model(
            model.encoder, head, corpora, rows.table, recipe, settings, context
        )
    if stage == "mnrl":
        pairs = ranked_pairs(parts.train)
        return train_ranking(model.encoder, pairs, rows.table, recipe, settings, context)
    train = parts.train[FINETUNED.name]
    return fine_tune(model, train, rows.table, recipe, settings, context)
