"""Two ranks of one thread each against one: how much faster they train the same model.

    python benchmarks/ranks.py --out benchmarks/ranks.json

Starts torchrun with two gloo ranks, which stay for the whole call. In turn, rank 0 trains alone
while rank 1 sleeps, then both train together: the same sentences, batches, masks and updates, a
MiniLM-sized encoder with random weights. Each ratio is of two trainings next to each other; printed
are their medians and ranges. The curves of both must be equal within 1e-4 (dropout is 0: its draws
depend on the number of ranks).

Two ranks need two quiet cores. The load average before each pair is recorded: well above the two
that work here, others want the cores as well, and seconds say little. So the processor time of each
training is recorded, too, of the slower rank: its ratio is what two quiet cores would give if no
rank ever waited for the other.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch
from torch.distributed import run as torchrun

from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.heads import MaskedLanguageModelHead
from minbert.progress import listening
from minbert.ranks import launched
from minbert.tasks import QUORA
from minbert.tokenizer import WordPieceTokenizer
from minbert.training import parallel
from minbert.training.loop import History, RunContext, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.mnrl import train_ranking
from minbert.training.recipe import RECIPES, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows

CPU = torch.device("cpu")
MINILM = ModelConfig(hidden_size=384, num_hidden_layers=6, intermediate_size=1536)
RECIPE = replace(RECIPES["paper"], dropout=0.0, attention_dropout=0.0)
BAR = 1.7
WITHIN = 1e-4
"""By how much the losses of both may differ, in nats."""


def made_up(count: int, words: int) -> list[str]:
    """Sentences of 10 to 30 words."""
    draw = generator_for("made-up sentences")
    lengths = torch.randint(10, 31, (count,), generator=draw).tolist()
    return [
        " ".join(f"w{i}" for i in torch.randint(words, (length,), generator=draw).tolist())
        for length in lengths
    ]


class Trainings:
    """The stages that are timed, each from the same weights every time."""

    def __init__(self, config: ModelConfig, batch_size: int, steps: int) -> None:
        sentences = made_up(batch_size * steps, 200)
        tokenizer = WordPieceTokenizer.train(sentences, vocab_size=400)
        self.table = SentenceTable(tokenizer)
        self.rows = self.table.add(sentences)
        self.config, self.settings = config, StageSettings(1, batch_size, 1e-5)
        half = len(self.rows) // 2
        self.pairs = TaskRows(
            QUORA,
            tuple(f"{place}" for place in range(half)),
            self.rows[:half],
            self.rows[half : 2 * half],
            (torch.arange(half) % 3 > 0).float(),
        )

    def _encoder(self) -> Encoder:
        return Encoder(self.config, generator_for("encoder"))

    def mlm(self) -> History:
        """Masked-language-model training."""
        head = MaskedLanguageModelHead(self.config, generator_for("head"))
        return pretrain_masked_language_model(
            self._encoder(), head, {"made up": self.rows}, self.table, RECIPE, self.settings,
            RunContext(CPU, "fp32", seed=0),
        )  # fmt: skip

    def mnrl(self) -> History:
        """The ranking loss: as many sentences a batch."""
        settings = replace(self.settings, batch_size=self.settings.batch_size // 2)
        return train_ranking(
            self._encoder(),
            {"made up": self.pairs},
            self.table,
            RECIPE,
            settings,
            RunContext(CPU, "fp32", seed=0),
        )


@dataclass(frozen=True)
class Took:
    """Seconds of a training's steps but the first: no reading, no digests, no first allocation."""

    wall: float
    processor: float
    history: History


def timed(train: Callable[[], History]) -> Took:
    """Train, and look at both clocks after every step."""
    clocks: list[tuple[float, float]] = []
    with listening(lambda _: clocks.append((time.perf_counter(), time.process_time()))):
        history = train()
    (wall, processor), (wall_end, processor_end) = clocks[0], clocks[-1]
    return Took(wall_end - wall, processor_end - processor, history)


def apart(name: str, one: History, two: History) -> float:
    """The largest difference of two trainings' losses.

    Raises:
        SystemExit: the two did not do the same.
    """
    points = zip(one.points, two.points, strict=True)
    gap = max(abs(first["loss"] - second["loss"]) for first, second in points)
    if gap > WITHIN or (one.steps, one.tokens) != (two.steps, two.tokens):
        raise SystemExit(f"{name}: not the same training, losses differ by {gap:.2g}")
    return gap


