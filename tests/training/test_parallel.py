"""Several ranks train what one process trains: gradients, losses, resumes, errors."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from in_ranks import exit_codes, in_ranks, joined
from small_experiment import small_experiment
from torch import Tensor, nn
from torch.nn import functional as F

from minbert.experiments.experiment import Experiment
from minbert.heads import MaskedLanguageModelHead
from minbert.pretrained import from_pretrained
from minbert.training import loop, parallel
from minbert.training.finetune import fine_tune
from minbert.training.joint import train_jointly
from minbert.training.loop import History, RunContext, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.mnrl import ranked_pairs, train_ranking
from minbert.training.recipe import RECIPES, Recipe, StageSettings
from minbert.training.sentences import CourseRows
from minbert.training.vectors import embed_all

STILL = replace(RECIPES["lab"], dropout=0.0, attention_dropout=0.0)
"""Without dropout, whose draws depend on the number of ranks."""
UNEVEN = StageSettings(epochs=1, batch_size=5, learning_rate=0.05, max_gradient_norm=0.5)
"""16 rows a split: the last batch of single sentences has one row, fewer than there are ranks."""
CPU = torch.device("cpu")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """Plain descent: AdamW divides by a gradient's size, and so makes rounding as large as a step
    where a gradient is zero but for rounding (the keys' biases)."""
    monkeypatch.setattr(
        loop, "make_optimizer", lambda weights, rate, *_: torch.optim.SGD(weights, rate)
    )
    return small_experiment(tmp_path)


def mlm(experiment: Experiment, recipe: Recipe, context: RunContext) -> tuple[nn.Module, History]:
    encoder, tokenizer = from_pretrained(experiment.encoder_name)
    rows = CourseRows(experiment.data, tokenizer, 32)
    head = MaskedLanguageModelHead(encoder.config, torch.Generator().manual_seed(0))
    corpora = {task: of.all_rows for task, of in rows.split("train").items()}
    history = pretrain_masked_language_model(
        encoder, head, corpora, rows.table, recipe, UNEVEN, context
    )
    return nn.ModuleList([encoder, head]), history


def ranking(experiment: Experiment, recipe: Recipe, context: RunContext):
    encoder, tokenizer = from_pretrained(experiment.encoder_name)
    rows = CourseRows(experiment.data, tokenizer, 32)
    pairs = ranked_pairs(rows.split("train"))
    return encoder, train_ranking(encoder, pairs, rows.table, recipe, UNEVEN, context)


def joint(experiment: Experiment, recipe: Recipe, context: RunContext):
    encoder, tokenizer = from_pretrained(experiment.encoder_name)
    rows = CourseRows(experiment.data, tokenizer, 32)
    model = replace(experiment, recipe=recipe).model(encoder, generator_for("heads"))
    return model, train_jointly(model, rows.split("train"), rows.table, recipe, UNEVEN, context)


def sentiment(experiment: Experiment, recipe: Recipe, context: RunContext):
    encoder, tokenizer = from_pretrained(experiment.encoder_name)
    rows = CourseRows(experiment.data, tokenizer, 32)
    model = replace(experiment, recipe=recipe).model(encoder, generator_for("heads"))
    of = rows.tasks["sst"]["train"]
    return model, fine_tune(model, of, rows.table, recipe, UNEVEN, context)


STAGES: dict[str, tuple[Callable, Recipe]] = {
    "mlm": (mlm, STILL),
    "mlm, few tokens chosen": (
        mlm,
        replace(STILL, masking=replace(STILL.masking, probability=0.02)),
    ),
    "ranking": (ranking, replace(STILL, symmetric=False)),
    "ranking, both ways, clusters": (ranking, replace(STILL, cluster_masked=True)),
    "ranking, in parts": (ranking, replace(STILL, ranking_parts=2)),
    "joint": (joint, STILL),
    "joint, pairs in one pass and apart": (joint, replace(STILL, pairs="both", cosine_weight=0.5)),
    "sentiment": (sentiment, STILL),
}


def outcome(stage: Callable, experiment: Experiment, recipe: Recipe, context: RunContext) -> dict:
    model, history = stage(experiment, recipe, context)
    return {
        "weights": torch.cat([weight.detach().ravel() for weight in model.parameters()]),
        "losses": torch.tensor([point["loss"] for point in history.points]),
        "counts": (history.steps, history.skipped, history.tokens),
    }


def started(seed: int = 0, checkpoint: Path | None = None) -> RunContext:
    return RunContext(CPU, "fp32", seed, checkpoint, checkpoint_every_s=1e9, stage="toy")


@pytest.mark.parametrize(
    "name, ranks",
    [
        *((name, 2) for name in STAGES),
        ("mlm", 3),
        ("ranking, both ways, clusters", 3),
        ("joint", 3),
    ],
)
def test_ranks_train_what_one_process_trains(
    name: str, ranks: int, small: Experiment, tmp_path: Path
) -> None:
    stage, recipe = STAGES[name]

    def work() -> dict:
        return outcome(stage, small, recipe, started())

    [one] = in_ranks(1, work, tmp_path)
    before = torch.cat([w.ravel() for w in from_pretrained(small.encoder_name)[0].parameters()])
    moved = (one["weights"][: len(before)] - before).abs().max()
    assert moved > 1e-3, "nothing would be compared"
    for found in in_ranks(ranks, work, tmp_path / "several"):
        assert found["counts"] == one["counts"]
        torch.testing.assert_close(found["losses"], one["losses"], atol=1e-5, rtol=0)
        torch.testing.assert_close(found["weights"], one["weights"], atol=1e-5, rtol=0)


def test_ranks_have_the_same_weights_to_the_last_bit_and_each_its_own_dropout(
    small: Experiment, tmp_path: Path
) -> None:
    recipe = replace(STILL, dropout=0.3)

    def work() -> dict:
        vectors = torch.ones(4, 50)
        drawn = parallel.in_parts(lambda rows: F.dropout(vectors[list(rows)]), range(4))
        torch.manual_seed(0)
        return {"drawn": drawn, **outcome(sentiment, small, recipe, started())}

    first, second = in_ranks(2, work, tmp_path)
    assert torch.equal(first["weights"], second["weights"])
    drawn = first["drawn"]
    assert torch.equal(drawn, second["drawn"])
    assert not torch.equal(drawn[0], drawn[1]), "rows of two ranks with one dropout"


@pytest.mark.parametrize("ranks", [1, 3])
def test_two_ranks_are_interrupted_and_others_go_on(
    ranks: int, small: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C reaches one rank alone: both stop after the same step, the first writes."""
    path = tmp_path / "checkpoint.pt"
    [whole] = in_ranks(1, lambda: outcome(mlm, small, STILL, started()), tmp_path)

    def interrupted() -> None:
        step = parallel.average_gradients
        steps: list[int] = []

        def counting(weights: Any) -> None:
            steps.append(1)
            if len(steps) == 4 and not parallel.first():
                os.kill(os.getpid(), signal.SIGINT)
            step(weights)

        parallel.average_gradients = counting
        outcome(mlm, small, STILL, started(checkpoint=path))

    assert exit_codes(2, joined(interrupted, tmp_path / "cut")) in ([130, 3], [3, 130])
    assert torch.load(path, weights_only=True)["position"]["step"] == 4

    def again() -> dict:
        return outcome(mlm, small, STILL, started(checkpoint=path))

    for found in in_ranks(ranks, again, tmp_path / "again"):
        assert found["counts"] == whole["counts"]
        torch.testing.assert_close(found["weights"], whole["weights"], atol=1e-5, rtol=0)


def test_vectors_of_a_frozen_encoder_are_shared_out(small: Experiment, tmp_path: Path) -> None:
    encoder, tokenizer = from_pretrained(small.encoder_name)
    rows = CourseRows(small.data, tokenizer, 32)
    wanted = rows.tasks["sts"]["dev"].all_rows

    def work() -> tuple[Tensor, int]:
        read: list[int] = []
        encoder.register_forward_hook(lambda _, inputs, __: read.append(len(inputs[0])))
        return embed_all(encoder, wanted, rows.table, STILL, started()), sum(read)

    [(one, all_rows)] = in_ranks(1, work, tmp_path)
    for found, read in in_ranks(2, work, tmp_path / "two"):
        torch.testing.assert_close(found, one, atol=1e-6, rtol=0)
        assert read == -(-all_rows // 2)


def test_a_rank_that_begins_with_other_weights_is_refused(
    small: Experiment, tmp_path: Path
) -> None:
    said = tmp_path / "said"

    def work() -> None:
        model = nn.Linear(2, 1)
        nn.init.constant_(model.weight, float(parallel.ranks().rank))
        nn.init.zeros_(model.bias)
        try:
            loop.train(
                model,
                lambda _: [("made up", [0])],
                lambda *_: model(torch.ones(1, 2)).sum(),
                UNEVEN,
                started(),
                name="toy",
            )
        except ValueError as error:
            said.write_text(f"{error}")
            raise

    codes = exit_codes(2, joined(work, tmp_path))
    assert 0 not in codes
    assert "rank 1 has other weights" in said.read_text()


@pytest.mark.parametrize(
    "count, rank, part, own",
    [(5, 0, [0, 2, 4], 3), (5, 1, [1, 3, 4], 2), (1, 0, [0], 1), (1, 1, [0], 0), (4, 1, [1, 3], 2)],
)
def test_parts_are_of_one_length(count: int, rank: int, part: list[int], own: int) -> None:
    token = parallel._ranks.set(parallel.Ranks(rank, 2))
    try:
        assert parallel.part(count) == part and parallel.own(count) == own
    finally:
        parallel._ranks.reset(token)


def test_one_process_gets_back_what_it_gives() -> None:
    weight = nn.Parameter(torch.ones(3))
    weight.grad = torch.arange(3.0)
    state = torch.get_rng_state()
    rows = torch.randn(4, 2)
    torch.set_rng_state(state)
    with parallel.together() as ranks:
        assert (ranks.rank, ranks.count) == (0, 1) and parallel.first()
        parallel.average_gradients([weight])
        assert parallel.in_parts(lambda places: rows, range(4)) is rows
        assert parallel.joint_mean(F.cross_entropy, rows, torch.zeros(4).long()) == F.cross_entropy(
            rows, torch.zeros(4).long()
        )
        assert parallel.any_of(True) and not parallel.any_of(False)
        assert parallel.tell("x") == "x"
    assert torch.equal(weight.grad, torch.arange(3.0))
    assert torch.equal(torch.get_rng_state(), state)
