"""How fast does it train, and in how much memory? Beside what a user would take instead.

Everybody trains the same model from the same weights on the same sentences, in turn in one process,
with as many threads and the same thread settings; that the losses of one batch are equal is
asserted first. Recorded are medians of several rounds, and of each ratio the lowest and the
highest. Word pieces are real ones: padding does not count. Beside each ratio of times stands that
of processor times: on a machine that others use, too, it says more than the clock. What is about
memory runs in processes of its own.

    python benchmarks/training.py [--data cs224n:DIR] [--record benchmarks/training.json]
    python benchmarks/training.py --toy          seconds, on `tiny`: does it run?
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch
from peers import versions_of as peer_versions
from sample_text import sentences_of

from minbert import losses
from minbert.data import load_data
from minbert.encoder import Encoder
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.run_folder import check_replaceable, peak_memory_mib, write_json
from minbert.heads import MaskedLanguageModelHead, SentimentHead
from minbert.optimizer import make_optimizer
from minbert.precision import multiplies_bf16_fast, resolve_precision
from minbert.pretrained import from_pretrained
from minbert.tasks import QUORA, SST
from minbert.training.heads import train_head
from minbert.training.loop import RunContext, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.mnrl import ranking_loss, train_ranking
from minbert.training.recipe import PRESETS, RECIPES, Recipe, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.training.tied_embedding import lookup_adds_rows
from minbert.training.vectors import embed_all, set_dropout

CPU = torch.device("cpu")
QUICK = PRESETS["quick"].mlm.batch_size
TENFOLD = 10
"""How many times the word pieces the larger set of `scaling` has."""
DROPOUT = 0.1
PAPER = replace(RECIPES["paper"], dropout=DROPOUT)
"""With dropout on attention weights (.1), as in the paper: torch then has no fused attention."""
CHOICE = replace(
    PAPER,
    attention_dropout=0.0,
    scale=20.0,
    pooling="mean",
    length_groups=2,
    packed_dropout=True,
)
"""None on attention weights: the stated choice with which a CPU trains fast."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    model: str = "minilm"
    sentences: int = 160
    rounds: int = 3
    pairs: int = 128
    steps: int = 4
    """Single steps per round."""
    large_model: str = "tiny"
    """Of the large batch: MiniLM would take 18 GB for it without caching."""
    large: int = 1024
    """Pairs of the large batch."""
    short: int = 16
    """Word pieces of the longest sentence in it."""
    small: int = 64
    """Pairs of the batch whose memory the large one is to stay in."""
    chunk: int = 64
    """Sentences encoded at a time."""
    frozen: int = 128
    scale: int = 160
    """Sentences, about, and then ten times as many."""
    processes: int = 3
    """Repetitions of what runs in a process of its own, in turn."""


TOY = Sizes(
    model="tiny",
    sentences=24,
    rounds=1,
    pairs=12,
    steps=1,
    large=16,
    small=4,
    chunk=4,
    frozen=16,
    scale=8,
    processes=1,
)


