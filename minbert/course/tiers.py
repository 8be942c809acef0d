"""Three tiers, one notebook: which data, which encoder, how much of it is trained on live."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, replace

from minbert.data import LAB_SEED, load_data
from minbert.data.examples import CourseData, TaskData


@dataclass(frozen=True)
class Tier:
    """What a notebook runs on."""

    name: str
    data: str
    """As for `--data`."""
    encoder: str
    preset: str
    most_train: int | None
    """Training examples per task in live runs; None takes all."""
    most_dev: int | None
    """Dev examples per task in live runs; None takes all."""
    recording: str
    """Folder under figures/results that holds the recorded grid of this tier."""


TIERS = {
    "lab": Tier("lab", f"classroom:{LAB_SEED}", "tiny", "quick", None, None, "lab-tiny-quick"),
    "real": Tier("real", "cs224n", "minilm", "quick", 1500, 1000, "real-minilm-quick"),
    "paper": Tier("paper", "cs224n", "bert-base", "paper", None, None, "real-minilm-quick"),
}


def choose_tier(
    name: str | None = None, folder: str | None = None, seed: int | None = None
) -> Tier:
    """The tier that is asked for, by argument or by environment; `lab` without.

    Args:
        name: of `TIERS`; None reads MINBERT_TIER.
        folder: of the CS224N files, for `real` and `paper`; None reads MINBERT_DATA.
        seed: of the classroom corpus, for `lab`; None reads MINBERT_LAB_SEED. Recorded results and
            stored outputs are those of `LAB_SEED`.

    Raises:
        ValueError: no such tier, a real one without a folder, or a seed that is no whole number
            from 0. There is no silent fallback.
    """
    name = name or os.environ.get("MINBERT_TIER") or "lab"
    if name not in TIERS:
        raise ValueError(f"tier must be one of {', '.join(TIERS)}, got {name!r}")
    tier = TIERS[name]
    if name == "lab":
        wanted = str(seed) if seed is not None else os.environ.get("MINBERT_LAB_SEED") or LAB_SEED
        return replace(tier, data=f"classroom:{_seed(wanted)}")
    folder = folder or os.environ.get("MINBERT_DATA")
    if not folder:
        raise ValueError(
            f"tier {name} needs the CS224N files: set MINBERT_DATA to their folder "
            "(`minbert data download --to DIR` fetches them)"
        )
    return replace(tier, data=f"cs224n:{folder}")


def _seed(wanted: str | int) -> int:
    if not str(wanted).isdecimal():
        raise ValueError(f"the lab's seed must be a whole number from 0, got {wanted!r}")
    return int(wanted)


def live_data(tier: Tier) -> CourseData:
    """The tier's data, cut to what a notebook can train on while somebody waits.

    The cut is a random sample with a fixed seed, and is said in the data's note.
    """
    data = load_data(tier.data)
    if tier.most_train is None and tier.most_dev is None:
        return data
    cut = {
        task: TaskData(
            train=_sample(splits.train, tier.most_train),
            dev=_sample(splits.dev, tier.most_dev),
            test=splits.test,
        )
        for task, splits in data.tasks.items()
    }
    limits = f"at most {tier.most_train:,} training and {tier.most_dev:,} dev examples a task"
    return replace(
        data,
        tasks=cut,
        note=f"{data.note}; live runs: {limits}",
        digest=f"{data.digest}, {limits}",
    )


def _sample(examples: tuple, most: int | None) -> tuple:
    if most is None or len(examples) <= most:
        return examples
    return tuple(random.Random(0).sample(examples, most))