def compare(name: str, train: Callable[[], History], runs: int) -> dict[str, Any]:
    """One rank and two in turn; a first pair is not recorded.

    Raises:
        SystemExit: the two did not do the same.
    """
    pairs = []
    for _ in range(runs + 1):
        load = os.getloadavg()[0]
        one = None
        if parallel.first():
            with parallel.alone():
                one = timed(train)
        parallel.tell()  # the other one waits here
        two = timed(train)
        slower = torch.tensor(two.processor)
        torch.distributed.all_reduce(slower, torch.distributed.ReduceOp.MAX)
        if one is not None:
            gap = apart(name, one.history, two.history)
            tokens = two.history.tokens * (1 - 1 / two.history.steps)
            speeds = tokens / one.wall, tokens / two.wall
            pairs.append((*speeds, load, gap, one.processor / slower.item()))
    ratios = [two / one for one, two, *_ in pairs[1:]]
    return (
        {}
        if not ratios
        else {
            "stage": name,
            "one_rank_tokens_per_s": statistics.median(pair[0] for pair in pairs[1:]),
            "two_ranks_tokens_per_s": statistics.median(pair[1] for pair in pairs[1:]),
            "ratio_median": statistics.median(ratios),
            "ratios": ratios,
            "largest_difference_of_losses": max(pair[3] for pair in pairs),
            "load_averages": [pair[2] for pair in pairs[1:]],
            "processor_time_ratio_median": statistics.median(pair[4] for pair in pairs[1:]),
            "processor_time_ratios": [pair[4] for pair in pairs[1:]],
        }
    )


def table(found: dict[str, Any]) -> str:
    """The figures as docs/devices.md shows them."""
    lines = [
        "| stage | two ranks against one, seconds | from, to | by processor time | losses apart |",
        "| --- | --- | --- | --- | --- |",
    ]
    for stage in found["stages"]:
        low, high = min(stage["ratios"]), max(stage["ratios"])
        lines.append(
            f"| {stage['stage']} | {stage['ratio_median']:.2f} | {low:.2f}, {high:.2f} | "
            f"{stage['processor_time_ratio_median']:.2f} | "
            f"{stage['largest_difference_of_losses']:.0e} |"
        )
    loads = [load for stage in found["stages"] for load in stage["load_averages"]]
    return (
        "\n".join(lines)
        + f"\n\n{found['cores']} cores, {found['device']}; load average {min(loads):.1f} to "
        f"{max(loads):.1f} while two ranks are 2; bar {found['bar']}. `{found['command']}`\n"
    )


def main(given: list[str] | None = None) -> None:
    """Start the ranks, or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=128, help="sentences per batch of all ranks")
    parser.add_argument("--steps", type=int, default=3, help="per training")
    parser.add_argument("--runs", type=int, default=3, help="recorded pairs per stage")
    parser.add_argument("--toy", action="store_true", help="a tiny encoder: is all of it there?")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args(given)
    words = sys.argv[1:] if given is None else given
    if arguments.out:
        check_replaceable(arguments.out, ("stages", "bar", "command"))
    if launched() is None:
        ranks = [torchrun.__file__, "--standalone", "--nproc-per-node", "2", __file__]
        raise SystemExit(subprocess.run([sys.executable, *ranks, *words], check=False).returncode)
    config = replace(MINILM, hidden_size=32, num_attention_heads=2) if arguments.toy else MINILM
    with parallel.together():
        trainings = Trainings(config, arguments.batch, arguments.steps)
        stages = [
            compare("mlm", trainings.mlm, arguments.runs),
            compare("mnrl", trainings.mnrl, arguments.runs),
        ]
        if not parallel.first():
            return
        for stage in stages:
            low, high = min(stage["ratios"]), max(stage["ratios"])
            print(
                f"{stage['stage']}: two ranks {stage['ratio_median']:.2f} times as fast as one "
                f"({low:.2f} to {high:.2f}; bar {BAR}), by processor time "
                f"{stage['processor_time_ratio_median']:.2f}; losses differ by "
                f"{stage['largest_difference_of_losses']:.1g} at most; load average "
                f"{max(stage['load_averages']):.1f}"
            )
        if arguments.out:
            found = {
                "what": "one rank against two gloo ranks on this machine, one thread each",
                "encoder": config.to_dict(),
                "batch": arguments.batch,
                "steps": arguments.steps,
                "bar": BAR,
                "stages": stages,
                "cores": os.cpu_count(),
                "device": describe_device(CPU),
                "versions": versions(),
                "command": " ".join(["python benchmarks/ranks.py", *words]),
            }
            write_json(arguments.out, found)


if __name__ == "__main__":
    main()