@dataclass
class Setting:
    """What all rows share."""

    data: str | None
    threads: int
    precision: str
    sizes: Sizes
    encoder: Encoder = field(init=False)
    head: MaskedLanguageModelHead = field(init=False)
    context: RunContext = field(init=False)

    def __post_init__(self) -> None:
        self.encoder, self.tokenizer = from_pretrained(self.sizes.model)
        self.head = MaskedLanguageModelHead(self.encoder.config, generator_for(0, "head"))
        self.context = RunContext(CPU, self.precision, seed=0)

    def ours(self) -> Encoder:
        """A fresh copy of the encoder."""
        return copy.deepcopy(self.encoder)

    def corpora(self, count: int) -> tuple[SentenceTable, dict[str, tuple[int, ...]], str]:
        """So many sentences of the three data sets in their proportions."""
        texts, what = sentences_of(self.data, count)
        table = SentenceTable(self.tokenizer)
        corpora = {name: tuple(dict.fromkeys(table.add(text))) for name, text in texts.items()}
        return table, corpora, what

    def pairs(
        self, count: int, longest: int = 512
    ) -> tuple[SentenceTable, TaskRows, list[tuple[str, str]]]:
        """So many pairs of questions that mean the same, none longer than some word pieces."""
        examples = load_data(self.data or "classroom").quora.train
        similar = [(one.sentence1, one.sentence2) for one in examples if one.label == 1]
        similar = list(dict.fromkeys(similar))
        lengths = [
            max(map(len, self.tokenizer.encode(list(pair)))) if longest < 512 else 0
            for pair in similar
        ]
        fits = [pair for pair, length in zip(similar, lengths, strict=True) if length <= longest]
        similar = fits[:count]
        table = SentenceTable(self.tokenizer)
        first, second = zip(*similar, strict=True)
        rows = TaskRows(
            QUORA,
            tuple(map(str, range(len(similar)))),
            table.add(first),
            table.add(second),
            torch.ones(len(similar)),
        )
        return table, rows, similar


Way = Callable[[], float]
"""Trains once over everything; the mean loss."""


@dataclass(frozen=True)
class Times:
    """Seconds of each round, by the clock and of the processor."""

    clock: list[float]
    processor: list[float]


def in_turn(ways: Mapping[str, Way], rounds: int) -> tuple[dict[str, Times], dict[str, float]]:
    """Time every way in each round, a first round unrecorded; and each way's mean loss in it."""
    times = {name: Times([], []) for name in ways}
    first = {}
    for number in range(rounds + 1):
        for name, way in ways.items():
            clock, processor = time.perf_counter(), time.process_time()
            loss = way()
            first.setdefault(name, loss)
            if number:
                times[name].clock.append(time.perf_counter() - clock)
                times[name].processor.append(time.process_time() - processor)
    return times, first


def ratio(slow: Times, fast: Times) -> dict[str, float]:
    """How many times as long one takes as the other: median, lowest and highest of the rounds."""
    clock = [a / b for a, b in zip(slow.clock, fast.clock, strict=True)]
    processor = [a / b for a, b in zip(slow.processor, fast.processor, strict=True)]
    return {
        "median": statistics.median(clock),
        "lowest": min(clock),
        "highest": max(clock),
        "processor_time": statistics.median(processor),
    }


def row(what: str, against: str, sense: str, bar: float, found: Mapping, **details: Any) -> dict:
    """One line of the table; `sense` says whether the bar is a least or a most."""
    line = {"what": what, "against": against, "sense": sense, "bar": bar, **found}
    met = found["median"] >= bar if sense == "at least" else found["median"] <= bar
    print(
        f"{what}, against {against}: {found['median']:.2f} "
        f"({found['lowest']:.2f} to {found['highest']:.2f}; "
        f"processor time {found['processor_time']:.2f}); {sense} {bar}: "
        + ("met" if met else "missed"),
        flush=True,
    )
    return {**line, "met": met, "details": details}


def assert_alike(what: str, one: float, other: float, share: float) -> None:
    """The work is the same: the losses are.

    Raises:
        ValueError: they differ by more than `share`.
    """
    if abs(one - other) > share * max(abs(one), abs(other), 0.1):
        raise ValueError(f"{what}: the losses must be alike, got {one:.5f} and {other:.5f}")


# Masked language model --------------------------------------------------------------------------


