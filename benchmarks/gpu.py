"""Training on one GPU: against transformers on the same GPU, against the GPU's own limit, and the
paper's whole grid.

    python benchmarks/gpu.py --out benchmarks/gpu.json
    python benchmarks/gpu.py --data cs224n:DIR --encoder bert-base --out benchmarks/gpu.json
    python benchmarks/gpu.py --toy --device cpu --out FILE.json     (is all of it there? in seconds)

checks  bf16 against fp32 (smallest cosine of vectors, largest difference of a gradient), and that
        attention runs in a fused kernel, padded and unpadded: the slow one is forbidden
peak    bf16 matrix products on the shapes of the layers, TFLOP/s: the limit that shares are of
mlm     a bert-base with random weights on made-up sentences (`--data`: real ones), bf16: ours
        against `BertForMaskedLM` as its documentation tunes it (bf16 autocast, sdpa, fused AdamW,
        batches of like length), and with weights in bf16 throughout, which is faster and rounds
        every update
mnrl    the ranking loss: ours against the same loss written over `BertModel`, tuned likewise
grid    with `--data` or `--toy`: every arm of the paper at its 10 epochs, a larger batch
        (`--grid-batch`), learning rates times the square root of how many times larger it is

Both sides train the same sentences in batches of the same rows, as many updates, in turn in this
process; the first pair is not recorded. Counted are real word pieces. A share of the peak counts
the products that the way forward needs, three times (the way back costs two), and for the
vocabulary those of masked words alone: what transformers computes beyond that is not counted.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TQDM_DISABLE", "1")

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import BertConfig, BertForMaskedLM, BertModel

from minbert.analysis.compute import multiplications_per_token
from minbert.config import ModelConfig
from minbert.data import load_data
from minbert.data.examples import CourseData, TaskData
from minbert.encoder import Encoder
from minbert.experiments.arms import arms_of
from minbert.experiments.cache import StageCache
from minbert.experiments.experiment import Experiment
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.reproduce import reproduce
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.heads import MaskedLanguageModelHead
from minbert.precision import DEVICES, autocast, resolve_device
from minbert.tasks import QUORA
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.epochs import in_turn
from minbert.training.loop import History, RunContext, generator_for
from minbert.training.mlm import hide, pretrain_masked_language_model
from minbert.training.mnrl import train_ranking
from minbert.training.recipe import PRESETS, RECIPES, Preset, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows

RECIPE = replace(RECIPES["paper"], pooling="mean", dropout=0.1)
BASE = ModelConfig()
TOY = ModelConfig(
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=128,
    max_position_embeddings=64,
)
BARS = {"share_of_peak": 0.40, "times_transformers": 1.5, "grid_minutes": 10.0}
SCALE = 20.0
"""Of the cosines in the ranking loss, on both sides."""
FUSED = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
}


def sentences_of(data: CourseData | None, count: int) -> list[str]:
    """Real sentences, or made-up ones of 5 to 40 words."""
    draw = generator_for("sentences")
    if data is not None:
        found = [text for of in data.tasks.values() for one in of.train for text in one.texts]
        order = torch.randperm(len(found), generator=draw)[:count]
        return [found[place] for place in order.tolist()]
    lengths = torch.randint(5, 41, (count,), generator=draw).tolist()
    return [
        " ".join(f"w{word}" for word in torch.randint(500, (length,), generator=draw).tolist())
        for length in lengths
    ]


class Work:
    """The same sentences and batches for both sides."""

    def __init__(
        self, config: ModelConfig, sentences: list[str], batch_size: int, device: torch.device
    ) -> None:
        tokenizer = WordPieceTokenizer.train(sentences[:2000], vocab_size=1000)
        self.table = SentenceTable(tokenizer, config.max_position_embeddings)
        rows = self.table.add(sentences)
        self.rows, half = rows[: 2 * (len(rows) // 2)], len(rows) // 2
        self.config, self.device = config, device
        self.settings = StageSettings(1, batch_size, 1e-5)
        self.pair_settings = replace(self.settings, batch_size=batch_size // 2)
        self.pairs = TaskRows(
            QUORA,
            tuple(f"{place}" for place in range(half)),
            rows[:half],
            rows[half : 2 * half],
            torch.ones(half),
        )
        self.context = RunContext(device, "bf16", seed=0)

    def masked(self) -> Iterable[tuple[Tensor, Tensor, Tensor]]:
        """Padded ids, mask and labels of one epoch, as our stage draws them."""
        lengths = {"text": [self.table.length(row) for row in self.rows]}
        drawn = in_turn(lengths, self.settings.batch_size, generator_for(0, "mlm", 0))
        for step, (_, places) in enumerate(drawn):
            ids, mask = self.table.pad([self.rows[place] for place in places], torch.device("cpu"))
            generator = generator_for(0, "mlm", 0, step, "data")
            ids, labels = hide(ids, generator, RECIPE.masking, self.table.tokenizer)
            whole = torch.ones_like(ids) if mask is None else mask
            yield ids.to(self.device), whole.to(self.device), labels.to(self.device)

    def ranked(self) -> Iterable[tuple[Tensor, Tensor]]:
        """Padded ids and mask of one epoch: first sentences, then second ones."""
        lengths = {"text": self.table.lengths(self.pairs)}
        for _, places in in_turn(
            lengths, self.pair_settings.batch_size, generator_for(0, "mnrl", 0)
        ):
            ids, mask = self.table.pad(self.pairs.subset(places).all_rows, self.device)
            yield ids, torch.ones_like(ids) if mask is None else mask

    def ours_mlm(self) -> History:
        """The package's stage."""
        encoder = Encoder(self.config, generator_for("encoder")).to(self.device)
        head = MaskedLanguageModelHead(self.config, generator_for("head")).to(self.device)
        return pretrain_masked_language_model(
            encoder, head, {"text": self.rows}, self.table, RECIPE, self.settings, self.context
        )

    def ours_mnrl(self) -> History:
        """The package's stage."""
        encoder = Encoder(self.config, generator_for("encoder")).to(self.device)
        recipe = replace(RECIPE, scale=SCALE)
        return train_ranking(
            encoder, {"text": self.pairs}, self.table, recipe, self.pair_settings, self.context
        )

    def theirs(self, kind: type, whole_bf16: bool) -> nn.Module:
        """A model of transformers with fused attention, and the weights that ours begins with."""
        wanted = {
            **self.config.to_dict(),
            "hidden_dropout_prob": RECIPE.dropout,
            "attention_probs_dropout_prob": RECIPE.attention_dropout,
        }
        torch.manual_seed(0)
        settings = BertConfig(**wanted, attn_implementation="sdpa")
        model = kind(settings)
        ours = Encoder(self.config, generator_for("encoder")).state_dict()
        missing = getattr(model, "bert", model).load_state_dict(ours, strict=False).missing_keys
        assert not missing, f"transformers has weights that ours lack: {missing}"
        model = model.to(self.device)
        return (model.bfloat16() if whole_bf16 else model).train()

    def their_mlm(self, whole_bf16: bool) -> tuple[float, float]:
        """Seconds of one epoch, and its mean loss."""
        model = self.theirs(BertForMaskedLM, whole_bf16)

        def loss_of(batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
            ids, mask, labels = batch
            return model(input_ids=ids, attention_mask=mask, labels=labels).loss

        return self._epoch(model, self.masked(), loss_of, whole_bf16)

    def their_mnrl(self, whole_bf16: bool) -> tuple[float, float]:
        """Seconds of one epoch, and its mean loss."""
        model = self.theirs(BertModel, whole_bf16)

        def loss_of(batch: tuple[Tensor, Tensor]) -> Tensor:
            ids, mask = batch
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
            weights = mask[..., None].float()
            vectors = F.normalize((states * weights).sum(1) / weights.sum(1), dim=-1)
            first, second = vectors.chunk(2)
            return F.cross_entropy(
                SCALE * first @ second.T, torch.arange(len(first), device=self.device)
            )

        return self._epoch(model, self.ranked(), loss_of, whole_bf16)

    def _epoch(
        self, model: nn.Module, batches: Iterable, loss_of: Callable, whole_bf16: bool
    ) -> tuple[float, float]:
        update = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.0, fused=True)
        losses = []
        started = time.perf_counter()
        for batch in batches:
            with nullcontext() if whole_bf16 else autocast("bf16", self.device):
                loss = loss_of(batch)
            loss.backward()
            update.step()
            update.zero_grad()
            losses.append(loss.detach())
        mean = torch.stack(losses).float().mean().item()  # waits for the GPU
        return time.perf_counter() - started, mean


