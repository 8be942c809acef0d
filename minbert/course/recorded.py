"""Runs that were recorded once, with the command that made each: the numbers behind 08 to 10."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from minbert.clone import material
from minbert.experiments.report import caption

if TYPE_CHECKING:
    import pandas as pd  # a tenth of a kernel's memory, for those who read curves only


def results_folder() -> Path:
    """Where recorded runs are: figures/results of the clone, or of the copy inside the package.

    Raises:
        FileNotFoundError: neither is there.
    """
    return material() / "figures" / "results"


@dataclass(frozen=True)
class Recorded:
    """One recorded run."""

    name: str
    folder: Path

    @cached_property
    def results(self) -> dict[str, Any]:
        """Content of results.json."""
        return json.loads((self.folder / "results.json").read_text(encoding="utf-8"))

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Content of curves.csv."""
        import pandas as pd

        return pd.read_csv(self.folder / "curves.csv")

    @property
    def command(self) -> str:
        """What made it."""
        return self.results["command"]

    @property
    def caption(self) -> str:
        """Data, recipe, seeds and device in one phrase (a grid's)."""
        return caption(self.results)

    def value(self, arm: str, stage: str, metric: str) -> dict[str, Any]:
        """`{"value", "ci95", "per_seed"}` of one cell; the baseline has stage `untrained` only."""
        stages = self.results["arms"][arm]
        return stages.get("untrained", stages.get(stage))[metric]

    def band(self, arm: str, stage: str, metric: str, confidence: float = 0.99) -> tuple:
        """Where one more seed is expected, from the spread of the recorded ones.

        mean ± t · s · sqrt(1 + 1/n): the prediction interval of a single new value.

        Args:
            confidence: that a run of the same kind falls inside.

        Raises:
            ValueError: a single recorded seed tells nothing of the spread.
        """
        return prediction_interval(self.value(arm, stage, metric)["per_seed"], confidence)


def prediction_interval(values: list[float], confidence: float = 0.99) -> tuple[float, float]:
    """Where one more value of a normal sample is expected.

    Raises:
        ValueError: fewer than two values.
    """
    count = len(values)
    if count < 2:
        raise ValueError("a band needs at least two recorded seeds, got one")
    half = special.stdtrit(count - 1, 0.5 + confidence / 2) * np.std(values, ddof=1)
    half *= np.sqrt(1 + 1 / count)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def recorded(name: str) -> Recorded:
    """A run by the name of its folder, for example `lab-tiny-quick`.

    Raises:
        FileNotFoundError: there is none of that name; the message lists those there are.
    """
    folder = results_folder() / name
    if not (folder / "results.json").is_file():
        names = sorted(path.name for path in results_folder().iterdir() if path.is_dir())
        raise FileNotFoundError(f"no recorded run {name!r}: there are {', '.join(names)}")
    return Recorded(name, folder)
