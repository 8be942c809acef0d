"""The stages of a run on own data, each computed once and kept in the cache."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from minbert.data.examples import PairWithNegative
from minbert.encoder import Encoder
from minbert.experiments.experiment import Experiment
from minbert.experiments.own.answers import answers_of, threshold_on
from minbert.experiments.own.choices import OwnSettings
from minbert.experiments.stage_files import (
    Predictions,
    load_heads,
    save_dev_predictions,
    save_heads,
    save_history,
    write_measures,
)
from minbert.heads import MaskedLanguageModelHead
from minbert.multitask import MultitaskBert
from minbert.pretrained import from_pretrained, has_mlm_head, load_mlm_head, save_pretrained
from minbert.tasks import Task
from minbert.training.heads import train_heads
from minbert.training.held_out_loss import masked_loss
from minbert.training.joint import train_jointly
from minbert.training.loop import RunContext, derive_seed, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.pair_ranking import RankedPairs, ranked_pairs_of, train_pair_ranking
from minbert.training.seal import holds
from minbert.training.sentences import SentenceTable
from minbert.training.vectors import embed_all

MOST_TEXTS = 300
"""Held-out texts of which each has its own masked loss, for a paired test."""
MASKED = "masked"
"""Name of the losses of held-out texts among the answers."""
TEST = "{}__test"
"""Name of a task's answers on test among those of a stage."""