def compare(
    stage: str,
    ours: Callable[[], History],
    theirs: Callable[[bool], tuple[float, float]],
    flops: float,
    peak: float,
    runs: int,
) -> dict[str, Any]:
    """Alternate ours, theirs and theirs in whole bf16; a first round is not recorded.

    Args:
        flops: of one real word piece, forward and back.
        peak: TFLOP/s.
    """
    rounds = []
    for _ in range(runs + 1):
        history = ours()
        (seconds, loss), (pure_seconds, _) = theirs(False), theirs(True)
        own = statistics.fmean(point["loss"] for point in history.points)
        if abs(own - loss) > 0.1 * loss:
            raise SystemExit(f"{stage}: not the same work: loss {own:.3f}, transformers {loss:.3f}")
        rounds.append((history.tokens / history.seconds, history.tokens / seconds,
                       history.tokens / pure_seconds, own, loss))  # fmt: skip
    rounds = rounds[1:]
    tokens = statistics.median(one[0] for one in rounds)
    found = {
        "stage": stage,
        "ours_tokens_per_s": tokens,
        "share_of_peak": tokens * flops / (peak * 1e12),
        "flops_per_token": flops,
        "transformers_tokens_per_s": statistics.median(one[1] for one in rounds),
        "transformers_whole_bf16_tokens_per_s": statistics.median(one[2] for one in rounds),
        "times_transformers": statistics.median(one[0] / one[1] for one in rounds),
        "times_transformers_all": [one[0] / one[1] for one in rounds],
        "times_transformers_whole_bf16": statistics.median(one[0] / one[2] for one in rounds),
        "loss": {"ours": rounds[-1][3], "transformers": rounds[-1][4]},
    }
    print(
        f"{stage}: {tokens:,.0f} word pieces/s, {found['share_of_peak']:.0%} of the peak "
        f"(bar {BARS['share_of_peak']:.0%}); {found['times_transformers']:.2f} times transformers "
        f"(bar {BARS['times_transformers']}), {found['times_transformers_whole_bf16']:.2f} times "
        "with its weights in bf16"
    )
    return found


