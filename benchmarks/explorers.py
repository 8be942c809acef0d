"""How long does a page wait for an explorer? First draw, and the answer to each control.

Every explorer is made with `tiny` and, where it is installed, with MiniLM, anew in every round;
then its controls are set to one value after the other. Beside the seconds stands how many plain
matplotlib pictures (one line, stored as PNG) could have been drawn meanwhile: they are drawn in
turn with the explorers, so that this ratio says something on other machines too. Medians over the
rounds; of an explorer's controls the slowest one is named, and the longest single answer is told
beside it. As in the course, the garbage collector does not go through what was imported
(`gc.freeze`); without that, one answer in thirty takes about .4 s longer.

    python benchmarks/explorers.py [--runs 5] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import torch

from minbert import encode, from_pretrained
from minbert.analysis.sentence_space import dev_sentences
from minbert.course.example import PAIR
from minbert.data.classroom.corpus import classroom_corpus
from minbert.encoder import Encoder
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.heads import MaskedLanguageModelHead
from minbert.pretrained import load_mlm_head
from minbert.progress import Progress
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz import explorers
from minbert.viz.explorers import Explorer, Panel, View
from minbert.viz.style import new_axes
from minbert.viz.table import Table

LIMITS = {"tiny": (1.0, 0.3), "minilm": (3.0, None)}
"""Seconds that are asked for: first draw, update; for MiniLM's updates nothing is asked."""
TYPED = ("Where does the river end?", "A guinea pig eats grass, and [MASK], all day long.")
MAP_POINTS = 10_000
HEADER = """\
| explorer | encoder | first draw | update | slowest control | longest | plain pictures |
| --- | --- | --- | --- | --- | --- | --- |"""


def makers(
    encoder: Encoder, tokenizer: WordPieceTokenizer, head: MaskedLanguageModelHead | None
) -> dict[str, Callable[[], Explorer]]:
    """How to make each explorer, by name. What notebooks have at hand is made here, untimed."""
    corpus = classroom_corpus(31).data
    pairs = corpus.quora.dev
    similar = [pair for pair in pairs if pair.label == 1]
    space = dev_sentences(corpus)
    space.vectors["original"] = encode(space.sentences, encoder, tokenizer, "mean")
    space.vectors["other"] = space.vectors["original"][:, ::-1].copy()
    many = torch.randn(MAP_POINTS, 128, generator=torch.Generator().manual_seed(0)).numpy()
    longest = encoder.config.max_position_embeddings
    return {
        "TokenExplorer": lambda: explorers.TokenExplorer(tokenizer, *PAIR, max_length=longest),
        "AttentionExplorer": lambda: explorers.AttentionExplorer(encoder, tokenizer, PAIR[0]),
        "MaskStepper": lambda: explorers.MaskStepper(tokenizer, max_length=longest),
        "BlankExplorer": lambda: explorers.BlankExplorer((encoder, head), tokenizer),
        "RankingLab": lambda: explorers.RankingLab(similar, encoder, tokenizer),
        "CosineLab": lambda: explorers.CosineLab(encoder, tokenizer, pairs),
        "SimilarityExplorer": lambda: explorers.SimilarityExplorer(
            encoder, tokenizer, space.sentences
        ),
        "EmbeddingExplorer": lambda: explorers.EmbeddingExplorer(space),
        f"EmbeddingExplorer, {MAP_POINTS:,} points": lambda: explorers.EmbeddingExplorer(
            [f"sentence {number}" for number in range(MAP_POINTS)], {"one": many, "two": -many}
        ),
        "TrainingMonitor": trained_monitor,
    }


def trained_monitor() -> Explorer:
    """A monitor that has heard a stage of 200 points."""
    monitor = explorers.TrainingMonitor(clock=lambda: 0.0)
    for step in range(1, 201):
        point = {"epoch": 0, "step": step, "source": "sst", "loss": 1 / step, "learning_rate": 1e-3}
        monitor.hear(Progress("mlm", step, 200, 0, False, [point], torch.nn.Identity()))
    monitor.panel.refresh()
    return monitor