def masked_batch(setting: Setting, shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Random word pieces with about 15 % to be predicted."""
    draw = generator_for("a batch of one length")
    ids = torch.randint(5, setting.encoder.config.vocab_size, shape, generator=draw)
    chosen = torch.rand(shape, generator=draw) < 0.15
    chosen[0, 1] = True
    return ids, chosen


def our_masked_loss(
    encoder: Encoder, head: MaskedLanguageModelHead, ids: torch.Tensor, chosen: torch.Tensor
) -> torch.Tensor:
    states = encoder(ids).last_hidden_state[chosen]
    logits = head(states, encoder.embeddings.word_embeddings.weight)
    return losses.masked_language_model(logits, ids[chosen])


def their_masked_loss(model: Any, ids: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Only the chosen positions go through their vocabulary, too."""
    states = model.bert(ids).last_hidden_state[chosen]
    return torch.nn.functional.cross_entropy(model.cls(states), ids[chosen])


def masked_training(setting: Setting) -> list[dict]:
    """MLM of real text: as the quick preset trains, against both loops over transformers."""
    from rivals import LEARNING_RATE, MaskedTraining, masked_language_model

    sizes, precision = setting.sizes, setting.precision
    table, corpora, _ = setting.corpora(sizes.sentences)
    rows = [table.ids[row] for each in corpora.values() for row in each]
    tokens = sum(map(len, rows))

    def ours(recipe: Recipe, batch_size: int, in_precision: str) -> Way:
        encoder, head = setting.ours(), copy.deepcopy(setting.head)
        settings = StageSettings(1, batch_size, LEARNING_RATE)
        context = replace(setting.context, precision=in_precision)

        def way() -> float:
            history = pretrain_masked_language_model(
                encoder, head, corpora, table, recipe, settings, context
            )
            assert history.tokens == tokens, "all sentences were read"
            return statistics.mean(point["loss"] for point in history.points)

        return way

    def theirs(batch_size: int, in_precision: str, tuned: bool) -> Way:
        model = masked_language_model(sizes.model, setting.encoder, setting.head, DROPOUT)
        training = MaskedTraining(sizes.model, model, rows, batch_size, in_precision, tuned)

        def way() -> float:
            read, loss = training.run()
            assert read == tokens, "all sentences were read"
            return loss

        return way

    plain = "the plain loop over transformers (batch 8, fp32)"
    tuned = f"transformers tuned as documented (batch {QUICK}, {precision}, lengths, fused AdamW)"
    best = f"MLM, batch {QUICK}, {precision}, no dropout on attention"
    paper = f"MLM, batch {QUICK}, {precision}, dropout on attention as in the paper"
    ways = {
        best: ours(CHOICE, QUICK, precision),
        paper: ours(PAPER, QUICK, precision),
        plain: theirs(8, "fp32", False),
        tuned: theirs(QUICK, precision, True),
    }
    times, first = in_turn(ways, sizes.rounds)
    for name, loss in first.items():
        assert_alike(f"{name} and {best}", loss, first[best], 0.1)
    speed = {name: tokens / statistics.median(each.clock) for name, each in times.items()}
    details = {"tokens": tokens, "tokens_per_s": speed, "first_losses": first}
    found = [
        row(best, plain, "at least", 8, ratio(times[plain], times[best]), **details),
        row(paper, plain, "at least", 8, ratio(times[plain], times[paper])),
        row(best, tuned, "at least", 2.5, ratio(times[tuned], times[best])),
    ]
    amx = getattr(torch.cpu, "_is_amx_tile_supported", bool)()
    share, peak = share_of_peak(setting, tokens, rows, times[best])
    limit = f"{peak:,.0f} GFLOP/s, reached on the layers' own shapes in the same run"
    return [*found, row(best, limit, "at least", 0.3 if amx else 0.45, share, peak_gflops=peak)]


def share_of_peak(
    setting: Setting, tokens: int, rows: Sequence[Sequence[int]], times: Times
) -> tuple[dict[str, float], float]:
    """The share of the time that real word pieces would take at the speed of bare products."""
    config = setting.encoder.config
    hidden, inner = config.hidden_size, config.intermediate_size
    length = tokens / len(rows)
    per_layer = 2 * (4 * hidden * hidden + 2 * hidden * inner) + 4 * length * hidden
    asked = 0.15 * 2 * (hidden * hidden + hidden * config.vocab_size)
    # Backward is two products for each forward one.
    work = 3 * tokens * (config.num_hidden_layers * per_layer + asked) / 1e9
    batch = max(2, round(QUICK * length))
    shapes = [(batch, hidden, hidden)] * 4
    shapes += [(batch, hidden, inner), (batch, inner, hidden)]
    shapes *= config.num_hidden_layers
    shapes.append((max(2, round(0.15 * batch)), hidden, config.vocab_size))
    kind = torch.bfloat16 if setting.precision == "bf16" else torch.float32
    passed = operations = 0.0
    known: dict[tuple[int, int, int], float] = {}
    for shape in shapes:
        if shape not in known:
            known[shape] = bare_products(*shape, kind)
        passed += known[shape]
        operations += 3 * 2 * shape[0] * shape[1] * shape[2] / 1e9
    peak = operations / passed
    found = [work / peak / seconds for seconds in times.clock]
    processor = [work / peak / seconds for seconds in times.processor]
    share = {
        "median": statistics.median(found),
        "lowest": min(found),
        "highest": max(found),
        "processor_time": statistics.median(processor),
    }
    return share, peak


def bare_products(rows: int, inner: int, outer: int, kind: torch.dtype) -> float:
    """Seconds of a linear layer's three products, forward and backward: the best of several."""
    states, weights = torch.randn(rows, inner, dtype=kind), torch.randn(outer, inner, dtype=kind)
    gradient = torch.randn(rows, outer, dtype=kind)
    best = float("inf")
    for _ in range(6):
        started = time.perf_counter()
        states @ weights.T, gradient @ weights, gradient.T @ states
        best = min(best, time.perf_counter() - started)
    return best


def single_step(setting: Setting) -> list[dict]:
    """One step of 8 x 64 word pieces, fp32, one thread, the same positions in the loss."""
    from rivals import LEARNING_RATE, dropout_off, masked_language_model

    sizes = setting.sizes
    ids, chosen = masked_batch(setting, (8, 64))
    encoder, head = setting.ours(), copy.deepcopy(setting.head)
    model = masked_language_model(sizes.model, encoder, head, DROPOUT)
    still = copy.deepcopy(encoder).eval(), copy.deepcopy(model).eval()
    assert_alike(
        "one step",
        our_masked_loss(still[0], copy.deepcopy(head).eval(), ids, chosen).item(),
        their_masked_loss(still[1], ids, chosen).item(),
        1e-4,
    )
    del still
    set_dropout(encoder, replace(PAPER, packed_dropout=True))
    weights = [*encoder.parameters(), *head.parameters()]
    encoder.train(), head.train(), model.train()

    def repeated(loss: Callable[[], torch.Tensor], update: torch.optim.Optimizer) -> Way:
        def way() -> float:
            values = []
            for _ in range(sizes.steps):
                value = loss()
                value.backward()
                update.step()
                update.zero_grad()
                values.append(value.item())
            return statistics.mean(values)

        return way

    def ours() -> torch.Tensor:
        with lookup_adds_rows(encoder):
            return our_masked_loss(encoder, head, ids, chosen)

    def theirs() -> torch.Tensor:
        return their_masked_loss(model, ids, chosen)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    mine = "one training step, 8 x 64 word pieces, fp32, one thread, dropout as theirs"
    ways = {
        mine: repeated(ours, make_optimizer(weights, LEARNING_RATE)),
        "transformers with its documentation's AdamW": repeated(
            theirs, torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
        ),
        "transformers with the same fused AdamW": repeated(
            theirs, torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, fused=True)
        ),
    }
    times, first = in_turn(ways, sizes.rounds)
    torch.set_num_threads(before)
    dropout_off(model)
    assert_alike(mine, first[mine], first["transformers with its documentation's AdamW"], 0.1)
    share = share_of_products(lambda: ways[mine]())
    return [
        row(mine, name, "at least", 1.15, ratio(times[name], times[mine]), share_of_products=share)
        for name in list(ways)[1:]
    ]


