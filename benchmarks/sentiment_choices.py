"""Which choices help sentiment? Half of SST's training sentences train, the other half judges.

    python benchmarks/sentiment_choices.py --data cs224n:DIR --out benchmarks/sentiment_choices.json
    python benchmarks/sentiment_choices.py --table     the recorded figures into docs/beyond.md
    python benchmarks/sentiment_choices.py --toy       seconds, on `tiny`: does it run?

MiniLM learns SST alone, as the recipe `best` does: read twice under other dropout, 3.5 times, the
head ten times as fast, words as they are. Each line changes one choice, and is tested on the same
sentences against the first; Holm's correction counts all lines. A second seed of the first line
shows what luck alone does. Dev and test are never read.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sections import fill
from torch import Tensor, nn
from torch.nn import functional as F

from minbert.data import load_data
from minbert.data.batching import pad_batch
from minbert.encoder import Encoder, EncoderOutput
from minbert.evaluation.power import detectable_difference
from minbert.evaluation.statistics import compare, holm, summarise
from minbert.experiments.markdown import interval, markdown_table, number, signed
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.report import SIGNIFICANT
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.heads import SentimentHead
from minbert.pooling import pool
from minbert.precision import autocast, resolve_precision
from minbert.pretrained import from_pretrained
from minbert.tasks import SST
from minbert.training.consistency import disagreement
from minbert.training.epochs import mixed
from minbert.training.joint import frozen
from minbert.training.loop import Batch, RunContext, generator_for, train
from minbert.training.recipe import RECIPES, StageSettings
from minbert.training.vectors import set_dropout

BEST = RECIPES["best"]
assert BEST.joint is not None and isinstance(BEST.mixture, Mapping)
SETTINGS, PASSES = BEST.joint, BEST.mixture[SST.name]
CPU = torch.device("cpu")
RECORD = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).parents[1] / "docs" / "beyond.md"
NOISE, RADIUS = 0.01, 0.05
"""How far each token's embedding is moved in search of the worst neighbour, and how far that one
lies: shares of the embedding's own length."""


@dataclass(frozen=True)
class Choice:
    """How one classifier learns; without values, as `best` does."""

    name: str
    pooling: str = BEST.pooling
    """Or `attention`: a learned query says how much each token counts."""
    settings: StageSettings = SETTINGS
    passes: float = PASSES
    consistency: float = BEST.consistency
    smoothness: float = 0.0
    """Weight of how far a reading may lie from that of its worst neighbour (SMART)."""
    layer_decay: float = 1.0
    """What the rate of each layer is multiplied by, for every layer above it."""
    frozen_words: bool = BEST.frozen_words
    neighbours: float = 0.0
    """Share of the right answer that goes to the classes beside it."""
    members: int = 1
    precision: str = "auto"
    seed: int = 0


CHOICES = (
    Choice("as `best`"),
    Choice("another seed, nothing else", seed=1),
    Choice("read once, twice as many passes", consistency=0.0, passes=2 * PASSES),
    Choice("[CLS] instead of the mean", pooling="cls"),
    Choice("attention pooling", pooling="attention"),
    Choice("layer-wise rates, .8 a layer", layer_decay=0.8),
    Choice("word embeddings learn, too", frozen_words=False),
    Choice("half the rate", settings=replace(SETTINGS, learning_rate=5e-5)),
    Choice("twice the rate", settings=replace(SETTINGS, learning_rate=2e-4)),
    Choice("a tenth of the answer to the neighbouring classes", neighbours=0.1),
    Choice("two trainings, the mean of their weights", members=2),
    Choice("the worst neighbour (SMART) instead of a second reading", consistency=0.0,
           smoothness=2.0),
)  # fmt: skip


class AttentionPooling(nn.Module):
    """One vector a sentence: a learned query weighs the tokens. Starts as their mean."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(hidden_size))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States (batch, seq, hidden) and the mask of real tokens to (batch, hidden)."""
        scores = (states @ self.query) / math.sqrt(len(self.query))
        weights = scores.masked_fill(mask == 0, -torch.inf).softmax(dim=-1)
        return (weights.unsqueeze(-1) * states).sum(dim=1)