def plain_picture() -> None:
    """What everything is held against: one line, as an explorer would show it."""
    axes = new_axes()
    axes.plot([0, 1, 2])
    panel = Panel("plain", lambda: View(axes, "A line.", Table(["x"], [[0]])))
    panel.refresh()


def settings(control: widgets.Widget) -> list[Any]:
    """Values to set a control to, other than the one it has, and back at the end."""
    now = control.value
    if isinstance(control, widgets.Text):
        return [*TYPED, now]
    if isinstance(control, widgets.Checkbox):
        return [not now, now]
    if hasattr(control, "options"):
        values = [o[1] if isinstance(o, tuple) else o for o in control.options]
        return [*[value for value in values if value != now][:3], now]
    return [control.max if control.max != now else control.min, now]


def updates(explorer: Explorer) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every change of every control, as something to be called."""
    for control in explorer.controls:
        if control.has_trait("value") and control.description != "Map by":
            for value in settings(control):
                yield control.description, lambda c=control, v=value: setattr(c, "value", v)


def seconds_of(work: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def close(widget: widgets.Widget) -> None:
    """Take a widget and all that is in it away."""
    for child in getattr(widget, "children", ()):
        close(child)
    widget.close()


def measure(make: Callable[[], Explorer], runs: int) -> dict[str, Any]:
    """Medians for one explorer; the first round warms up and does not count."""
    first, plain, answers = [], [], defaultdict(list)
    for number in range(runs + 1):
        plain.append(seconds_of(plain_picture))
        made: list[Explorer] = []
        first.append(seconds_of(lambda made=made: made.append(make())))
        for name, change in updates(made[0]):
            seconds = seconds_of(change)
            if number:
                answers[name].append(seconds)
        for panel in made[0].panels.values():
            assert panel.error is None, f"{made[0].title}, {panel.name}: {panel.error!r}"
        close(made[0].widget)  # a page has a few explorers, not those of all rounds
        gc.collect()
    slowest = max(answers, key=lambda name: statistics.median(answers[name]))
    return {
        "first_draw_s": statistics.median(first[1:]),
        "update_s": statistics.median(statistics.median(times) for times in answers.values()),
        "slowest_control": slowest,
        "slowest_update_s": statistics.median(answers[slowest]),
        "largest_update_s": max(max(times) for times in answers.values()),
        "plain_picture_s": statistics.median(plain[1:]),
    }


def row(explorer: str, encoder: str, found: dict[str, Any]) -> str:
    """One line of the table: medians in seconds, the longest single update, and the ratio."""
    slowest = f"{found['slowest_update_s']:.2f} ({found['slowest_control']})"
    cells = [
        explorer,
        encoder,
        f"{found['first_draw_s']:.2f}",
        f"{found['update_s']:.2f}",
        slowest,
        f"{found['largest_update_s']:.2f}",
        f"{found['first_draw_s'] / found['plain_picture_s']:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.out:
        check_replaceable(arguments.out, ("limits_s", "results", "runs"))
    torch.set_num_threads(2)
    gc.freeze()
    results: dict[str, dict[str, Any]] = {}
    print(HEADER)
    for name in LIMITS:
        try:
            encoder, tokenizer = from_pretrained(name)
        except (OSError, ValueError) as error:
            print(f"{name} is left out: {error}")
            continue
        head = load_mlm_head(name, encoder) if name == "tiny" else None
        results[name] = {}
        for explorer, make in makers(encoder, tokenizer, head).items():
            found = results[name][explorer] = measure(make, arguments.runs)
            print(row(explorer, name, found), flush=True)
    for name, (draw, update) in LIMITS.items():
        for explorer, found in results.get(name, {}).items():
            slow = found["first_draw_s"] > draw or (update and found["slowest_update_s"] > update)
            if slow:
                print(f"above the limit: {explorer} with {name}")
    if arguments.out:
        content = {
            "runs": arguments.runs,
            "device": describe_device(torch.device("cpu")),
            "versions": versions(),
            "limits_s": LIMITS,
            "results": results,
        }
        write_json(arguments.out, content)


if __name__ == "__main__":
    main()