def matrix_peak(config: ModelConfig, tokens: int, device: torch.device) -> float:
    """The fastest of ten bf16 products on each of the layers' shapes, TFLOP/s, the best of them."""
    hidden, wide = config.hidden_size, config.intermediate_size
    best = 0.0
    for rows, inner, columns in (
        (tokens, hidden, 3 * hidden),
        (tokens, hidden, wide),
        (tokens, wide, hidden),
    ):
        left = torch.randn(rows, inner, device=device, dtype=torch.bfloat16)
        right = torch.randn(inner, columns, device=device, dtype=torch.bfloat16)
        for _ in range(3):
            left @ right
        for _ in range(10):
            wait(device)
            started = time.perf_counter()
            for _ in range(10):
                left @ right
            wait(device)
            took = (time.perf_counter() - started) / 10
            best = max(best, 2 * rows * inner * columns / took / 1e12)
    return best


def wait(device: torch.device) -> None:
    """Until everything asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def checks(work: Work) -> dict[str, Any]:
    """bf16 against fp32, and fused attention.

    Raises:
        SystemExit: vectors or gradients in bf16 are others than in fp32, or no fused kernel takes
            our attention.
    """
    encoder = Encoder(work.config, generator_for("encoder")).to(work.device).eval()
    several = sorted(range(min(32, len(work.table))), key=work.table.length)
    # Not the vectors' square: behind a LayerNorm it hardly moves, and its gradient is rounding.
    direction = torch.randn(work.config.hidden_size, generator=generator_for("direction"))
    direction = direction.to(work.device)
    found: dict[str, Any] = {}
    for name, rows in (("padded", several), ("unpadded", several[-1:] * 8)):
        ids, mask = work.table.pad(rows, work.device)
        run: dict[str, tuple[Tensor, Tensor]] = {}
        for precision in ("fp32", "bf16"):
            encoder.zero_grad()
            with autocast(precision, work.device):
                states = encoder(ids, mask).last_hidden_state
            vectors = states[:, 0].float()
            (vectors * direction).sum().backward()
            gradient = encoder.encoder.layer[0].attention.self.query.weight.grad
            run[precision] = vectors.detach(), gradient.clone()
        cosine = F.cosine_similarity(run["fp32"][0], run["bf16"][0]).min().item()
        size = run["fp32"][1].norm()
        apart = ((run["fp32"][1] - run["bf16"][1]).norm() / size).item()
        kernels = fused_kernels(encoder, ids, mask) if work.device.type == "cuda" else None
        found[name] = {"smallest_cosine": cosine, "gradient_apart": apart, "fused": kernels}
        if cosine < 0.999 or apart > 0.1 or kernels == []:
            raise SystemExit(f"bf16 or fused attention, {name}: {found[name]}")
    return found


def fused_kernels(encoder: Encoder, ids: Tensor, mask: Tensor | None) -> list[str]:
    """The fused kernels that take our attention in bf16, dropout on, forward and back."""
    encoder.train()
    taken = []
    for name, kernel in FUSED.items():
        allowed: AbstractContextManager = sdpa_kernel([kernel])
        try:
            with allowed, autocast("bf16", ids.device):
                encoder(ids, mask).last_hidden_state.float().mean().backward()
            taken.append(name)
        except RuntimeError:  # "No available kernel"
            continue
    encoder.eval()
    return taken


def larger(preset: Preset, batch_size: int) -> Preset:
    """The paper's preset at another batch size, in bf16; Adam's rates grow with its square root."""
    stages = {}
    for name in ("mlm", "mnrl", "heads", "sst_finetune"):
        settings: StageSettings = getattr(preset, name)
        times = (batch_size / settings.batch_size) ** 0.5
        stages[name] = replace(
            settings, batch_size=batch_size, learning_rate=settings.learning_rate * times
        )
    return replace(preset, name=f"paper at batch {batch_size}", precision="bf16", **stages)


def first_rows(data: CourseData, count: int) -> CourseData:
    """The beginning of each split, for a toy run."""
    cut = {
        task: TaskData(of.train[:count], of.dev[:count], of.test[:count])
        for task, of in data.tasks.items()
    }
    return replace(data, tasks=cut, digest=f"first {count} of {data.digest}")


def grid(
    data: CourseData, encoder: str, batch_size: int, epochs: int | None, device: torch.device
) -> dict[str, Any]:
    """The paper's grid from an empty cache: minutes, and the means of the arms."""
    preset = larger(PRESETS["paper"], batch_size)
    if epochs is not None:
        short = {
            name: replace(getattr(preset, name), epochs=epochs)
            for name in ("mlm", "mnrl", "heads", "sst_finetune")
        }
        preset = replace(preset, **short)
    with tempfile.TemporaryDirectory() as folder:
        experiment = Experiment(
            data, encoder, RECIPES["paper"], preset, "bf16", device,
            StageCache(Path(folder) / "cache"),
        )  # fmt: skip
        started = time.perf_counter()
        results = reproduce(experiment, arms_of(experiment.recipe), [0], None, "benchmarks/gpu.py")
        minutes = (time.perf_counter() - started) / 60
    print(f"grid: {minutes:.1f} minutes (bar {BARS['grid_minutes']:.0f}), {data.tier} data")
    return {
        "data": data.note,
        "encoder": encoder,
        "preset": asdict(preset),
        "minutes": minutes,
        "arms": results["arms"],
    }


