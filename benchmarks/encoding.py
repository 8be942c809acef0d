"""How fast are sentences encoded? `minbert.encode` beside what a user would take instead.

Every way encodes the same sentences with the same MiniLM, tokenising included, in turn in this
process, with as many threads; the vectors are compared. Printed are the medians of several rounds,
and the ratios of the ways of each round with the lowest and the highest. Word pieces are real ones:
padding does not count. On a busy machine the processor time says more than the clock.

throughput   all sentences in one call, of everybody's own batches
latency      one sentence a call

    python benchmarks/encoding.py [--data cs224n:DIR] [--sentences 3000] [--record FILE.json]
    python benchmarks/encoding.py --page
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

import encoding_memory
import numpy as np
import torch
from peers import PEERS, versions_of as peer_versions
from sections import filled

from minbert import encode, from_pretrained
from minbert.data import load_data
from minbert.data.text import read_json
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.inference import longest_row
from minbert.precision import multiplies_bf16_fast
from minbert.weights import locate

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "encoding.md"
CPU = torch.device("cpu")
Way = Callable[[Sequence[str]], np.ndarray]

BASE = "sentence-transformers fp32"
OURS = {"fp32": "minbert fp32", "bf16": "minbert bf16"}
BARS = (
    (OURS["bf16"], BASE, 4.3, "throughput"),
    (OURS["bf16"], "sentence-transformers bf16", 2.4, "throughput"),
    (OURS["bf16"], "OpenVINO bf16", 1.1, "throughput"),
    (OURS["fp32"], BASE, 1.5, "throughput"),
    (OURS["fp32"], BASE, 1.5, "latency"),
    (OURS["bf16"], BASE, 1.5, "latency"),
)
"""Who is to be how many times as fast as whom; bf16 only where the processor multiplies it."""


@dataclass(frozen=True)
class Times:
    """Of one way: seconds of each round, by the clock and of the processor."""

    clock: list[float]
    processor: list[float]


def sentences_of(data: str | None, count: int) -> tuple[list[str], str]:
    """So many different questions, and what they are."""
    loaded = load_data(data or "classroom")
    questions = dict.fromkeys(
        text for example in loaded.quora.train for text in (example.sentence1, example.sentence2)
    )
    return list(questions)[:count], f"{loaded.tier} data, Quora questions ({loaded.note})"


def ways_of(model: str, precisions: Sequence[str], peers: bool) -> dict[str, Way]:
    """Everybody who can be asked here, by name; peers that are not installed are left out."""
    encoder, tokenizer = from_pretrained(model)
    ways: dict[str, Way] = {}
    if peers:
        ways |= {
            f"sentence-transformers {precision}": _sentence_transformers(model, precision)
            for precision in precisions
        }
    for precision in precisions:
        ways[OURS[precision]] = lambda sentences, precision=precision: encode(
            sentences, encoder, tokenizer, precision=precision
        )
    if peers and importlib.util.find_spec("openvino"):
        for precision in precisions:
            ways[f"OpenVINO {precision}"] = _openvino(encoder, tokenizer, precision)
    if peers and all(map(importlib.util.find_spec, ("onnx", "onnxscript", "onnxruntime"))):
        for precision in ("fp32", "int8"):
            ways[f"onnxruntime {precision}"] = _onnxruntime(encoder, tokenizer, precision)
    return ways


def _sentence_transformers(model: str, precision: str) -> Way:
    from sentence_transformers import SentenceTransformer

    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    folder = str(locate(model).weights.parent)
    theirs = SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": dtype})
    return lambda sentences: np.asarray(
        theirs.encode(list(sentences), show_progress_bar=False), dtype=np.float32
    )


def _openvino(encoder: Any, tokenizer: Any, precision: str) -> Way:
    """Our encoder, converted as it is, with batches of a budget of word pieces, mean and norm."""
    import openvino

    from minbert.data.batching import budget_for, pad_batch, within_budget

    class LastState(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.encoder(input_ids, attention_mask).last_hidden_state

    example = torch.ones(2, 5, dtype=torch.long)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch.jit.trace says that shapes become constants
        converted = openvino.convert_model(
            LastState().eval(), example_input=(example, example), input=[[-1, -1], [-1, -1]]
        )
    hint = "bf16" if precision == "bf16" else "f32"
    compiled = openvino.Core().compile_model(
        converted,
        "CPU",
        {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": torch.get_num_threads()},
    )

    def way(sentences: Sequence[str]) -> np.ndarray:
        rows = tokenizer.encode(sentences, max_length=longest_row(encoder, tokenizer))
        lengths = [len(row) for row in rows]
        by_length = sorted(range(len(rows)), key=lengths.__getitem__)
        vectors = np.empty((len(rows), encoder.config.hidden_size), dtype=np.float32)
        for batch in within_budget(by_length, lengths, budget_for(CPU, precision)):
            ids, mask = pad_batch([rows[row] for row in batch], tokenizer.pad_id)
            [states] = compiled([ids.numpy(), mask.numpy()]).values()
            real = mask.numpy()[:, :, None]
            vectors[batch] = (states * real).sum(1) / real.sum(1)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return way


def _onnxruntime(encoder: Any, tokenizer: Any, precision: str) -> Way:
    """What `minbert export --to onnx` writes, mean and norm in the graph; `int8` loses cosine."""
    from minbert.export import ExportedEncoder, sentence_graph
    from minbert.export.exported import settings_of
    from minbert.export.runtimes import runner, write_graph

    graph, int8 = sentence_graph(encoder), precision == "int8"
    with tempfile.TemporaryDirectory() as folder:
        path = write_graph(graph, Path(folder), "onnx", int8)
        run, runtime = runner(path, torch.get_num_threads())
    settings = settings_of(graph, encoder, tokenizer, "onnx", int8)
    return ExportedEncoder(settings, tokenizer, run, runtime).encode


def in_turn(
    ways: dict[str, Way], ask: Callable[[Way], np.ndarray], rounds: int
) -> tuple[dict[str, Times], dict[str, np.ndarray]]:
    """Time every way in each round, a first round unrecorded; and what each way answered."""
    times = {name: Times([], []) for name in ways}
    vectors = {}
    for number in range(rounds + 1):
        for name, way in ways.items():
            clock, processor = time.perf_counter(), time.process_time()
            vectors[name] = ask(way)
            if number:
                times[name].clock.append(time.perf_counter() - clock)
                times[name].processor.append(time.process_time() - processor)
    return times, vectors


def smallest_cosine(found: np.ndarray, expected: np.ndarray) -> float:
    """Of the two vectors of one sentence."""
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return float(((found * expected).sum(1) / lengths).min())


def ratios(times: dict[str, Times], fast: str, slow: str) -> dict[str, float]:
    """How many times as fast one way is as another: median, lowest and highest of the rounds."""
    found = [b / a for a, b in zip(times[fast].clock, times[slow].clock, strict=True)]
    processor = [b / a for a, b in zip(times[fast].processor, times[slow].processor, strict=True)]
    return {
        "median": statistics.median(found),
        "lowest": min(found),
        "highest": max(found),
        "processor_time": statistics.median(processor),
    }


def share_of_products(way: Way, sentences: Sequence[str]) -> float:
    """Share of the time in matrix products, by torch's profiler: what cannot go."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        started = time.perf_counter()
        way(sentences)
        passed = time.perf_counter() - started
    products = ("aten::addmm", "aten::mm", "aten::bmm", "aten::mkldnn_linear", "aten::linear",
                "mkldnn::_linear_pointwise")  # fmt: skip
    spent = sum(
        event.self_cpu_time_total
        for event in profile.key_averages()
        if event.key in products or "scaled_dot_product" in event.key or "flash" in event.key
    )
    return min(1.0, spent / 1e6 / passed)


