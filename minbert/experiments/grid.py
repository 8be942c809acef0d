"""The stages of the paper's arms, each shared one computed once and kept in the cache."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from torch import Tensor

import minbert.training.parallel as parallel
from minbert.encoder import Encoder
from minbert.experiments.arms import FINETUNED, JOINT, encoder_path
from minbert.experiments.experiment import Experiment
from minbert.experiments.stage_files import (
    Predictions,
    by_cosine,
    load_heads,
    paraphrases_by_cosine,
    predict_tasks,
    save_dev_predictions,
    save_heads,
    save_history,
    similarities,
    write_measures,
)
from minbert.heads import ONE_PASS, MaskedLanguageModelHead
from minbert.multitask import MultitaskBert
from minbert.pretrained import from_pretrained, has_mlm_head, load_mlm_head, save_pretrained
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.finetune import fine_tune
from minbert.training.heads import train_heads
from minbert.training.held_out_loss import masked_loss
from minbert.training.joint import train_jointly
from minbert.training.loop import History, RunContext, derive_seed, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.mnrl import ranked_pairs, train_ranking
from minbert.training.seal import holds
from minbert.training.sentences import CourseRows
from minbert.training.vectors import embed_all, pair_vectors

MLM_DEV_SENTENCES = 1000
"""Of each task, on which the masked-language-model loss is measured."""


class Grid:
    """Runs the stages of an experiment, or takes them from its cache.

    Every stage is a folder: `model.safetensors`, `config.json`, `tokenizer.json` where the encoder
    changed, `heads.safetensors`, `predictions.npz` (dev) where it was evaluated, `history.json`.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        original = experiment.original()
        self.tokenizer = original.tokenizer
        self.rows = CourseRows(
            experiment.data, self.tokenizer, original.encoder.config.max_position_embeddings
        )
        self.digests = original.digests
        self._identity = experiment.identity(self.digests)
        self._vectors: dict[str, Tensor] = {}

    def folder(self, arm: str, stage: str, seed: int) -> Path:
        """Folder of an arm's evaluated stage (`untrained`, `heads`, `sst_finetune`, `joint`)."""
        if stage == JOINT:
            return self._joint(seed)
        path = encoder_path(self.experiment.recipe, arm)
        if stage == "sst_finetune":
            return self._sst_finetune(path, seed)
        return self._heads(path, seed, trained=stage == "heads")

    def encoder_folder(self, path: tuple[str, ...], seed: int) -> Path:
        """Folder of the encoder after the stages in `path`; () is the original one."""
        if not path:
            return self._stage("original", {}, self._save_original)
        parent = self.encoder_folder(path[:-1], seed)
        settings = getattr(self.experiment.preset, path[-1])
        compute = self._pretrain_mlm if path[-1] == "mlm" else self._train_ranking
        return self._stage(
            path[-1],
            {"parent": parent.name, "settings": asdict(settings), "seed": seed},
            lambda folder: compute(folder, parent, path, seed),
        )

    def load_stage(self, arm: str, stage: str, seed: int) -> MultitaskBert:
        """The model of an arm's evaluated stage, whose encoder may be that of an earlier stage."""
        folder = self.folder(arm, stage, seed)
        own = holds(folder, "model.safetensors")
        path = encoder_path(self.experiment.recipe, arm)
        return self.load(folder, None if own else self.encoder_folder(path, seed))

    def load(self, folder: Path, encoder_folder: Path | None = None) -> MultitaskBert:
        """A stage's model, heads included, in eval mode on the experiment's device."""
        encoder, _ = from_pretrained(str(encoder_folder or folder))
        model = self.experiment.model(encoder)
        load_heads(folder, model)
        return model.eval()

    def predict(self, model: MultitaskBert, split: str) -> Predictions:
        """Predictions of all tasks on "dev" or "test"; an empty split is left out."""
        return self._answers(model, split)[0]

    def _answers(self, model: MultitaskBert, split: str) -> tuple[Predictions, Tensor]:
        """Predictions, and the sentence vectors they were read from, by row of the table."""
        wanted = self.rows.split(split)
        rows = [row for split_rows in wanted.values() for row in split_rows.all_rows]
        vectors = self._embed(model.encoder, rows)
        recipe, context = self.experiment.recipe, self.experiment.context(seed=0)
        together = pair_vectors(model.encoder, wanted, self.rows.table, recipe, context)
        return predict_tasks(model, vectors, wanted, together), vectors

    def _stage(self, name: str, what: dict, compute) -> Path:
        return self.experiment.cache.stage(name, {**self._identity, **what}, compute)

    def _context(self, folder: Path | None, path: Iterable[str], seed: int) -> RunContext:
        return self.experiment.context(derive_seed(seed, *path), folder)

    def _save_original(self, folder: Path) -> None:
        if parallel.first():
            original = self.experiment.original(self.digests)
            save_pretrained(folder, original.encoder, original.tokenizer, original.mlm_head)
            save_history(folder, {})

    def _pretrain_mlm(self, folder: Path, parent: Path, path: tuple[str, ...], seed: int) -> None:
        encoder, tokenizer = self._load_encoder(parent)
        if has_mlm_head(parent):
            head = load_mlm_head(parent, encoder)
        else:
            head = self.experiment.fresh_mlm_head(encoder, seed)
        head.to(self.experiment.device)
        before = self._dev_losses(encoder, head)
        history = pretrain_masked_language_model(
            encoder,
            head,
            {task: splits["train"].all_rows for task, splits in self.rows.tasks.items()},
            self.rows.table,
            self.experiment.recipe,
            self.experiment.preset.mlm,
            self._context(folder, path, seed),
        )
        if parallel.first():
            save_pretrained(folder, encoder, tokenizer, mlm_head=head)
            write_measures(folder, {"before": before, "after": self._dev_losses(encoder, head)})
            save_history(folder, {"mlm": history})

    def _dev_losses(self, encoder: Encoder, head: MaskedLanguageModelHead) -> dict[str, float]:
        """Masked-language-model loss on dev sentences of each task, nats per masked token."""
        losses = {}
        for task, splits in self.rows.tasks.items():
            rows = list(dict.fromkeys(splits["dev"].all_rows))[:MLM_DEV_SENTENCES]
            losses[task] = masked_loss(
                encoder,
                head,
                rows,
                self.rows.table,
                self.experiment.recipe,
                self.experiment.context(seed=0),
                task,
            )
        return losses

    def _train_ranking(self, folder: Path, parent: Path, path: tuple[str, ...], seed: int) -> None:
        encoder, tokenizer = self._load_encoder(parent)
        history = train_ranking(
            encoder,
            ranked_pairs(self.rows.split("train")),
            self.rows.table,
            self.experiment.recipe,
            self.experiment.preset.mnrl,
            self._context(folder, path, seed),
        )
        if parallel.first():
            save_pretrained(folder, encoder, tokenizer)
            save_history(folder, {"mnrl": history})

    def _heads(self, path: tuple[str, ...], seed: int, trained: bool) -> Path:
        parent = self.encoder_folder(path, seed)
        settings = asdict(self.experiment.preset.heads) if trained else None
        return self._stage(
            "heads" if trained else "untrained",
            {"parent": parent.name, "settings": settings, "seed": seed},
            lambda folder: self._compute_heads(folder, parent, path, seed, trained),
        )

    def _compute_heads(
        self, folder: Path, parent: Path, path: tuple[str, ...], seed: int, trained: bool
    ) -> None:
        encoder, _ = self._load_encoder(parent)
        model = self.experiment.model(encoder, generator_for(seed, "heads"))
        tasks = self.rows.tasks
        started = time.perf_counter()
        vectors = self._frozen_vectors(parent.name, model)
        histories = {"encode": History(seconds=time.perf_counter() - started)}
        if not parallel.first():
            return
        if trained:
            settings = self.experiment.preset.heads
            context = self._context(None, path, seed)  # seconds of work: nothing to resume
            rows = self.rows.split("train")
            with parallel.alone():  # nor to share
                histories |= train_heads(model, vectors, rows, settings, context)
        predictions = predict_tasks(model.eval(), vectors, self.rows.split("dev"))
        for task in model.tasks:
            if task.head == "yes_or_no":
                predictions[by_cosine(task)] = paraphrases_by_cosine(vectors, tasks[task.name])
        save_heads(folder, model)
        save_dev_predictions(folder, predictions)
        save_history(folder, histories)

    def _sst_finetune(self, path: tuple[str, ...], seed: int) -> Path:
        parent = self._heads(path, seed, trained=True)
        settings = self.experiment.preset.sst_finetune

        def compute(folder: Path) -> None:
            model = self.load(parent, self.encoder_folder(path, seed))
            history = fine_tune(
                model,
                self.rows.tasks[FINETUNED.name]["train"],
                self.rows.table,
                self.experiment.recipe,
                settings,
                self._context(folder, path, seed),
            )
            predictions = self.predict(model, "dev")
            if parallel.first():
                save_pretrained(folder, model.encoder, self.tokenizer)
                save_heads(folder, model)
                save_dev_predictions(folder, predictions)
                save_history(folder, {"sst_finetune": history})

        return self._stage(
            "sst_finetune",
            {"parent": parent.name, "settings": asdict(settings), "seed": seed},
            compute,
        )

    def _joint(self, seed: int) -> Path:
        """All tasks at once, from heads that were trained on the frozen encoder where they can be.

        The encoder has gone through the recipe's `intermediate` stages before. A fresh head sends
        gradients of no meaning into the encoder. Source: Kumar et al. (2022), who train the head
        first, then everything. Vectors of pairs in one pass are not kept, so
        heads that read them begin fresh.
        """
        recipe = self.experiment.recipe
        settings, path = recipe.joint, recipe.intermediate
        if settings is None:
            raise ValueError(
                f"the recipe {recipe.name} has no joint stage: expected one whose "
                "`joint` says how long it trains, such as best"
            )
        start = self.encoder_folder(path, seed)
        first_heads = recipe.pairs not in ONE_PASS
        parent = self._heads(path, seed, trained=True) if first_heads else start

        def compute(folder: Path) -> None:
            if first_heads:
                model = self.load(parent, start)
            else:
                encoder, _ = self._load_encoder(start)
                model = self.experiment.model(encoder, generator_for(seed, "heads"))
            history = train_jointly(
                model,
                self.rows.split("train"),
                self.rows.table,
                recipe,
                settings,
                self._context(folder, (*path, JOINT), seed),
            )
            predictions, vectors = self._answers(model, "dev")
            for rows in self.rows.split("dev").values():
                if rows.task.head == "cosine":
                    predictions[by_cosine(rows.task)] = similarities(vectors, rows)
            if parallel.first():
                save_pretrained(folder, model.encoder, self.tokenizer)
                save_heads(folder, model)
                save_dev_predictions(folder, predictions)
                save_history(folder, {JOINT: history})

        return self._stage(JOINT, {"parent": parent.name, "seed": seed}, compute)

    def _load_encoder(self, folder: Path) -> tuple[Encoder, WordPieceTokenizer]:
        encoder, tokenizer = from_pretrained(str(folder))
        return encoder.to(self.experiment.device), tokenizer

    def _embed(self, encoder: Encoder, rows: Iterable[int]) -> Tensor:
        context = self.experiment.context(seed=0)
        return embed_all(encoder, rows, self.rows.table, self.experiment.recipe, context)

    def _frozen_vectors(self, name: str, model: MultitaskBert) -> Tensor:
        """Vectors of a frozen encoder for all that heads are trained and evaluated on.

        Kept for the encoders most recently used: `baseline` and `heads_only` of all seeds share
        the original one.
        """
        if name not in self._vectors:
            tasks = self.rows.tasks
            splits = [tasks[task.name]["train"] for task in model.with_weights]
            splits += self.rows.split("dev").values()
            rows = [row for split in splits for row in split.all_rows]
            while len(self._vectors) > 1:
                del self._vectors[next(iter(self._vectors))]
            self._vectors[name] = self._embed(model.encoder, rows)
        return self._vectors[name]