def share_of_products(way: Callable[[], object]) -> float:
    """Share of the time in matrix products, by torch's profiler: what cannot go."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        started = time.perf_counter()
        way()
        passed = time.perf_counter() - started
    products = ("aten::addmm", "aten::mm", "aten::bmm", "aten::mkldnn_linear")
    spent = sum(
        event.self_cpu_time_total
        for event in profile.key_averages()
        if event.key in products or "flash" in event.key
    )
    return min(1.0, spent / 1e6 / passed)


# Multiple negatives ranking ---------------------------------------------------------------------


def ranking(setting: Setting) -> list[dict]:
    """MNRL on the same pairs in batches of the same size, against sentence-transformers."""
    from rivals import LEARNING_RATE, RankingTraining, has_trainer

    sizes, precision = setting.sizes, setting.precision
    table, rows, pairs = setting.pairs(sizes.pairs)
    encoder = setting.ours()
    settings = StageSettings(1, min(QUICK, max(2, len(pairs) // 2)), LEARNING_RATE)
    rival = RankingTraining(
        sizes.model, pairs, settings.batch_size, precision, trainer=has_trainer()
    )
    assert_alike("ranking", *losses_of_one_batch(setting, table, rows, pairs, rival), 1e-3)

    def ours() -> float:
        history = train_ranking(encoder, {"quora": rows}, table, CHOICE, settings, setting.context)
        return statistics.mean(point["loss"] for point in history.points)

    name = "SentenceTransformerTrainer" if rival.trainer else "a loop over sentence-transformers"
    times, first = in_turn({"ours": ours, name: lambda: rival.run()[1]}, sizes.rounds)
    tokens = table.count(rows, range(len(rows)))
    what = f"MNRL, batch {settings.batch_size}, {precision}"
    return [
        row(
            what,
            f"{name} with MultipleNegativesRankingLoss",
            "at least",
            3,
            ratio(times[name], times["ours"]),
            tokens=tokens,
            first_losses=first,
        )
    ]


def losses_of_one_batch(
    setting: Setting,
    table: SentenceTable,
    rows: TaskRows,
    pairs: Sequence[tuple[str, str]],
    rival: Any,
) -> tuple[float, float]:
    """Ours and theirs of the same pairs, dropout off, in fp32: theirs is 0 in bf16 where the model
    is sure, since its cosines are rounded there."""
    count = min(32, len(pairs))
    batch = rows.subset(range(count))
    similar = torch.ones(count, dtype=torch.bool)
    encoder = setting.ours().eval()
    rival.model.eval()
    with torch.no_grad():
        context = replace(setting.context, precision="fp32")
        mine = ranking_loss(encoder, batch, similar, table, CHOICE, context)
        theirs = rival.loss_of(pairs[:count], "fp32")
    return mine.item(), theirs.item()


def frozen_heads(setting: Setting) -> list[dict]:
    """A head on a frozen encoder, ten epochs: vectors once, or anew in every epoch."""
    sizes = setting.sizes
    texts, _ = sentences_of(setting.data, 3 * sizes.frozen)
    sentences = next(iter(texts.values()))[: sizes.frozen]
    table = SentenceTable(setting.tokenizer)
    places = table.add(sentences)
    labels = torch.arange(len(places)).remainder(5).float()
    rows = TaskRows(SST, tuple(map(str, range(len(places)))), places, None, labels)
    epochs = 10

    def vectors() -> torch.Tensor:
        return embed_all(setting.encoder, places, table, CHOICE, setting.context)

    def head() -> SentimentHead:
        hidden = setting.encoder.config.hidden_size
        return SentimentHead(hidden, 5, 0.0, generator_for("head"))

    def once() -> float:
        settings = StageSettings(epochs, 64, 1e-3)
        history = train_head(head(), vectors(), rows, settings, setting.context)
        return history.points[-1]["loss"]

    def anew() -> float:
        trained = head()
        for _ in range(epochs):
            settings = StageSettings(1, 64, 1e-3)
            history = train_head(trained, vectors(), rows, settings, setting.context)
        return history.points[-1]["loss"]

    times, first = in_turn({"once": once, "anew": anew}, min(2, sizes.rounds))
    assert_alike("frozen heads", first["once"], first["anew"], 0.05)
    what = f"head on a frozen encoder, {epochs} epochs"
    against = "encoding again in every epoch"
    return [row(what, against, "at least", 8, ratio(times["anew"], times["once"]))]


# In processes of their own ------------------------------------------------------------------------


def alone(setting: Setting, job: str) -> dict[str, float]:
    """What a job took in a process of its own: seconds, processor seconds, MiB, mean loss."""
    command = [sys.executable, __file__, "--job", job, "--threads", str(setting.threads)]
    command += ["--precision", setting.precision]
    command += ["--data", setting.data] if setting.data else []
    command += ["--toy"] if setting.sizes.large == TOY.large else []
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"{job} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def job(setting: Setting, name: str) -> dict[str, float]:
    """One measurement after one that does not count, and the peak of this process's memory."""
    way = JOBS[name](setting)
    resident = _resident_mib()
    way()
    clock, processor = time.perf_counter(), time.process_time()
    loss = way()
    return {
        "seconds": time.perf_counter() - clock,
        "processor_seconds": time.process_time() - processor,
        "peak_mib": _peak_mib(),
        "resident_before_mib": resident,
        "loss": loss,
    }