class Classifier(nn.Module):
    """An encoder and a sentiment head, which reads one vector a sentence."""

    def __init__(self, encoder: Encoder, choice: Choice) -> None:
        super().__init__()
        hidden = encoder.config.hidden_size
        self.encoder, self.choice = encoder, choice
        self.attention = AttentionPooling(hidden) if choice.pooling == "attention" else None
        generator = generator_for(choice.seed, "heads")
        self.head = SentimentHead(hidden, SST.classes, BEST.dropout, generator)
        self.precision = resolve_precision(choice.precision, CPU)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Logits, (batch, class)."""
        with autocast(self.precision, CPU):
            output: EncoderOutput = self.encoder(ids, mask)
            if self.attention is None:
                vectors = pool(output, mask, self.choice.pooling)
            else:
                vectors = self.attention(output.last_hidden_state, mask)
        return self.head(vectors.float())

    def rates(self) -> dict[str, float]:
        """What the learning rate of each part is multiplied by."""
        decay, layers = self.choice.layer_decay, len(self.encoder.encoder.layer)
        lower = {
            f"encoder.encoder.layer.{place}": decay ** (layers - 1 - place)
            for place in range(layers)
        }
        fresh = dict.fromkeys(("head", "attention"), BEST.head_rate)
        return {"encoder.embeddings": decay**layers, **lower, **fresh}


def answers_of(right: Tensor, neighbours: float) -> Tensor:
    """Labels (example,) as distributions over the classes (example, class)."""
    classes = torch.arange(SST.classes)
    beside = (classes[None] - right[:, None]).abs() == 1
    shared = neighbours * beside / beside.sum(dim=1, keepdim=True)
    return shared + (1 - neighbours) * F.one_hot(right, SST.classes)


def from_worst_neighbour(model: Classifier, ids: Tensor, mask: Tensor, logits: Tensor) -> Tensor:
    """How far a reading lies from that of the worst embeddings near its own, as in SMART.

    Source: Jiang et al. (2020), section 3.1. The direction is that in which a small random move
    makes the answer change fastest, one step of the search of Miyato et al. (2018), section 3.3.
    """

    def moved(by: Tensor) -> Tensor:
        def move(_: nn.Module, __: object, states: Tensor) -> Tensor:
            return states + by * states.detach().norm(dim=-1, keepdim=True)

        hook = model.encoder.embeddings.register_forward_hook(move)
        try:
            return model(ids, mask)
        finally:
            hook.remove()

    def of_length(length: float, direction: Tensor) -> Tensor:
        return length * F.normalize(direction, dim=-1)

    noise = of_length(NOISE, torch.randn(*ids.shape, model.encoder.config.hidden_size))
    noise.requires_grad_()
    (slope,) = torch.autograd.grad(disagreement(moved(noise), logits.detach()), noise)
    return disagreement(moved(of_length(RADIUS, slope)), logits)


def trained(
    choice: Choice, encoder_name: str, ids: Sequence[list[int]], labels: Tensor, pad_id: int
) -> Classifier:
    """A classifier that has learned these sentences."""
    model = Classifier(from_pretrained(encoder_name)[0], choice)
    set_dropout(model.encoder, BEST)
    answers = answers_of(labels, choice.neighbours)
    words = model.encoder.embeddings.word_embeddings.weight

    def compute_loss(batch: Batch, generator: torch.Generator) -> Tensor:
        _, examples = batch
        if choice.consistency:
            examples = [*examples, *examples]
        padded, mask = pad_batch([ids[example] for example in examples], pad_id)
        logits = model(padded, mask)
        loss = F.cross_entropy(logits, answers[examples])
        if choice.consistency:
            loss = loss + choice.consistency * disagreement(*logits.chunk(2))
        if choice.smoothness:
            loss = loss + choice.smoothness * from_worst_neighbour(model, padded, mask, logits)
        return loss

    def learn() -> None:
        train(
            model,
            lambda generator: mixed(
                {SST.name: list(map(len, ids))},
                choice.settings.batch_size,
                generator,
                {SST.name: choice.passes},
            ),
            compute_loss,
            choice.settings,
            RunContext(CPU, model.precision, choice.seed),
            name="sst",
            rates=model.rates(),
            members=choice.members,
        )

    if choice.frozen_words:
        with frozen(words):
            learn()
    else:
        learn()
    return model


@torch.inference_mode()
def predicted(model: Classifier, ids: Sequence[list[int]], pad_id: int) -> np.ndarray:
    """The class of each sentence."""
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    classes = np.empty(len(ids), dtype=np.int64)
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        classes[rows] = model(*pad_batch([ids[row] for row in rows], pad_id)).argmax(dim=1).numpy()
    return classes


def halves(examples: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Those to train on and those that judge; what is said in both judges nothing."""
    order = torch.randperm(len(examples), generator=generator_for("halves")).tolist()
    middle = len(order) // 2
    learned = [examples[place] for place in order[:middle]]
    known = {one.sentence.lower() for one in learned}
    judging = [examples[place] for place in order[middle:]]
    return learned, [one for one in judging if one.sentence.lower() not in known]


