"""A small experiment on made-up data."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from minbert.data import load_data
from minbert.training.cache import StageCache
from minbert.training.experiment import Experiment
from minbert.training.recipe import PRESETS, RECIPES


@pytest.fixture
def experiment(toy_data_folder: Path, toy_model_folder: Path, tmp_path: Path) -> Experiment:
    """The paper's recipe and preset on made-up data, with an empty cache."""
    return Experiment(
        data=load_data(f"cs224n:{toy_data_folder}"),
        encoder_name=str(toy_model_folder),
        recipe=RECIPES["paper"],
        preset=PRESETS["paper"],
        precision="fp32",
        device=torch.device("cpu"),
        cache=StageCache(tmp_path / "cache"),
    )