def _peak_mib() -> float:
    """Of this process alone: what `getrusage` says on Linux begins with the parent's peak."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # not Linux
        return peak_memory_mib() or 0.0
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def _resident_mib() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # not Linux
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def our_ranking_job(batch: str, chunk: bool = False) -> Callable[[Setting], Way]:
    """Two steps of ours on a batch of one of the sizes."""

    def made(setting: Setting) -> Way:
        pairs = getattr(setting.sizes, batch)
        table, rows, _ = setting.pairs(pairs, setting.sizes.short)
        recipe = replace(
            CHOICE, length_groups=1, ranking_chunk=setting.sizes.chunk if chunk else None
        )
        settings = StageSettings(2, pairs, 1e-5)
        encoder = setting.ours()
        setting.encoder = encoder  # the one it was copied from is needed no longer
        similar = torch.ones(len(rows), dtype=torch.bool)
        with torch.no_grad():  # without dropout, whose draws differ between the ways
            loss = ranking_loss(encoder.eval(), rows, similar, table, recipe, setting.context)

        def way() -> float:
            train_ranking(encoder, {"quora": rows}, table, recipe, settings, setting.context)
            return loss.item()

        return way

    return made


def their_ranking_job(setting: Setting) -> Way:
    """Two steps of the cached loss of sentence-transformers."""
    from rivals import RankingTraining

    sizes = setting.sizes
    table, rows, pairs = setting.pairs(sizes.large, sizes.short)
    rival = RankingTraining(
        sizes.model, pairs, sizes.large, setting.precision, chunk=sizes.chunk, trainer=False
    )
    assert_alike("cached", *losses_of_one_batch(setting, table, rows, pairs, rival), 1e-3)

    def way() -> float:
        first = rival.run()[1]
        rival.run()
        return first

    return way


def scaled(setting: Setting, times: int) -> tuple[SentenceTable, tuple[int, ...]]:
    """Different sentences with so many times the word pieces, and the same longest batch.

    Memory follows the longest batch. If the larger set had longer sentences, too, that would be
    measured, not its size. Whole batches, for a remainder would be cut from the longest ones.
    """
    table, corpora, _ = setting.corpora(TENFOLD * setting.sizes.scale)
    rows = {row for each in corpora.values() for row in each}
    by_length = sorted(rows, key=lambda row: (-table.length(row), row))
    longest, others = by_length[:QUICK], by_length[QUICK:]
    pieces = [sum(map(table.length, part)) for part in (longest, others)]
    wanted = sum(pieces) * times / TENFOLD - pieces[0]
    batches = round(wanted / pieces[1] * len(others) / QUICK)
    count = max(0, min(len(others), batches * QUICK))
    evenly = [others[number * len(others) // count] for number in range(count)]
    return table, (*longest, *evenly)


def scale_job(times: int) -> Callable[[Setting], Way]:
    """MLM of so many times the word pieces."""

    def made(setting: Setting) -> Way:
        table, rows = scaled(setting, times)
        head = setting.head
        settings = StageSettings(1, QUICK, 1e-5)

        def way() -> float:
            history = pretrain_masked_language_model(
                setting.encoder, head, {"all": rows}, table, CHOICE, settings, setting.context
            )
            return history.points[0]["loss"]

        return way

    return made


LARGE_JOBS = {
    "small": our_ranking_job("small"),
    "large plain": our_ranking_job("large"),
    "large cached": our_ranking_job("large", chunk=True),
    "large cached theirs": their_ranking_job,
}
JOBS = {
    **LARGE_JOBS,
    "once": scale_job(1),
    "ten times": scale_job(TENFOLD),
}


def several(setting: Setting, names: Sequence[str]) -> dict[str, list[dict[str, float]]]:
    """Each job in turn, some times."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(setting.sizes.processes):
        for name in names:
            found[name].append(alone(setting, name))
    return found


