"""Attention in bf16 on a CPU, written out against torch's fused kernel, in the whole encoder.

    python benchmarks/bf16_attention.py --out benchmarks/bf16_attention.json
    python benchmarks/bf16_attention.py --table     the recorded figures into docs/speed.md

An encoder of MiniLM's size with random weights goes forward and back over the same ids. In turn:
bf16 as `minbert.attention` does it, bf16 with torch's kernel, and fp32. Then forward alone, as
`minbert.encode` goes. Each ratio is of two neighbours; printed are medians and ranges. On a CPU
without instructions for bf16 the ratios say why nobody should take it there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from sections import fill

from minbert.config import ModelConfig
from minbert.encoder import Encoder
from minbert.experiments.markdown import markdown_table
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.fast_encoder import ready
from minbert.precision import autocast, multiplies_bf16_fast

RECORD = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
CPU = torch.device("cpu")
MINILM = ModelConfig(hidden_size=384, num_hidden_layers=6, intermediate_size=1536)
SHAPES = ((128, 16), (64, 32), (32, 64), (16, 128))
"""Sentences and word pieces: a batch of about 2,000 in sentences of one length."""

PLACES = ("minbert.attention", "minbert.fast_encoder")
WAYS = {
    "written out": ("bf16", None),
    "fused": ("bf16", lambda query: False),
    "fp32": ("fp32", None),
}
"""Precision, and what decides between the two paths in place of `plain_is_faster`."""


def seconds(encoder: Encoder, ids: torch.Tensor, way: str, trains: bool) -> float:
    """Of one pass, forward and back or forward alone."""
    precision, choice = WAYS[way]
    patches = [patch(f"{place}.plain_is_faster", choice) for place in PLACES if choice]
    for one in patches:
        one.start()
    try:
        started = time.perf_counter()
        if trains:
            with autocast(precision, CPU):
                states = encoder(ids).hidden_states[-1]
            states.float().square().mean().backward()
            encoder.zero_grad()
        else:
            fast = ready(encoder, precision)
            assert fast is not None
            with torch.inference_mode():
                fast(ids)
        return time.perf_counter() - started
    finally:
        for one in patches:
            one.stop()


def measured(config: ModelConfig, shapes: tuple, runs: int) -> list[dict[str, Any]]:
    """A row for each shape and direction: written out is so many times as fast as the others."""
    torch.manual_seed(0)
    encoder, rows = Encoder(config).eval(), []
    for trains in (True, False):
        for batch, tokens in shapes:
            ids = torch.randint(config.vocab_size, (batch, tokens))
            taken: dict[str, list[float]] = {way: [] for way in WAYS}
            for number in range(runs + 1):  # the first one warms up
                for way in WAYS:
                    one = seconds(encoder, ids, way, trains)
                    if number:
                        taken[way].append(one)
            row: dict[str, Any] = {"trains": trains, "sentences": batch, "word_pieces": tokens}
            for way in ("fused", "fp32"):
                pairs = zip(taken[way], taken["written out"], strict=True)
                ratios = sorted(other / ours for other, ours in pairs)
                row[way] = [statistics.median(ratios), ratios[0], ratios[-1]]
            rows.append(row)
            print(
                f"{'forward and back' if trains else 'forward'}, {batch} x {tokens}: "
                + ", ".join(
                    f"{row[way][0]:.2f} ({row[way][1]:.2f} to {row[way][2]:.2f}) times as fast as "
                    f"{way}"
                    for way in ("fused", "fp32")
                ),
                flush=True,
            )
    return rows


def table(record: Mapping[str, Any]) -> str:
    """As Markdown: a line for each direction and shape, and the command."""
    header = ["", "sentences × word pieces", "torch's fused kernel in bf16", "fp32"]
    rows = [
        [
            "forward and back" if row["trains"] else "forward",
            f"{row['sentences']} × {row['word_pieces']}",
            *("{:.2f} ({:.2f} to {:.2f})".format(*row[way]) for way in ("fused", "fp32")),
        ]
        for row in record["rows"]
    ]
    torch_version = record["versions"]["torch"]
    made = f"`{record['command']}`: {record['device']}, torch {torch_version}."
    return f"{markdown_table(header, rows)}\n{made}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        fill(PAGE, {"bf16": table(json.loads(RECORD.read_text(encoding="utf-8")))})
        return
    if options.out:
        check_replaceable(options.out, ("rows", "command"))
    torch.set_num_threads(options.threads)
    record = {
        "device": describe_device(CPU),
        "bf16_is_fast": multiplies_bf16_fast(CPU),
        "versions": versions(),
        "command": f"python benchmarks/bf16_attention.py --runs {options.runs} "
        f"--threads {options.threads} --out benchmarks/bf16_attention.json",
        "rows": measured(MINILM, SHAPES, options.runs),
    }
    if options.out:
        write_json(options.out, record)


if __name__ == "__main__":
    main()