def measured(
    spec: str, encoder_name: str, choices: Sequence[Choice], say: Callable[[str], None]
) -> dict[str, Any]:
    """Train every choice, and test it against the first on the same sentences."""
    data = load_data(spec)
    learned, judging = halves(data.find(SST.name).train)
    tokenizer = from_pretrained(encoder_name)[1]
    of = [tokenizer.encode([one.sentence for one in part]) for part in (learned, judging)]
    labels = torch.tensor([one.label for one in learned])
    gold = np.array([one.label for one in judging])
    lines, first = [], None
    for choice in choices:
        started = time.perf_counter()
        model = trained(choice, encoder_name, of[0], labels, tokenizer.pad_id)
        minutes = (time.perf_counter() - started) / 60
        found = predicted(model, of[1], tokenizer.pad_id)
        score = summarise(SST, gold, [found])
        line = {"choice": choice.name, "accuracy": score["value"], "ci95": list(score["ci95"]),
                "minutes": minutes, "precision": model.precision}  # fmt: skip
        if first is None:
            first = found
        else:
            (test,) = compare({SST.name: gold}, [{SST.name: found}], [{SST.name: first}], [SST])
            low, high = test["ci95"]
            line["test"] = {"difference": test["difference"], "ci95": [low, high],
                            "p_value": test["p_value"],
                            "detectable": detectable_difference((high - low) / 2)}  # fmt: skip
        lines.append(line)
        say(f"{choice.name}: {score['value']:.3f}, {minutes:.1f} min")
    tested = [line["test"] for line in lines if "test" in line]
    for test, corrected in zip(tested, holm([test["p_value"] for test in tested]), strict=True):
        test["p_holm"] = corrected
    return {
        "trained_on": len(learned),
        "judged_on": len(judging),
        "encoder": encoder_name,
        "lines": lines,
        "device": describe_device(CPU),
        "versions": versions(),
    }


def table(record: Mapping[str, Any]) -> str:
    """As Markdown: a line for each choice."""
    rows = []
    for line in record["lines"]:
        score = f"{number(line['accuracy'])} {interval(line['ci95'])}"
        if test := line.get("test"):
            better = "better" if test["difference"] > 0 else "worse"
            verdict = better if test["p_holm"] < SIGNIFICANT else "within noise"
            shown = f"{signed(test['difference'])} {interval(test['ci95'])}"
            rows.append([line["choice"], score, shown, f"{test['p_holm']:.2g}", verdict])
        else:
            rows.append([line["choice"], score, "", "", ""])
    header = ["SST, held-out training sentences", "accuracy [95 %]", "difference [95 %]",
              "p, Holm", ""]  # fmt: skip
    return markdown_table(header, rows)


def main() -> None:
    """Train, test, show, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="cs224n:DIR")
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--toy", action="store_true", help="`tiny` and a small classroom corpus")
    parser.add_argument("--only", type=int, nargs="+", help="numbers of lines, from 0")
    parser.add_argument("--out", type=Path, help="JSON")
    parser.add_argument("--table", action="store_true", help="into docs/beyond.md")
    arguments = parser.parse_args()
    if not (arguments.data or arguments.toy or arguments.table):
        parser.error("give --data, --toy, or --table for the recorded figures")
    if arguments.out:
        check_replaceable(arguments.out, ("trained_on", "lines"))
    if arguments.data or arguments.toy:
        choices = CHOICES
        if arguments.only:
            choices = [CHOICES[0], *(CHOICES[place] for place in arguments.only if place)]
        if arguments.toy:
            choices = [replace(choice, passes=choice.passes / 20) for choice in choices]
        spec, encoder = ("classroom", "tiny") if arguments.toy else (
            arguments.data, arguments.encoder)  # fmt: skip
        record = measured(spec, encoder, choices, lambda line: print(line, flush=True))
        print(table(record))
        if arguments.out:
            write_json(arguments.out, record)
    if arguments.table:
        fill(PAGE, {"sentiment": table(json.loads(RECORD.read_text(encoding="utf-8")))})


if __name__ == "__main__":
    main()