def compared(
    one: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]], what: str
) -> dict[str, float]:
    """How many times as much the one took as the other."""
    found = [a[what] / b[what] for a, b in zip(one, other, strict=True)]
    by = "processor_seconds" if what == "seconds" else what
    processor = [a[by] / b[by] for a, b in zip(one, other, strict=True)]
    return {
        "median": statistics.median(found),
        "lowest": min(found),
        "highest": max(found),
        "processor_time": statistics.median(processor),
    }


def caching(setting: Setting) -> list[dict]:
    """A large batch by gradient caching: against itself without, and against theirs."""
    found = several(setting, list(LARGE_JOBS))
    small, plain, cached, theirs = found.values()
    assert_alike("cached and plain", cached[0]["loss"], plain[0]["loss"], 1e-4)
    sizes = setting.sizes
    what = f"MNRL with `{sizes.large_model}`, batch {sizes.large:,}, gradient caching"
    peak = {
        name: statistics.median(run["peak_mib"] for run in runs) for name, runs in found.items()
    }
    above = {
        name: statistics.median(run["peak_mib"] - run["resident_before_mib"] for run in runs)
        for name, runs in found.items()
    }
    theirs_name = "CachedMultipleNegativesRankingLoss of sentence-transformers"
    return [
        row(
            f"{what}: memory",
            f"a plain batch of {sizes.small}",
            "at most",
            1.1,
            compared(cached, small, "peak_mib"),
            peak_mib=peak,
            above_what_was_there_before_mib=above,
        ),
        row(
            f"{what}: memory",
            f"a plain batch of {sizes.large:,}",
            "at most",
            1.0,
            compared(cached, plain, "peak_mib"),
        ),
        row(
            f"{what}: time",
            f"a plain batch of {sizes.large:,}",
            "at most",
            1.6,
            compared(cached, plain, "seconds"),
        ),
        row(what, theirs_name, "at least", 1.0, compared(theirs, cached, "seconds")),
    ]


