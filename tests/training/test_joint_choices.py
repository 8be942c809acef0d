"""Choices of joint training: words that stand still, faster heads, R-Drop, a mixture by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from checked_shapes import unchecked
from torch import nn
from torch.distributions import Categorical, kl_divergence
from torch.nn import functional as F

from minbert.experiments.experiment import Experiment
from minbert.multitask import MultitaskBert
from minbert.pretrained import from_pretrained
from minbert.training.consistency import disagreement
from minbert.training.epochs import mixed
from minbert.training.joint import frozen, train_jointly
from minbert.training.loop import generator_for
from minbert.training.rates import by_rate
from minbert.training.recipe import RECIPES, Recipe, StageSettings
from minbert.training.sentences import CourseRows
from minbert.training.vectors import embed_all

ONE_EPOCH = StageSettings(epochs=1, batch_size=8, learning_rate=1e-4)


@pytest.fixture
def rows(experiment: Experiment) -> CourseRows:
    _, tokenizer = from_pretrained(experiment.encoder_name)
    return CourseRows(experiment.data, tokenizer, 64)


def of(experiment: Experiment, **choices: object) -> Experiment:
    """The choices of this file as the paper has them, but for those that are named."""
    plain = {
        "pairs": "bi-encoder",
        "cosine_weight": 0.0,
        "consistency": 0.0,
        "similarity_averages": False,
        "members": 1,
        "head_rate": 1.0,
        "frozen_words": False,
        "mixture": 1.0,
    }
    return replace(experiment, recipe=replace(RECIPES["best"], **{**plain, **choices}))


def fresh(experiment: Experiment) -> MultitaskBert:
    return experiment.model(from_pretrained(experiment.encoder_name)[0], generator_for(0, "heads"))


def moved_by(experiment: Experiment, rows: CourseRows) -> tuple[dict[str, float], MultitaskBert]:
    model = fresh(experiment)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    context = experiment.context(seed=0)
    history = train_jointly(
        model, rows.split("train"), rows.table, experiment.recipe, ONE_EPOCH, context
    )
    assert not history.frozen_moved and not history.stood_still
    return {
        name: (value - before[name]).abs().max().item()
        for name, value in model.state_dict().items()
    }, model


def test_frozen_words_stand_still_and_are_free_again_afterwards(
    experiment: Experiment, rows: CourseRows
) -> None:
    words = "encoder.embeddings.word_embeddings.weight"
    free, _ = moved_by(of(experiment), rows)
    still, model = moved_by(of(experiment, frozen_words=True), rows)
    assert free[words] > 0 and still[words] == 0
    assert all(still[name] > 0 for name in free if free[name] and name != words)
    assert model.encoder.embeddings.word_embeddings.weight.requires_grad


def test_what_was_frozen_before_stays_so() -> None:
    parameter = nn.Parameter(torch.zeros(2), requires_grad=False)
    with frozen(parameter):
        pass
    assert not parameter.requires_grad
    parameter.requires_grad_(True)
    with pytest.raises(KeyError), frozen(parameter):
        assert not parameter.requires_grad
        raise KeyError
    assert parameter.requires_grad


def test_heads_go_faster_by_their_rate_alone(experiment: Experiment, rows: CourseRows) -> None:
    """One step of AdamW has about the size of its learning rate."""
    split = rows.tasks["sst"]["train"]
    sizes = {}
    for rate in (1.0, 50.0):
        trial = of(experiment, head_rate=rate, dropout=0.0, attention_dropout=0.0)
        model = fresh(trial)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        one_step = StageSettings(epochs=1, batch_size=len(split), learning_rate=1e-5)
        context = trial.context(seed=0)
        train_jointly(model, {"sst": split}, rows.table, trial.recipe, one_step, context)
        after = model.state_dict()
        sizes[rate] = {name: (after[name] - before[name]).abs().max().item() for name in before}
    assert sizes[1.0]["sentiment.dense.weight"] == pytest.approx(1e-5, rel=0.05)
    assert sizes[50.0]["sentiment.dense.weight"] == pytest.approx(5e-4, rel=0.05)
    layer = "encoder.encoder.layer.0.output.dense.weight"
    assert sizes[50.0][layer] == pytest.approx(sizes[1.0][layer], rel=0.05)


def test_groups_hold_each_trained_parameter_once() -> None:
    model = nn.ModuleDict({name: nn.Linear(2, 2) for name in ("encoder", "sentiment", "other")})
    model["other"].weight.requires_grad_(False)
    groups = by_rate(model, {"sentiment": 10.0})
    assert [group["rate"] for group in groups] == [1.0, 10.0]
    assert [len(group["params"]) for group in groups] == [3, 2]
    [alone] = by_rate(model, {})
    assert len(alone["params"]) == 5


def test_a_part_within_a_part_has_its_own_rate() -> None:
    inner = nn.ModuleDict({"0": nn.Linear(2, 2), "01": nn.Linear(2, 2)})
    model = nn.ModuleDict({"encoder": inner, "head": nn.Linear(2, 2)})
    groups = by_rate(model, {"encoder": 0.5, "encoder.0": 0.25})
    assert {group["rate"]: len(group["params"]) for group in groups} == {0.25: 2, 0.5: 2, 1.0: 2}
    [lowest] = [group["params"] for group in groups if group["rate"] == 0.25]
    assert all(one is other for one, other in zip(lowest, inner["0"].parameters(), strict=True))


def test_disagreement_is_the_mean_of_both_divergences() -> None:
    one, other = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(0))
    p, q = Categorical(logits=one), Categorical(logits=other)
    expected = 0.5 * (kl_divergence(p, q) + kl_divergence(q, p)).mean()
    assert torch.allclose(disagreement(one, other), expected)
    assert disagreement(one, one + 3).item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="other"):
        unchecked(disagreement)(one, other[:, :4])


def test_a_sentence_of_classes_is_read_twice_where_the_recipe_says_so(
    experiment: Experiment, rows: CourseRows
) -> None:
    """Without dropout both readings are one: the loss is that of one reading."""
    trial = of(experiment, consistency=2.0, dropout=0.0, attention_dropout=0.0)
    model, split = fresh(trial).eval(), rows.tasks["sst"]["train"]
    context, table, recipe = trial.context(seed=0), rows.table, trial.recipe
    vectors = embed_all(model.encoder, split.first, table, recipe, context)
    logits = model.answer(split.task, vectors[list(split.first)])
    expected = F.cross_entropy(logits, split.targets).item()
    one_step = StageSettings(epochs=1, batch_size=len(split), learning_rate=1e-9)
    history = train_jointly(model, {"sst": split}, table, recipe, one_step, context)
    assert history.points[0]["loss"] == pytest.approx(expected, rel=1e-5)
    assert history.tokens == 2 * sum(map(table.length, split.first))

    for consistency, higher in ((0.0, False), (5000.0, True)):
        trial = of(experiment, consistency=consistency, dropout=0.4)
        noisy = fresh(trial)
        history = train_jointly(noisy, {"sst": split}, table, trial.recipe, one_step, context)
        assert (history.points[0]["loss"] > expected + 1) is higher
    quora = rows.tasks["quora"]["train"]
    history = train_jointly(model, {"quora": quora}, table, recipe, one_step, context)
    assert history.tokens == sum(map(table.length, quora.all_rows))


def test_an_epoch_sees_each_data_set_as_often_as_the_mixture_says() -> None:
    lengths = {"few": [5] * 100, "many": [7] * 400}
    batches = mixed(lengths, 8, torch.Generator().manual_seed(0), {"few": 2.5, "many": 0.25})
    for name, times in (("few", 2.5), ("many", 0.25)):
        seen = Counter(row for source, batch in batches if source == name for row in batch)
        assert sum(seen.values()) == times * len(lengths[name])
        assert set(seen.values()) <= ({2, 3} if name == "few" else {1})
    with pytest.raises(ValueError, match="mixture must have a number for each of few, many"):
        mixed(lengths, 8, torch.Generator(), {"few": 1.0})


def test_similarity_is_answered_by_the_mean_of_head_and_cosine(experiment: Experiment) -> None:
    """Answers alone change, and only those of similarity; what is trained stays what it was."""
    draw = torch.Generator().manual_seed(0)
    alone = fresh(of(experiment, pairs="both")).eval()
    width = alone.encoder.config.hidden_size
    first, second, pair = torch.randn(3, 5, width, generator=draw).unbind()
    averaging = fresh(of(experiment, pairs="both", similarity_averages=True)).eval()
    for task in alone.tasks:
        given = (first, second, pair) if task.pairs else (first,)
        by_head = alone.predict(task, *given)
        assert torch.equal(alone.answer(task, *given), averaging.answer(task, *given))
        expected = by_head
        if task.head == "cosine":
            cosine = torch.cosine_similarity(first, second).clamp(min=0) * 5
            assert not torch.allclose(by_head, cosine, atol=0.1)
            expected = (by_head + cosine) / 2
        assert torch.allclose(averaging.predict(task, *given).float(), expected.float())
    for pairs in ("bi-encoder", "cosine", "cross-encoder", "by-task"):
        with pytest.raises(ValueError, match="similarity_averages must be False where pairs is"):
            of(experiment, pairs=pairs, similarity_averages=True)


def test_such_choices_are_checked_and_come_back_from_a_results_file() -> None:
    recipe = replace(
        RECIPES["best"],
        head_rate=10.0,
        frozen_words=True,
        consistency=1.0,
        mixture={"sst": 1.0, "quora": 0.3, "sts": 0.6},
    )
    assert Recipe.from_values(recipe.values()) == recipe
    for wrong in ({"head_rate": 0.0}, {"consistency": -1.0}, {"mixture": {"sst": 0.0}}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            replace(recipe, **wrong)