@torch.inference_mode()
def one_product(width: int, tokens: int, layers: int = 6, rounds: int = 30) -> float:
    """How many times as fast queries, keys and values are in one product as in three.

    On as many layers as MiniLM has, so that weights do not stay in the processor's cache; median of
    the rounds, in processor time.
    """
    states, bias = torch.randn(tokens, width), torch.randn(3 * width)
    weights = [torch.randn(3 * width, width) for _ in range(layers)]
    parts = [(part, bias[:width]) for weight in weights for part in weight.chunk(3)]
    ways = {
        "one": lambda: [torch.nn.functional.linear(states, weight, bias) for weight in weights],
        "three": lambda: [torch.nn.functional.linear(states, *part) for part in parts],
    }
    times = {name: Times([], []) for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            clock, processor = time.perf_counter(), time.process_time()
            way()
            times[name].processor.append(time.process_time() - processor)
            times[name].clock.append(time.perf_counter() - clock)
    return ratios(times, "one", "three")["processor_time"]


def measure(
    ways: dict[str, Way], sentences: Sequence[str], single: int, rounds: int
) -> tuple[dict[str, Any], dict[str, float]]:
    """Throughput and latency of all ways, and the smallest cosine of each to the first's."""
    throughput, vectors = in_turn(ways, lambda way: way(sentences), rounds)
    alone = sentences[:single]
    latency, _ = in_turn(ways, lambda way: np.concatenate([way([one]) for one in alone]), rounds)
    first = next(iter(ways))
    cosines = {name: smallest_cosine(found, vectors[first]) for name, found in vectors.items()}
    return {"throughput": throughput, "latency": latency}, cosines


def result_of(
    found: dict[str, dict[str, Times]], cosines: dict[str, float], sentences: int, single: int
) -> dict[str, Any]:
    """The figures of all ways, as they are recorded."""
    first = next(iter(cosines))
    ways = {}
    for name, cosine in cosines.items():
        clock = statistics.median(found["throughput"][name].clock)
        ways[name] = {
            "sentences_per_s": sentences / clock,
            "ms_of_one": statistics.median(found["latency"][name].clock) / single * 1000,
            "smallest_cosine": cosine,
            "throughput": ratios(found["throughput"], name, first),
            "latency": ratios(found["latency"], name, first),
        }
    bars = [
        {"fast": fast, "slow": slow, "what": what, "bar": bar, **ratios(found[what], fast, slow)}
        for fast, slow, bar, what in BARS
        if fast in cosines and slow in cosines
    ]
    return {"against": first, "ways": ways, "bars": bars}


def about(recorded: dict[str, Any]) -> str:
    """What the figures are of, in a sentence, and the command."""
    threads = f"{recorded['threads']} thread" + "s" * (recorded["threads"] > 1)
    processor = recorded["device"].split(",")[-1].strip()
    versions_of = ", ".join(
        f"{name} {recorded['versions'][name]}"
        for name in ("torch", *PEERS)
        if name in recorded["versions"]
    )
    return (
        f"{recorded['sentences']:,} sentences ({recorded['data']}), {recorded['word_pieces']:,} "
        f"word pieces, {recorded['model']}; {threads} each, {processor}; {versions_of}. In turn "
        f"in one process, tokenising included; medians of {recorded['rounds']} rounds, with the "
        "lowest and the highest ratio:\n\n"
        f"```\n{recorded['command']}\n```\n\n"
    )


def left(recorded: dict[str, Any]) -> str:
    """What the profile shows is left, in a sentence."""
    return (
        "; ".join(
            f"{name}: {share:.0%} of the time is in products and attention"
            for name, share in recorded["share_of_products"].items()
        )
        + "."
    )


def product(recorded: dict[str, Any]) -> str:
    """What queries, keys and values in one product would gain."""
    return ", ".join(
        f"{ratio:.2f} times as fast with {int(tokens):,} tokens"
        for tokens, ratio in recorded["one_product"].items()
    )


def table(recorded: dict[str, Any]) -> str:
    """The recorded figures as Markdown."""
    lines = [
        f"| way | sentences/s | times {recorded['against']} | … in processor time "
        "| one sentence, ms | times | smallest cosine |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, way in recorded["ways"].items():
        many, one = way["throughput"], way["latency"]
        lines.append(
            f"| {name} | {way['sentences_per_s']:,.0f} | {_spread(many)} "
            f"| {many['processor_time']:.2f} | {way['ms_of_one']:.1f} | {_spread(one)} "
            f"| {way['smallest_cosine']:.5f} |"
        )
    return "\n".join(lines) + "\n"


def bars(recorded: dict[str, Any]) -> str:
    """Each bar that can be judged on this machine, and whether it is met, as Markdown."""
    lines = ["| | bar | here | |", "| --- | ---: | ---: | --- |"]
    for bar in recorded["bars"]:
        met = "met" if bar["median"] >= bar["bar"] else "missed"
        lines.append(
            f"| {bar['what']}: {bar['fast']} against {bar['slow']} | {bar['bar']} "
            f"| {_spread(bar)} | {met} |"
        )
    return "\n".join(lines) + "\n"


def _spread(ratio: dict[str, float]) -> str:
    return f"{ratio['median']:.2f} ({ratio['lowest']:.2f}–{ratio['highest']:.2f})"


def fill(
    page: str,
    speed: dict[str, Any] | None,
    memory: dict[str, Any] | None,
    fp32: dict[str, Any] | None,
) -> str:
    """docs/encoding.md with the recorded figures in their places.

    Args:
        fp32: figures of a processor that does not multiply bf16 fast.
    """
    shown = {}
    if speed:
        shown |= {"encoding": "\n" + about(speed) + table(speed), "bars": "\n" + bars(speed)}
        shown |= {"left": left(speed), "product": product(speed)}
    if fp32:
        shown["encoding-fp32"] = "\n" + about(fp32) + table(fp32)
    if memory:
        shown["memory"] = "\n" + encoding_memory.about(memory) + encoding_memory.table(memory)
    return filled(page, shown)


def recorded_in(path: Path) -> dict[str, Any] | None:
    """Recorded figures; None where nothing is recorded yet."""
    return read_json(path) if path.is_file() else None


def write_page() -> None:
    """Put what is recorded beside this script into docs/encoding.md."""
    names = ("encoding", "encoding_memory", "encoding_fp32")
    records = (recorded_in(HERE / f"{name}.json") for name in names)
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), *records), encoding="utf-8")