class OwnStages:
    """Runs the stages of own data, or takes them from the experiment's cache."""

    def __init__(self, experiment: Experiment, settings: OwnSettings) -> None:
        self.experiment, self.settings = experiment, settings
        original = experiment.original()
        self.tokenizer = original.tokenizer
        self.digests = original.digests
        data = experiment.data
        longest = getattr(original.encoder, "sentence_settings", None)
        limit = original.encoder.config.max_position_embeddings
        meant = longest.max_length if longest is not None and longest.max_length else limit
        self.table = SentenceTable(original.tokenizer, min(limit, meant))
        self.rows = {
            task.name: self.table.add_task(task, splits) for task, splits in data.tasks.items()
        }
        self.tasks: dict[str, Task] = {task.name: task for task in data.tasks}
        self.text = self.table.add(data.text)
        self.held_out_text = self.table.add(data.held_out_text)
        self._identity = {**experiment.identity(self.digests), "settings": settings.values()}

    def path(self, stages: Sequence[str], seed: int) -> Path:
        """Folder of the model after these stages; of none, the original encoder."""
        if not stages:
            return self._stage("own-original", {}, self._save_original)
        parent = self.path(stages[:-1], seed)
        compute = {"mlm": self._mlm, "ranking": self._ranking, "joint": self._joint}[stages[-1]]
        return self._stage(
            f"own-{stages[-1]}",
            {"parent": parent.name, "seed": seed},
            lambda folder: compute(folder, parent, tuple(stages), seed),
        )

    def answered(self, stages: Sequence[str], seed: int) -> Path:
        """Folder with the answers on dev and test of the model after these stages.

        Heads that no stage has trained are trained on the frozen encoder, as those of the
        untouched one are, so that the two differ in the encoder alone.
        """
        parent = self.path(stages, seed)
        return self._stage(
            "own-answers",
            {"parent": parent.name, "seed": seed},
            lambda folder: self._answer(folder, parent, seed),
        )

    def model(self, stages: Sequence[str], seed: int) -> MultitaskBert:
        """The model after these stages, heads included, in eval mode."""
        answered = self.answered(stages, seed)
        encoder, _ = self._load_encoder(self.path(stages, seed))
        model = self.experiment.model(encoder, tasks=self.experiment.data.joint)
        load_heads(answered, model)
        return model.eval()

    def thresholds(self, model: MultitaskBert) -> dict[str, float]:
        """Of yes and no by the cosine, per task, fitted on train."""
        wanted = {
            name: rows["train"]
            for name, rows in self.rows.items()
            if self.tasks[name].head == "yes_or_no"
            and self.tasks[name].metric == "accuracy"
            and self.experiment.recipe.pairs == "cosine"
        }
        if not wanted:
            return {}
        vectors = self._embed(
            model.encoder, [row for rows in wanted.values() for row in rows.all_rows]
        )
        return {name: threshold_on(vectors, rows) for name, rows in wanted.items()}

    def ranked(self) -> dict[str, RankedPairs]:
        """Training pairs of the ranking loss, by task."""
        found = {}
        for name, task in self.tasks.items():
            if task.similar_from is None:
                continue
            examples = self.experiment.data.tasks[task].train
            said = [
                example.negative if isinstance(example, PairWithNegative) else ""
                for example in examples
            ]
            rows = iter(self.table.add([text for text in said if text]))
            negatives = [next(rows) if text else None for text in said]
            pairs = ranked_pairs_of(self.rows[name]["train"], negatives, self.experiment.recipe)
            if len(pairs):
                found[name] = pairs
        return found

    def _stage(self, name: str, what: dict, compute) -> Path:
        return self.experiment.cache.stage(name, {**self._identity, **what}, compute)

    def _context(self, folder: Path | None, stages: Sequence[str], seed: int) -> RunContext:
        return self.experiment.context(derive_seed(seed, "own", *stages), folder)

    def _save_original(self, folder: Path) -> None:
        original = self.experiment.original(self.digests)
        save_pretrained(folder, original.encoder, original.tokenizer, original.mlm_head)
        save_history(folder, {})

    def _mlm(self, folder: Path, parent: Path, stages: tuple[str, ...], seed: int) -> None:
        encoder, tokenizer = self._load_encoder(parent)
        head = self._mlm_head(parent, encoder, seed)
        before = self._masked_losses(encoder, head)
        corpora = (
            {"text": self.text}
            if self.text
            else {name: rows["train"].all_rows for name, rows in self.rows.items()}
        )
        history = pretrain_masked_language_model(
            encoder,
            head,
            corpora,
            self.table,
            self.experiment.recipe,
            self.settings.mlm,
            self._context(folder, stages, seed),
        )
        save_pretrained(folder, encoder, tokenizer, mlm_head=head)
        after = self._masked_losses(encoder, head)
        kept = [not math.isnan(a + b) for a, b in zip(before, after, strict=True)]
        write_measures(
            folder,
            {
                "before": [one for one, keep in zip(before, kept, strict=True) if keep],
                "after": [one for one, keep in zip(after, kept, strict=True) if keep],
            },
        )
        save_history(folder, {"mlm": history})

    def _mlm_head(self, parent: Path, encoder: Encoder, seed: int) -> MaskedLanguageModelHead:
        if has_mlm_head(parent):
            head = load_mlm_head(parent, encoder)
        else:
            head = self.experiment.fresh_mlm_head(encoder, seed)
        return head.to(self.experiment.device)

    def _masked_losses(self, encoder: Encoder, head: MaskedLanguageModelHead) -> list[float]:
        """The masked loss of each held-out text by itself, always with the same masks."""
        rows = self.held_out_text or [
            row for of in self.rows.values() for row in of["dev"].all_rows
        ]
        recipe, context = self.experiment.recipe, self.experiment.context(seed=0)
        return [
            masked_loss(encoder, head, [row], self.table, recipe, context, f"own {place}")
            for place, row in enumerate(list(dict.fromkeys(rows))[:MOST_TEXTS])
        ]

    def _ranking(self, folder: Path, parent: Path, stages: tuple[str, ...], seed: int) -> None:
        encoder, tokenizer = self._load_encoder(parent)
        history = train_pair_ranking(
            encoder,
            self.ranked(),
            self.table,
            self.experiment.recipe,
            self.settings.ranking,
            self._context(folder, stages, seed),
        )
        save_pretrained(folder, encoder, tokenizer)
        save_history(folder, {"ranking": history})

    def _joint(self, folder: Path, parent: Path, stages: tuple[str, ...], seed: int) -> None:
        """Heads on the frozen encoder first, then everything; see `minbert.experiments.grid`."""
        encoder, tokenizer = self._load_encoder(parent)
        model = self.experiment.model(encoder, generator_for(seed, "heads"))
        histories = self._train_heads(model, seed)
        joint = {task.name: self.rows[task.name]["train"] for task in self.experiment.data.joint}
        histories["joint"] = train_jointly(
            model,
            joint,
            self.table,
            self.experiment.recipe,
            self.settings.joint,
            self._context(folder, stages, seed),
        )
        save_pretrained(folder, model.encoder, tokenizer)
        save_heads(folder, model)
        save_history(folder, histories)

    def _train_heads(self, model: MultitaskBert, seed: int) -> dict:
        wanted = {task.name: self.rows[task.name]["train"] for task in model.with_weights}
        if not wanted:
            return {}
        rows = [row for of in wanted.values() for row in of.all_rows]
        vectors = self._embed(model.encoder, rows)
        context = self._context(None, ("heads",), seed)
        return train_heads(model, vectors, wanted, self.settings.heads, context)

    def _answer(self, folder: Path, parent: Path, seed: int) -> None:
        encoder, _ = self._load_encoder(parent)
        model = self.experiment.model(encoder, generator_for(seed, "heads"))
        histories = {}
        if holds(parent, "heads.safetensors"):
            load_heads(parent, model)
        else:
            histories = self._train_heads(model, seed)
        model.eval()
        found: Predictions = {}
        thresholds = self.thresholds(model)
        for name, splits in self.rows.items():
            task = self.tasks[name]
            data = self.experiment.data.tasks[task]
            for split, key in (("dev", name), ("test", TEST.format(name))):
                if len(splits[split]) and splits[split].labels is not None:
                    vectors = self._embed(model.encoder, splits[split].all_rows)
                    found[key] = answers_of(
                        task,
                        splits[split],
                        getattr(data, split),
                        vectors,
                        self.table,
                        model,
                        thresholds.get(name),
                    )
        save_heads(folder, model)
        save_dev_predictions(folder, found)
        save_history(folder, histories)

    def _load_encoder(self, folder: Path) -> tuple[Encoder, object]:
        encoder, tokenizer = from_pretrained(str(folder))
        return encoder.to(self.experiment.device), tokenizer

    def _embed(self, encoder: Encoder, rows: Sequence[int]) -> Tensor:
        context = self.experiment.context(seed=0)
        return embed_all(encoder, rows, self.table, self.experiment.recipe, context)
