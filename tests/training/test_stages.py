"""Single stages: what they train, what they leave alone, and what they skip."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from minbert.encoder import Encoder
from minbert.experiments.experiment import Experiment
from minbert.heads import MaskedLanguageModelHead
from minbert.masking import MaskingRule
from minbert.multitask import MultitaskBert
from minbert.pretrained import from_pretrained
from minbert.training.epochs import in_turn
from minbert.training.finetune import fine_tune
from minbert.training.heads import train_head
from minbert.training.loop import generator_for
from minbert.training.mlm import masked_language_model_loss, pretrain_masked_language_model
from minbert.training.mnrl import is_similar, train_ranking
from minbert.training.recipe import RECIPES, StageSettings
from minbert.training.sentences import CourseRows
from minbert.training.vectors import embed_all

RECIPE = RECIPES["paper"]
FAST = StageSettings(epochs=4, batch_size=8, learning_rate=2e-3)


@pytest.fixture
def encoder(experiment: Experiment) -> Encoder:
    return from_pretrained(experiment.encoder_name)[0]


@pytest.fixture
def rows(experiment: Experiment) -> CourseRows:
    _, tokenizer = from_pretrained(experiment.encoder_name)
    return CourseRows(experiment.data, tokenizer, 64)


def copied(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def changed(model: torch.nn.Module, before: dict[str, torch.Tensor]) -> set[str]:
    return {
        name for name, value in model.state_dict().items() if not torch.equal(value, before[name])
    }


def test_sentences_are_tokenised_once_and_found_again(rows: CourseRows) -> None:
    assert len(rows.table) == len({tuple(ids) for ids in rows.table.ids})
    first = rows.tasks["quora"]["train"]
    assert rows.table.add(["a new sentence"] * 3) == (len(rows.table) - 1,) * 3
    part = first.subset([3, 1])
    assert part.ids == (first.ids[3], first.ids[1])
    assert part.labels.tolist() == [first.labels[3].item(), first.labels[1].item()]
    assert rows.tasks["sst"]["test"].labels is None


def test_mlm_learns_and_moves_encoder_and_head(
    experiment: Experiment, encoder: Encoder, rows: CourseRows
) -> None:
    head = MaskedLanguageModelHead(encoder.config, torch.Generator().manual_seed(0))
    corpora = {task: splits["train"].all_rows for task, splits in rows.tasks.items()}
    before, head_before = copied(encoder), copied(head)
    history = pretrain_masked_language_model(
        encoder, head, corpora, rows.table, RECIPE,
        StageSettings(6, 8, 2e-3), experiment.context(seed=0),
    )  # fmt: skip
    assert history.steps == 6 * (5 + 10 + 10)
    assert history.tokens == 6 * sum(
        rows.table.length(row) for corpus in corpora.values() for row in corpus
    )
    assert {point["source"] for point in history.points} == {"sst", "quora", "sts"}
    first, last = history.points[:30], history.points[-30:]
    assert sum(p["loss"] for p in last) < 0.9 * sum(p["loss"] for p in first)
    # The pooler sees no gradient here; everything else moves.
    still = set(before) - changed(encoder, before)
    assert still == {"pooler.dense.weight", "pooler.dense.bias"}
    assert changed(head, head_before) == set(head_before)


def test_mlm_predicts_only_what_is_masked(
    experiment: Experiment, encoder: Encoder, rows: CourseRows
) -> None:
    head = MaskedLanguageModelHead(encoder.config, torch.Generator().manual_seed(0))
    never = replace(RECIPE, masking=MaskingRule(0.0))
    batch = rows.tasks["sst"]["train"].first[:4]
    context = experiment.context(seed=0)
    nothing = masked_language_model_loss(
        encoder, head, batch, rows.table, never, context, generator_for(0)
    )
    assert nothing is None
    loss = masked_language_model_loss(
        encoder.eval(), head.eval(), batch, rows.table, RECIPE, context, generator_for(0)
    )
    assert 0.5 * torch.tensor(float(encoder.config.vocab_size)).log() < loss
    loss.backward()
    used = {row for index in batch for row in rows.table.ids[index]}
    assert encoder.embeddings.word_embeddings.weight.grad[sorted(used)].abs().sum() > 0


def test_mnrl_brings_similar_pairs_together(
    experiment: Experiment, encoder: Encoder, rows: CourseRows
) -> None:
    pairs = {task: rows.tasks[task]["train"] for task in ("quora", "sts")}
    history = train_ranking(
        encoder, pairs, rows.table, RECIPE, StageSettings(8, 8, 5e-4), experiment.context(seed=0)
    )
    assert history.steps == 8 * 10
    assert sum(p["loss"] for p in history.points[-10:]) < sum(
        p["loss"] for p in history.points[:10]
    )


def test_mnrl_skips_and_counts_batches_without_a_similar_pair(
    experiment: Experiment, encoder: Encoder, rows: CourseRows
) -> None:
    pairs = {task: rows.tasks[task]["train"] for task in ("quora", "sts")}
    none = replace(RECIPE, similar_from=5.0)
    assert not is_similar(pairs["sts"], none).any()
    similar = is_similar(pairs["quora"], none)
    assert torch.equal(similar, pairs["quora"].labels == 1)
    history = train_ranking(
        encoder, pairs, rows.table, none, StageSettings(1, 8, 1e-4), experiment.context(seed=0)
    )
    assert history.skipped >= 5 and history.steps == 10
    assert {point["source"] for point in history.points} == {"quora"}


def test_frozen_heads_learn_from_vectors_computed_once(
    experiment: Experiment, encoder: Encoder, rows: CourseRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    original = Encoder.forward

    def counted(self: Encoder, input_ids: torch.Tensor, *rest: object, **named: object):
        seen.append(len(input_ids))
        return original(self, input_ids, *rest, **named)

    monkeypatch.setattr(Encoder, "forward", counted)
    splits = rows.tasks["quora"]["train"], rows.tasks["sst"]["train"]
    wanted = [row for split in splits for row in split.all_rows]
    context = experiment.context(seed=0)
    vectors = embed_all(encoder, wanted, rows.table, RECIPE, context)
    assert sum(seen) == len(set(wanted))
    model = MultitaskBert(encoder, dropout=0.0, generator=torch.Generator().manual_seed(0))
    before = copied(model)
    settings = StageSettings(10, 8, 1e-2)
    history = train_head(model.paraphrase, vectors, splits[0], settings, context)
    history = train_head(model.sentiment, vectors, splits[1], settings, context)
    assert sum(seen) == len(set(wanted)), "the encoder ran again"
    assert history.steps == 50
    moved = changed(model, before)
    assert moved and all(name.startswith(("sentiment.", "paraphrase.")) for name in moved)
    assert history.points[-1]["loss"] < history.points[0]["loss"]


def test_fine_tuning_moves_all_but_the_paraphrase_head(
    experiment: Experiment, encoder: Encoder, rows: CourseRows
) -> None:
    model = MultitaskBert(encoder, dropout=0.3, generator=torch.Generator().manual_seed(0))
    before = copied(model)
    history = fine_tune(
        model, rows.tasks["sst"]["train"], rows.table, RECIPE, FAST, experiment.context(seed=0)
    )
    assert history.frozen_moved == history.stood_still == []
    still = set(before) - changed(model, before)
    assert {name.split(".")[0] for name in still} == {"paraphrase"}
    assert not model.encoder.training


def test_an_epoch_takes_the_sets_in_turn() -> None:
    lengths = {"a": [3] * 20, "b": [5] * 8}
    epoch = in_turn(lengths, 4, torch.Generator().manual_seed(0))
    assert [name for name, _ in epoch] == ["a", "b", "a", "b", "a", "a", "a"]
    assert sorted(row for name, batch in epoch if name == "a" for row in batch) == list(range(20))


def test_vectors_do_not_depend_on_how_they_are_batched(
    experiment: Experiment, encoder: Encoder, rows: CourseRows
) -> None:
    context = experiment.context(seed=0)
    wanted = rows.tasks["sts"]["dev"].all_rows
    whole = embed_all(encoder, wanted, rows.table, RECIPE, context)
    single = embed_all(encoder, reversed(wanted), rows.table, RECIPE, context, token_budget=1)
    torch.testing.assert_close(whole, single, atol=1e-5, rtol=0)
    others = sorted(set(range(len(rows.table))) - set(wanted))
    assert whole[others].abs().sum() == 0