def main(given: Sequence[str] | None = None) -> None:
    """Measure, print, and record if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="cs224n:DIR; the classroom corpus (synthetic) without it")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--sentences", type=int, default=3000)
    parser.add_argument("--single", type=int, default=50, help="sentences of a round of latency")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-peers", action="store_true", help="ours alone")
    parser.add_argument("--bf16", action="store_true", help="also where the CPU only emulates it")
    parser.add_argument("--record", type=Path, help="write the figures to this JSON file")
    parser.add_argument("--page", action="store_true", help="only write docs/encoding.md anew")
    arguments = parser.parse_args(given)
    if arguments.page:
        return write_page()
    if arguments.record:
        check_replaceable(arguments.record, ("ways", "bars", "command"))
    for name in ("MINBERT_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = str(arguments.threads)
    torch.set_num_threads(arguments.threads)
    fast = multiplies_bf16_fast(CPU)
    precisions = ("fp32", "bf16") if fast or arguments.bf16 else ("fp32",)
    sentences, what = sentences_of(arguments.data, arguments.sentences)
    ways = ways_of(arguments.model, precisions, not arguments.no_peers)
    _, tokenizer = from_pretrained(arguments.model)
    pieces = sum(map(len, tokenizer.encode(sentences)))
    device = describe_device(CPU)
    print(
        f"{what}; {len(sentences)} sentences, {pieces} word pieces; {device}; "
        f"bf16 is {'fast' if fast else 'emulated'} here"
    )
    single = min(arguments.single, len(sentences))
    found, cosines = measure(ways, sentences, single, arguments.rounds)
    options = vars(arguments) | {"record": None}
    if arguments.data:
        options["data"] = f"{arguments.data.partition(':')[0]}:DIR"  # where it lies is nobody's
    recorded = {
        "data": what,
        "model": arguments.model,
        "sentences": len(sentences),
        "word_pieces": pieces,
        "single": single,
        "rounds": arguments.rounds,
        "threads": arguments.threads,
        "device": device,
        "bf16_is_fast": fast,
        "versions": versions() | peer_versions(*PEERS),
        "command": "python benchmarks/encoding.py"
        + "".join(
            f" --{name.replace('_', '-')}" + ("" if value is True else f" {value}")
            for name, value in options.items()
            if value not in (None, False)
        ),
        "share_of_products": {
            name: share_of_products(way, sentences)
            for name, way in ways.items()
            if name.startswith("minbert")
        },
        "one_product": {str(tokens): one_product(384, tokens) for tokens in (13, 1024)},
        **result_of(found, cosines, len(sentences), single),
    }
    print(table(recorded) + "\n" + bars(recorded))
    for name, share in recorded["share_of_products"].items():
        print(f"{name}: {share:.0%} of its time is matrix products and attention")
    for tokens, ratio in recorded["one_product"].items():
        print(f"queries, keys and values in one product, {tokens} tokens: {ratio:.2f} times")
    if arguments.record:
        write_json(arguments.record, recorded)


if __name__ == "__main__":
    main()