def scaling(setting: Setting) -> list[dict]:
    """MLM of ten times the word pieces."""
    found = several(setting, ("once", "ten times"))
    once, ten = found["once"], found["ten times"]
    what, against = "MLM, ten times the word pieces", "once"
    pieces = {}
    for times in (1, TENFOLD):
        table, rows = scaled(setting, times)
        pieces[str(times)] = sum(map(table.length, rows))
    time_of = compared(ten, once, "seconds")
    return [
        row(f"{what}: time", against, "at most", 11, time_of, word_pieces=pieces),
        row(f"{what}: memory", against, "at most", 1.1, compared(ten, once, "peak_mib")),
    ]


PARTS = {
    "masked": masked_training,
    "step": single_step,
    "ranking": ranking,
    "frozen": frozen_heads,
    "caching": caching,
    "scaling": scaling,
}


def main(given: Sequence[str] | None = None) -> None:
    """Measure, print, and record if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="cs224n:DIR; made-up and classroom sentences without it")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--rounds", type=int, help="recorded rounds of each part")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="some parts")
    parser.add_argument("--toy", action="store_true", help="seconds, on `tiny`")
    parser.add_argument("--shared", action="store_true", help="note that others use the machine")
    parser.add_argument("--record", type=Path, help="write the figures to this JSON file")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    arguments = parser.parse_args(given)
    if arguments.record:
        check_replaceable(arguments.record, ("rows", "command"))
    os.environ["MINBERT_THREADS"] = str(arguments.threads)
    torch.set_num_threads(arguments.threads)
    precision = resolve_precision(arguments.precision, CPU)
    sizes = TOY if arguments.toy else Sizes()
    if arguments.rounds:
        sizes = replace(sizes, rounds=arguments.rounds)
    if arguments.job in LARGE_JOBS:
        sizes = replace(sizes, model=sizes.large_model)
    setting = Setting(arguments.data, arguments.threads, precision, sizes)
    if arguments.job:
        print(json.dumps(job(setting, arguments.job)))
        return
    _, _, what = setting.corpora(8)
    print(f"{what}; {describe_device(CPU)}, {arguments.threads} threads, {precision}")
    for part in arguments.only or PARTS:
        started = time.perf_counter()
        found = [{"part": part, **line} for line in PARTS[part](setting)]
        if arguments.record:  # part by part: what is measured is kept, and other parts stay
            seconds = {part: round(time.perf_counter() - started)}
            record(arguments, setting, what, found, seconds)


def record(
    arguments: argparse.Namespace,
    setting: Setting,
    what: str,
    found: list[dict],
    seconds: dict[str, int],
) -> None:
    """Put the lines of one part among those of the others."""
    sizes, earlier = setting.sizes, {"rows": [], "seconds": {}}
    if arguments.record.exists():
        found_there = json.loads(arguments.record.read_text(encoding="utf-8"))
        here = {"device": describe_device(CPU), "precision": setting.precision, "data": what}
        if all(found_there[name] == value for name, value in here.items()):
            earlier = found_there  # else it is of another machine, and goes as a whole
    rows = found + [line for line in earlier["rows"] if line["part"] not in seconds]
    rows.sort(key=lambda line: list(PARTS).index(line["part"]))
    command = "python benchmarks/training.py"
    if arguments.data:
        command += f" --data {arguments.data.split(':')[0]}:DIR"
    command += f" --threads {arguments.threads} --rounds {sizes.rounds}"
    write_json(
        arguments.record,
        {
            "command": command + (" --toy" if arguments.toy else ""),
            "data": what,
            "model": sizes.model,
            "device": describe_device(CPU),
            "threads": arguments.threads,
            "precision": setting.precision,
            "bf16_is_fast": multiplies_bf16_fast(CPU),
            "machine_shared": arguments.shared,
            "seconds": earlier["seconds"] | seconds,
            "versions": versions()
            | peer_versions("transformers", "sentence-transformers", "accelerate"),
            "rows": rows,
        },
    )


if __name__ == "__main__":
    main()
