"""Own pairs on a laptop: 5,000 pairs with MiniLM, the minutes it takes and what it gains.

    python benchmarks/own_pairs.py --data cs224n:DIR --out benchmarks/own_pairs.json
    python benchmarks/own_pairs.py --encoder tiny --pairs 500    synthetic help-desk questions

With the course's files: `scores` takes graded pairs of STS, `partners` duplicates of Quora, as
somebody would bring them: lists of texts, and no word of where they are from. All-MiniLM-L6-v2 was
trained on Quora's duplicates by its makers, so a gain on those is not to be expected.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from minbert.data import PairData, load_data, own_data
from minbert.data.examples import CourseData
from minbert.data.helpdesk import helpdesk
from minbert.experiments.own.train import train_own
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.threads import granted_cores

KINDS = {"scores": "sts", "partners": "quora"}
"""The course's task whose pairs stand for one's own."""
MOST_DEV = 1000


def pairs_of(data: CourseData, kind: str, count: int) -> PairData:
    """The first pairs of a task of the course as own data; its dev rows are dev."""
    splits = data.find(KINDS[kind])

    def some(examples, most: int, **options) -> PairData:
        chosen = [one for one in examples if kind == "scores" or one.label == 1][:most]
        if len(chosen) < most and most == count:
            raise ValueError(f"expected {most} pairs in train, got {len(chosen)}")
        return PairData(
            [one.sentence1 for one in chosen],
            [one.sentence2 for one in chosen],
            scores=[one.label for one in chosen] if kind == "scores" else None,
            **options,
        )

    return some(splits.train, count, dev=some(splits.dev, MOST_DEV))


def main() -> None:
    """Train, measure, and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="cs224n:DIR; without, synthetic help-desk questions")
    parser.add_argument("--kind", choices=KINDS, default="scores")
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--out", type=Path, help="JSON")
    arguments = parser.parse_args()
    keys = ("pairs", "minutes", "verdict")
    if arguments.out:
        check_replaceable(arguments.out, keys)
    if arguments.data:
        data = own_data(pairs_of(load_data(arguments.data), arguments.kind, arguments.pairs))
    else:
        each = max(4, min(40, arguments.pairs // 36))
        data = own_data(helpdesk(questions=each).pairs, tier="synthetic", note="Synthetic pairs")
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        outcome = train_own(
            data,
            arguments.encoder,
            Path(folder) / "out",
            seeds=arguments.seeds,
            epochs=arguments.epochs,
            batch_size=arguments.batch_size,
            learning_rate=arguments.learning_rate,
            cache=Path(folder) / "cache",
        )
        seconds = time.perf_counter() - started
    found = outcome.results
    print(outcome.tables)
    print(f"{seconds / 60:.1f} minutes on {granted_cores()} cores, everything included")
    if arguments.out:
        chosen = vars(arguments) | {"out": None}
        kept = ("verdict", "tier", "data", "encoder", "stages", "recipe", "settings", "seeds",
                "tasks", "measures", "paired_tests", "baselines", "timings_s", "counts", "versions",
                "device", "precision", "peak_memory_mib")  # fmt: skip
        write_json(
            arguments.out,
            {
                "pairs": arguments.pairs,
                "minutes": seconds / 60,
                "arguments": {name: value for name, value in chosen.items() if name != "data"},
                **{name: found[name] for name in kept},
            },
        )


if __name__ == "__main__":
    main()
