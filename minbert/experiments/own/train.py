"""`minbert train` as a function: own data and an encoder in, a model and its tables out."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from minbert import checks
from minbert.data.examples import CourseData
from minbert.data.table import table_line
from minbert.experiments.cache import StageCache, default_folder
from minbert.experiments.experiment import Experiment
from minbert.experiments.own.card import card_of
from minbert.experiments.own.choices import (
    OwnSettings,
    check_stages,
    default_stages,
    recipe_for_own,
    settings_for,
)
from minbert.experiments.own.model_folder import save_model
from minbert.experiments.own.results import TRAINED, UNTOUCHED, collect, dev_file, tables_markdown
from minbert.experiments.own.seen_texts import SEEN_FILE, save_seen_texts
from minbert.experiments.own.stages import OwnStages
from minbert.experiments.run_folder import write_json
from minbert.experiments.stage_files import read_history
from minbert.folders.replaced import Kind, ReplacedFolder, claimed
from minbert.precision import resolve_device, resolve_precision
from minbert.pretrained import from_pretrained, has_mlm_head
from minbert.tasks import PAPER_TASKS
from minbert.training.recipe import PRESETS

logger = logging.getLogger(__name__)

TRAIN = Kind("train", ("results.json", "tables.md", "curves.csv", SEEN_FILE, "answers/", "model/"))
"""What is written, for `claimed`."""


@dataclass(frozen=True)
class OwnOutcome:
    """What a run on own data gave."""

    verdict: tuple[str, ...]
    """Did it help? A sentence for each task."""
    tables: str
    """As Markdown."""
    results: dict[str, Any]
    """The content of results.json."""
    model: Path
    """Folder that `minbert.from_pretrained` and `minbert encode --model` read."""


def train_own(
    data: CourseData,
    encoder: str = "minilm",
    out: str | Path | ReplacedFolder = "trained",
    *,
    stages: Sequence[str] | None = None,
    seeds: Sequence[int] = (0,),
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    scale: float = 20.0,
    symmetric: bool = True,
    chunk: int | None = None,
    device: str = "auto",
    precision: str = "auto",
    cache: str | Path | None = None,
    command: str = "",
) -> OwnOutcome:
    """Train an encoder on data of one's own, and say whether it helped.

    Finished stages are kept in the cache, an interrupted one goes on where it was. The same dev
    rows are answered by the untouched encoder and by the trained one; a paired test holds the two
    against each other, and baselines without deep learning stand beside them.

    Args:
        data: from `minbert.data.own_data` or `load_own`.
        encoder: as for `minbert.from_pretrained`.
        out: folder that is new, empty or of an earlier run of this kind.
        stages: some of `mlm`, `ranking`, `joint`; without, all that the data are for (see
            `minbert.experiments.own.choices.default_stages`).
        seeds: a run for each; the model of the first is written.
        epochs, batch_size, learning_rate: of every stage; without, the defaults of this size.
        scale: of the ranking loss: the inverse temperature.
        symmetric: whether it ranks both ways.
        chunk: sentences in memory at a time while ranking; None: all.
        device: `auto`, `cpu`, `cuda`.
        precision: `auto`, `fp32`, `bf16`.
        cache: folder for finished stages; without, `MINBERT_CACHE`.
        command: recorded in results.json.

    Raises:
        ValueError: data without tasks for a stage, an unknown stage or setting, or `out` holds
            something else.
        FileNotFoundError, OSError: see `minbert.from_pretrained`; or the disk is full.
    """
    with nullcontext(out) if isinstance(out, ReplacedFolder) else claimed(out, TRAIN) as folder:
        checks.distinct_seeds(seeds)
        where = resolve_device(device)
        loaded, _ = from_pretrained(encoder)
        chosen = check_stages(
            default_stages(data, has_mlm_head(encoder)) if stages is None else stages, data
        )
        settings = _changed(settings_for(loaded.config), epochs, batch_size, learning_rate)
        recipe = recipe_for_own(data, loaded.pooling, scale, symmetric)
        recipe = replace(recipe, ranking_chunk=chunk)
        experiment = _experiment(data, encoder, recipe, where, precision, cache)
        del loaded
        logger.info("tier: %s data (%s)", data.tier, data.note)
        logger.info("encoder %s, stages %s", encoder, ", ".join(chosen))
        if data.text and "mlm" not in chosen:
            logger.info(
                "the text is not trained on: %s has no trained masked-language-model head, and a "
                "fresh one does harm first (--stages mlm … trains on it nevertheless)",
                encoder,
            )
        run = OwnStages(experiment, settings)
        results = collect(experiment, run, chosen, seeds)
        results["command"] = command
        tables = tables_markdown(results)
        model = run.model(chosen, seeds[0])
        answered = {
            UNTOUCHED: run.answered((), seeds[0]),
            TRAINED: run.answered(chosen, seeds[0]),
        }
        with folder.replaced() as working:
            write_json(working / "results.json", results)
            (working / "tables.md").write_text(tables, encoding="utf-8")
            _write_curves(working / "curves.csv", run, chosen, seeds)
            save_seen_texts(working / SEEN_FILE, data)
            (working / "answers").mkdir()
            for name in run.tasks:
                rows = dev_file(run, name, answered)
                text = "".join(table_line(row, ",") for row in rows)
                (working / "answers" / f"{name}-dev.csv").write_text(text, encoding="utf-8")
            save_model(working / "model", model, run.tokenizer, run.thresholds(model))
            card_of(results, model, run.tokenizer, seeds[0]).write(working / "model")
        return OwnOutcome(tuple(results["verdict"]), tables, results, folder.path / "model")


def _experiment(
    data: CourseData,
    encoder: str,
    recipe: Any,
    device: torch.device,
    precision: str,
    cache: str | Path | None,
) -> Experiment:
    if set(data.tasks) & set(PAPER_TASKS):
        raise ValueError(
            "train is for data of your own (text:FILE, pairs:FILE, labelled:FILE), got the "
            "course's: minbert reproduce trains on those"
        )
    return Experiment(
        data=data,
        encoder_name=encoder,
        recipe=recipe,
        preset=PRESETS["quick"],  # own data have settings of their own
        precision=resolve_precision(precision, device),
        device=device,
        cache=StageCache(Path(cache) if cache else default_folder()),
    )


def _changed(
    settings: OwnSettings,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
) -> OwnSettings:
    said = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    given = {name: value for name, value in said.items() if value is not None}
    return replace(
        settings,
        mlm=replace(settings.mlm, **given),
        ranking=replace(settings.ranking, **given),
        joint=replace(settings.joint, **given),
    )


def _write_curves(path: Path, run: OwnStages, stages: Sequence[str], seeds: Sequence[int]) -> None:
    columns = ["seed", "stage", "part", "epoch", "step", "source", "loss", "learning_rate"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for seed in seeds:
            for count, stage in enumerate(stages, start=1):
                for part, history in read_history(run.path(stages[:count], seed)).items():
                    for point in history["points"]:
                        rounded = {key: f"{point[key]:.5g}" for key in ("loss", "learning_rate")}
                        writer.writerow(
                            {"seed": seed, "stage": stage, "part": part, **point, **rounded}
                        )