def measured(arguments: argparse.Namespace, words: Sequence[str]) -> Mapping[str, Any]:
    """Everything that was asked for, as it is written."""
    device = resolve_device(arguments.device)
    config = TOY if arguments.toy else BASE
    data = load_data(arguments.data) if arguments.data else None
    count = 64 if arguments.toy else arguments.batch * arguments.steps
    batch = 16 if arguments.toy else arguments.batch
    work = Work(config, sentences_of(data, count), batch, device)
    lengths = [work.table.length(row) for row in work.rows]
    peak = matrix_peak(config, max(64, int(batch * statistics.fmean(lengths))), device)
    print(f"{describe_device(device)}: bf16 products reach {peak:.3g} TFLOP/s on these shapes")
    masked = RECIPE.masking.probability * (1 - 2 / statistics.fmean(lengths))  # not [CLS], [SEP]
    found: dict[str, Any] = {
        "what": "training in bf16 against transformers, the GPU's own limit, and the paper's grid",
        "device": describe_device(device),
        "bars": BARS,
        "encoder": config.to_dict(),
        "batch": batch,
        "sentences": count,
        "text": data.note if data else "made-up sentences of 5 to 40 words (synthetic)",
        "checks": checks(work),
        "peak_tflops": peak,
        "stages": [
            compare(name, ours, theirs, 6 * multiplications_per_token(config, share), peak,
                    arguments.runs)
            for name, ours, theirs, share in (
                ("mlm", work.ours_mlm, work.their_mlm, masked),
                ("mnrl", work.ours_mnrl, work.their_mnrl, 0.0),
            )
        ],
        "versions": versions(),
        "command": shlex.join(["python", "benchmarks/gpu.py", *words]),
    }  # fmt: skip
    if arguments.toy:
        small = first_rows(data or load_data("classroom:0"), 24)
        found["grid"] = grid(small, "tiny", 16, 1, device)
    elif data is not None:
        found["grid"] = grid(data, arguments.encoder, arguments.grid_batch, None, device)
    return found


def main(given: list[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="cs224n:DIR; made-up sentences and no grid without it")
    parser.add_argument("--encoder", default="bert-base", help="of the grid")
    parser.add_argument("--device", choices=DEVICES, default="cuda")
    parser.add_argument("--batch", type=int, default=512, help="sentences per batch")
    parser.add_argument("--steps", type=int, default=40, help="batches per training")
    parser.add_argument("--grid-batch", type=int, default=256)
    parser.add_argument("--runs", type=int, default=5, help="recorded rounds per stage")
    parser.add_argument("--toy", action="store_true", help="everything at toy size, one epoch")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    words = sys.argv[1:] if given is None else given
    arguments = parser.parse_args(words)
    if arguments.out:
        check_replaceable(arguments.out, ("stages", "peak_tflops", "command"))
    try:
        found = measured(arguments, words)
    except ValueError as error:
        raise SystemExit(f"benchmarks/gpu.py: {error}") from error
    if arguments.out:
        write_json(arguments.out, dict(found))


if __name__ == "__main__":
    main()
