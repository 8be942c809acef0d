"""Are the default lengths of `minbert train` good ones? Shorter, longer, slower and faster beside.

    python benchmarks/own_lengths.py --data cs224n:DIR --record benchmarks/own_lengths.json
    python benchmarks/own_lengths.py --encoder tiny    synthetic help-desk questions

One kind of data at a time: pairs to rank, scores, yes and no, classes. With the course's files,
rows of its training data stand for one's own; dev and test are not read: a fifth of the rows is
split off by groups, as `minbert train` does without a dev file, and every length is measured on the
same fifth. One seed, so that differences of one or two hundredths are luck; the page says so.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from sections import fill

from minbert.data import LabelledData, PairData, load_data, own_data
from minbert.data.examples import CourseData
from minbert.data.helpdesk import helpdesk
from minbert.data.own import OwnData
from minbert.experiments.own.choices import settings_for
from minbert.experiments.own.train import train_own
from minbert.experiments.provenance import describe_device
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.pretrained import read_config

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "own_data.md"
KEYS = ("kinds", "encoder", "device")
STAGE = {"partners": "ranking", "scores": "joint", "yes or no": "joint", "classes": "joint"}
"""Whose settings are varied, by kind."""


def real(data: CourseData, rows: int) -> dict[str, OwnData]:
    """The first rows of the course's training data, one kind each."""
    quora, sts, sst = (data.find(name).train for name in ("quora", "sts", "sst"))
    duplicates = [one for one in quora if one.label == 1][:rows]

    def pairs(examples, **options) -> PairData:
        sides = [[getattr(one, side) for one in examples] for side in ("sentence1", "sentence2")]
        return PairData(*sides, **options)

    return {
        "partners": pairs(duplicates),
        "scores": pairs(sts[:rows], scores=[one.label for one in sts[:rows]]),
        "yes or no": pairs(quora[:rows], labels=[int(one.label) for one in quora[:rows]]),
        "classes": LabelledData(
            [one.sentence for one in sst[:rows]], [str(one.label) for one in sst[:rows]]
        ),
    }


def made_up() -> dict[str, OwnData]:
    """Questions to a help desk; 36 intents, so that more rows would only repeat them."""
    desk = helpdesk(questions=20)
    return {"partners": desk.pairs, "classes": desk.topics}


def lengths_of(kind: str, encoder: str) -> dict[str, dict[str, Any]]:
    """Name and settings of each cell: the default, and one thing changed at a time."""
    own = getattr(settings_for(read_config(encoder)), STAGE[kind])
    epochs = {"default": own.epochs, "twice as long": 2 * own.epochs}
    if own.epochs > 1:
        epochs["half as long"] = own.epochs // 2
    cells = {name: {"epochs": count} for name, count in epochs.items()}
    cells["half the rate"] = {"epochs": own.epochs, "learning_rate": own.learning_rate / 2}
    cells["twice the rate"] = {"epochs": own.epochs, "learning_rate": own.learning_rate * 2}
    return cells


def measured(part: OwnData, encoder: str, options: Mapping[str, Any], tier: str) -> dict[str, Any]:
    """What one length gave, beside the untouched encoder on the same rows."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        found = train_own(
            own_data(part, tier=tier), encoder, Path(folder) / "out", cache=folder, **options
        ).results
        seconds = time.perf_counter() - started
    ((task, states),) = found["measures"].items()
    metric = found["tasks"][task]["metric"]
    (test,) = [test for test in found["paired_tests"] if test["metric"] == metric]
    return {
        **options,
        "metric": metric,
        "rows": found["tasks"][task]["rows"],
        "untouched": states["untouched"].get(metric),
        "trained": states["trained"][metric],
        "difference": test["difference"],
        "difference_ci95": test["ci95"],
        "against": test.get("against", "untouched"),
        "minutes": seconds / 60,
    }


def table(record: Mapping[str, Any]) -> str:
    """As Markdown: a line for each length of each kind."""
    lines = [
        "| data | length | epochs | result on the split-off fifth | gained over the untouched "
        "encoder | minutes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind, cells in record["kinds"].items():
        for name, cell in cells.items():
            value, (low, high) = cell["trained"]["value"], cell["trained"]["ci95"]
            begin, end = cell["difference_ci95"]
            lines.append(
                f"| {kind}, {cell['rows']['train']:,} rows, {cell['metric']} | {name} | "
                f"{cell['epochs']} | {value:.3f} [{low:.3f}, {high:.3f}] | "
                f"{cell['difference']:+.3f} [{begin:+.3f}, {end:+.3f}] | {cell['minutes']:.1f} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train every length of every kind, and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="cs224n:DIR; without, synthetic help-desk questions")
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--rows", type=int, default=1500, help="of each kind, train and dev")
    parser.add_argument("--kinds", nargs="+", choices=STAGE)
    parser.add_argument("--record", type=Path, help="JSON; the table goes into docs/own_data.md")
    parser.add_argument("--table", action="store_true", help="write the recorded table, train none")
    arguments = parser.parse_args()
    recorded = ROOT / "benchmarks" / "own_lengths.json"
    if arguments.table:
        fill(PAGE, {"own-lengths": table(json.loads(recorded.read_text(encoding="utf-8")))})
        return
    if arguments.record:
        check_replaceable(arguments.record, KEYS)
    logging.disable(logging.INFO)
    tier = "real" if arguments.data else "synthetic"
    parts = real(load_data(arguments.data), arguments.rows) if arguments.data else made_up()
    record: dict[str, Any] = {
        "encoder": arguments.encoder,
        "tier": tier,
        "device": describe_device(torch.device("cpu")),
        "rows": arguments.rows,
        "defaults": asdict(settings_for(read_config(arguments.encoder))),
        "kinds": {},
    }
    for kind in arguments.kinds or parts:
        cells = record["kinds"].setdefault(kind, {})
        for name, options in lengths_of(kind, arguments.encoder).items():
            cells[name] = measured(parts[kind], arguments.encoder, options, tier)
            print(kind, "|", name, "|", json.dumps(cells[name]), flush=True)
            if arguments.record:
                write_json(arguments.record, record)
    print(table(record))


if __name__ == "__main__":
    main()
