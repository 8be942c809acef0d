"""What an experiment is made of, whatever is done with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from minbert.data.examples import CourseData
from minbert.encoder import Encoder
from minbert.multitask import MultitaskBert
from minbert.training.cache import StageCache, weights_digest
from minbert.training.loop import Setting
from minbert.training.recipe import Preset, Recipe


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

    def identity(self, encoder: Encoder) -> dict[str, Any]:
        """What every stage of this experiment is looked up by; `encoder` as it was before any."""
        return {
            "data": self.data.digest,
            "encoder": weights_digest(encoder),
            "recipe": asdict(self.recipe),
            "precision": self.precision,
            "device": self.device.type,
        }

    def model(
        self, encoder: Encoder, generator: torch.Generator | None = None, num_labels: int = 5
    ) -> MultitaskBert:
        """An encoder with the recipe's heads, freshly drawn, on the experiment's device."""
        return MultitaskBert(
            encoder,
            num_labels=num_labels,
            dropout=self.recipe.dropout,
            generator=generator,
            paraphrase_compares=self.recipe.paraphrase_compares,
            pooling=self.recipe.pooling,
        ).to(self.device)

    def setting(self, seed: int, folder: Path | None = None) -> Setting:
        """Device, precision and seed of a stage; with a folder, its checkpoint is kept there."""
        checkpoint = None if folder is None else folder / "checkpoint.pt"
        return Setting(self.device, self.precision, seed, checkpoint)
