"""Which learning rate? One stage trained at several, judged on held-out training data."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from minbert.experiments.experiment import Experiment
from minbert.experiments.held_out import HELD_OUT, Parts, judge, split_training_data
from minbert.experiments.provenance import computed
from minbert.experiments.stage_files import (
    read_history,
    read_measures,
    save_history,
    write_measures,
)
from minbert.heads import MaskedLanguageModelHead
from minbert.multitask import MultitaskBert
from minbert.training.checkpoint import History
from minbert.training.curve import DivergedError
from minbert.training.loop import Setting, derive_seed, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.mnrl import rank_negatives
from minbert.training.recipe import StageSettings
from minbert.training.sentences import CourseRows
from minbert.training.sentiment import finetune_sentiment

logger = logging.getLogger(__name__)

STAGES = ("mlm", "mnrl", "sst_finetune")


def sweep(
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
        setting = experiment.setting(derive_seed(seed, stage), folder)
        try:
            history = _train(experiment, stage, model, head, rows, parts, rate, setting)
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
    setting: Setting,
) -> History:
    recipe = experiment.recipe
    if stage == "mlm":
        corpora = {task: split.all_rows for task, split in parts.train.items()}
        return pretrain_masked_language_model(
            model.encoder, head, corpora, rows.table, recipe, settings, setting
        )
    if stage == "mnrl":
        pairs = {task: parts.train[task] for task in ("quora", "sts")}
        return rank_negatives(model.encoder, pairs, rows.table, recipe, settings, setting)
    return finetune_sentiment(model, parts.train["sst"], rows.table, recipe, settings, setting)
