"""What an experiment is made of, whatever is done with it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from minbert.data.examples import CourseData
from minbert.encoder import Encoder
from minbert.experiments.cache import StageCache
from minbert.heads import MaskedLanguageModelHead
from minbert.multitask import MultitaskBert
from minbert.pretrained import from_pretrained, has_mlm_head, load_mlm_head
from minbert.tasks import Task
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.digests import (
    config_digest,
    head_digest,
    tokenizer_digest,
    weights_digest,
)
from minbert.training.loop import CHECKPOINT, RunContext, generator_for
from minbert.training.recipe import Preset, Recipe
from minbert.weights import Location, locate

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Original:
    """The model that an experiment begins with."""

    encoder: Encoder
    tokenizer: WordPieceTokenizer
    mlm_head: MaskedLanguageModelHead | None
    """None where the checkpoint brings none, and a fresh one is drawn from the seed."""

    @property
    def digests(self) -> dict[str, str | None]:
        """Of everything that decides what is computed with it."""
        return {
            "weights": weights_digest(self.encoder),
            "config": config_digest(self.encoder.config),
            "tokenizer": tokenizer_digest(self.tokenizer),
            "mlm_head": head_digest(self.mlm_head),
        }


@dataclass(frozen=True)
class Experiment:
    """Everything that decides a result but the arm, the stage and the seed."""

    data: CourseData
    encoder_name: str
    recipe: Recipe
    preset: Preset
    precision: str
    device: torch.device
    cache: StageCache

    @cached_property
    def location(self) -> Location:
        """Files of the model; looked up, verified and said once."""
        return locate(self.encoder_name)

    def original(self, digests: dict[str, str | None] | None = None) -> Original:
        """Read the model, in eval mode on the CPU.

        Args:
            digests: those of an earlier reading.

        Raises:
            ValueError: the files are no model, or others than they were at the earlier reading.
        """
        encoder, tokenizer = from_pretrained(self.location)
        head = None
        if has_mlm_head(self.location):
            head = load_mlm_head(self.location, encoder)
        original = Original(encoder, tokenizer, head)
        if digests not in (None, original.digests):
            raise ValueError(
                f"the files of {self.encoder_name} are others than when this run began: expected "
                "the same model throughout; start again, which computes what depends on it anew"
            )
        return original

    def identity(self, digests: dict[str, str | None]) -> dict[str, Any]:
        """What every stage of this experiment is looked up by.

        Args:
            digests: of the original model.
        """
        return {
            "data": self.data.digest,
            "encoder": digests,
            "recipe": asdict(self.recipe),
            "precision": self.precision,
            "device": self.device.type,
        }

    def fresh_mlm_head(self, encoder: Encoder, seed: int) -> MaskedLanguageModelHead:
        """A masked-language-model head for a model that brings none; said in the log."""
        logger.warning(
            "%s has no masked-language-model head: a fresh one is used, untrained",
            self.encoder_name,
        )
        return MaskedLanguageModelHead(encoder.config, generator_for(seed, "mlm head"))

    def model(
        self,
        encoder: Encoder,
        generator: torch.Generator | None = None,
        tasks: Sequence[Task] | None = None,
    ) -> MultitaskBert:
        """An encoder with the recipe's heads, freshly drawn, on the experiment's device.

        Args:
            encoder: as it is.
            generator: for the heads' weights.
            tasks: without, those of the data that are trained together.
        """
        return MultitaskBert(
            encoder,
            tasks=self.data.joint if tasks is None else tasks,
            dropout=self.recipe.dropout,
            generator=generator,
            paraphrase_compares=self.recipe.paraphrase_compares,
            pooling=self.recipe.pooling,
            pairs=self.recipe.pairs,
            similarity_averages=self.recipe.similarity_averages,
        ).to(self.device)

    def context(self, seed: int, folder: Path | None = None) -> RunContext:
        """Device, precision and seed of a stage; with a folder, its checkpoint is kept there."""
        if folder is None:
            return RunContext(self.device, self.precision, seed)
        return RunContext(self.device, self.precision, seed, folder / CHECKPOINT, stage=folder.name)
