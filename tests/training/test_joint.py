"""All tasks at once: what an epoch holds, how a pair is read in one pass, what is trained."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from checked_shapes import unchecked
from torch.nn import functional as F

from minbert.experiments.experiment import Experiment
from minbert.heads import PAIRS, CosineHead, CrossEncoderHead, cosines, head_for
from minbert.losses import LOSSES
from minbert.pretrained import from_pretrained
from minbert.tasks import QUORA, STS
from minbert.training.epochs import mixed
from minbert.training.joint import train_jointly
from minbert.training.loop import History, generator_for
from minbert.training.recipe import RECIPES, StageSettings
from minbert.training.sentences import CourseRows
from minbert.training.vectors import embed_all, embed_pairs

FAST = StageSettings(epochs=6, batch_size=8, learning_rate=2e-3)
CPU = torch.device("cpu")


def counted(batches: list) -> dict[str, int]:
    found: Counter[str] = Counter()
    for name, rows in batches:
        found[name] += len(rows)
    return dict(found)


@pytest.mark.parametrize(
    ("exponent", "expected"), [(0.0, (100, 100)), (0.5, (100, 200)), (1.0, (100, 400))]
)
def test_an_epoch_takes_of_a_large_data_set_what_the_exponent_says(
    exponent: float, expected: tuple[int, int]
) -> None:
    lengths = {"small": [5] * 100, "large": [7] * 400}
    batches = mixed(lengths, 8, torch.Generator().manual_seed(0), exponent)
    assert counted(batches) == dict(zip(lengths, expected, strict=True))
    for name in lengths:
        rows = [row for source, batch in batches if source == name for row in batch]
        assert len(set(rows)) == len(rows)


def test_no_data_set_is_left_over_for_the_end() -> None:
    lengths = {"small": [5] * 200, "large": [5] * 1600}
    batches = mixed(lengths, 8, torch.Generator().manual_seed(0))
    places = [place for place, (name, _) in enumerate(batches) if name == "small"]
    assert max(places) > 0.8 * len(batches) and min(places) < 0.2 * len(batches)
    assert batches == mixed(lengths, 8, torch.Generator().manual_seed(0))
    assert batches != mixed(lengths, 8, torch.Generator().manual_seed(1))


@pytest.fixture
def rows(experiment: Experiment) -> CourseRows:
    _, tokenizer = from_pretrained(experiment.encoder_name)
    return CourseRows(experiment.data, tokenizer, 64)


def of_pairs(experiment: Experiment, pairs: str, **choices: object) -> Experiment:
    plain = {"cosine_weight": 0.0, "consistency": 0.0, "mixture": 1.0, "pairs": pairs}
    plain |= {"similarity_averages": False, "members": 1}
    return replace(experiment, recipe=replace(RECIPES["best"], **{**plain, **choices}))


def test_a_pair_is_read_as_the_tokenizer_reads_two_sentences(
    experiment: Experiment, rows: CourseRows
) -> None:
    encoder, tokenizer = from_pretrained(experiment.encoder_name)
    split = rows.tasks["quora"]["dev"]
    examples = experiment.data.tasks[split.task].dev
    ids, mask, segments = rows.table.pairs(split).pad(range(len(split)), tokenizer.pad_id, CPU)
    expected = tokenizer([tuple(example.texts) for example in examples], max_length=64)
    assert torch.equal(ids, expected["input_ids"])
    assert torch.equal(segments, expected["token_type_ids"])
    assert torch.equal(mask, expected["attention_mask"])

    recipe = RECIPES["best"]
    vectors = embed_pairs(encoder, split, rows.table, recipe, experiment.context(seed=0))
    for place in (0, 7):  # alone, without padding
        first, second = (rows.table.ids[row] for row in (split.first[place], split.second[place]))
        one = torch.tensor([first + second[1:]])
        kind = torch.tensor([[0] * len(first) + [1] * (len(second) - 1)])
        with torch.inference_mode():
            states = encoder.eval()(one, token_type_ids=kind).hidden_states[-1]
        assert torch.allclose(states.mean(dim=1)[0], vectors[place], atol=1e-5)
        with torch.inference_mode():
            unmarked = encoder(one).hidden_states[-1].mean(dim=1)[0]
        assert not torch.allclose(unmarked, vectors[place], atol=1e-4), "segments were not read"


def test_single_sentences_are_no_pairs(rows: CourseRows) -> None:
    with pytest.raises(ValueError, match="two sentences, got sst"):
        rows.table.pairs(rows.tasks["sst"]["dev"])


@pytest.mark.parametrize("pairs", PAIRS)
def test_all_tasks_are_learned(experiment: Experiment, rows: CourseRows, pairs: str) -> None:
    experiment = of_pairs(experiment, pairs)
    model = experiment.model(from_pretrained(experiment.encoder_name)[0], generator_for(0))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    history = learned(experiment, rows, model)
    for task in rows.tasks:
        losses = [point["loss"] for point in history.points if point["source"] == task]
        assert losses[-1] < losses[0], task
    moved = {
        name for name, value in model.state_dict().items() if not torch.equal(value, before[name])
    }
    heads = {name for name in before if not name.startswith("encoder.")}
    assert heads <= moved and history.skipped == 0
    assert not history.frozen_moved


def learned(experiment: Experiment, rows: CourseRows, model) -> History:
    return train_jointly(
        model,
        rows.split("train"),
        rows.table,
        experiment.recipe,
        FAST,
        experiment.context(seed=0),
    )


def test_the_first_loss_is_what_is_written_out_here(
    experiment: Experiment, rows: CourseRows
) -> None:
    """Of one batch of similarity, without dropout: head and cosine, both in squared points."""
    experiment = of_pairs(experiment, "both", dropout=0.0, attention_dropout=0.0, cosine_weight=0.5)
    model = experiment.model(from_pretrained(experiment.encoder_name)[0], generator_for(0)).eval()
    split = rows.tasks["sts"]["train"]
    context = experiment.context(seed=0)
    recipe, table = experiment.recipe, rows.table
    vectors = embed_all(model.encoder, split.all_rows, table, recipe, context)
    pair = embed_pairs(model.encoder, split, table, recipe, context)
    first, second = vectors[list(split.first)], vectors[list(split.second)]
    head = model.head(split.task).dense
    read = torch.cat([pair, (first - second).abs(), first * second], dim=1)
    score = 5 * torch.sigmoid(read @ head.weight[0] + head.bias)
    by_cosine = 5 * F.cosine_similarity(first, second).clamp(min=0)
    expected = ((score - split.labels) ** 2).mean() + 0.5 * ((by_cosine - split.labels) ** 2).mean()

    one_step = StageSettings(epochs=1, batch_size=len(split), learning_rate=1e-9)
    history = train_jointly(model, {"sts": split}, table, recipe, one_step, context)
    assert history.steps == 1
    assert history.points[0]["loss"] == pytest.approx(expected.item(), rel=1e-5)
    seen = table.pairs(split).lengths()
    assert history.tokens == sum(seen) + sum(map(table.length, split.all_rows))


def test_by_task_classes_are_read_in_one_pass_and_similarity_is_the_cosine(
    experiment: Experiment, rows: CourseRows
) -> None:
    """Of one batch of each: tokens read, and the first loss of similarity."""
    experiment = of_pairs(experiment, "by-task", dropout=0.0, attention_dropout=0.0)
    model = experiment.model(from_pretrained(experiment.encoder_name)[0], generator_for(0)).eval()
    recipe, table, context = experiment.recipe, rows.table, experiment.context(seed=0)
    quora, sts = (rows.tasks[name]["train"] for name in ("quora", "sts"))
    assert isinstance(model.head(quora.task), CrossEncoderHead) and model.head(sts.task) is None
    vectors = embed_all(model.encoder, sts.all_rows, table, recipe, context)
    first, second = vectors[list(sts.first)], vectors[list(sts.second)]
    expected = ((5 * F.cosine_similarity(first, second).clamp(min=0) - sts.labels) ** 2).mean()

    one_step = StageSettings(epochs=1, batch_size=len(sts), learning_rate=1e-9)
    history = train_jointly(model, {"sts": sts}, table, recipe, one_step, context)
    assert history.points[0]["loss"] == pytest.approx(expected.item(), rel=1e-5)
    assert history.tokens == sum(map(table.length, sts.all_rows))

    one_step = StageSettings(epochs=1, batch_size=len(quora), learning_rate=1e-9)
    history = train_jointly(model, {"quora": quora}, table, recipe, one_step, context)
    together = sum(table.pairs(quora).lengths())
    assert history.tokens == together + sum(map(table.length, quora.all_rows))


def test_a_head_says_which_vectors_it_misses() -> None:
    head = CrossEncoderHead(8, vectors=True)
    pair = torch.zeros(3, 8)
    assert head(pair, pair, pair).shape == (3,)
    with pytest.raises(ValueError, match="first"):
        unchecked(CrossEncoderHead.forward)(head, pair, pair, torch.zeros(3, 4))
    assert CrossEncoderHead(8, outputs=4)(pair).shape == (3, 4)


def test_scores_stay_on_the_scale_of_the_labels(experiment: Experiment, rows: CourseRows) -> None:
    experiment = of_pairs(experiment, "cross-encoder")
    model = experiment.model(from_pretrained(experiment.encoder_name)[0], generator_for(0)).eval()
    [task] = [task for task in model.tasks if task.head == "cosine"]
    pair = 100 * torch.randn(50, model.encoder.config.hidden_size)
    scores = model.predict(task, pair=pair)
    assert scores.min() >= 0 and scores.max() <= 5 and scores.std() > 1
    assert LOSSES[task.loss](model.answer(task, pair=pair), scores) == 0


def test_without_segments_the_second_sentence_is_marked_like_the_first(
    experiment: Experiment, rows: CourseRows
) -> None:
    split = rows.tasks["quora"]["dev"]
    plain, marked = rows.table.pairs(split, segments=False), rows.table.pairs(split)
    assert plain.ids == marked.ids
    assert {mark for marks in plain.segments for mark in marks} == {0}
    assert {mark for marks in marked.segments for mark in marks} == {0, 1}
    with pytest.raises(ValueError, match="segments must be True where pairs is bi-encoder"):
        replace(RECIPES["paper"], segments=False)


def test_a_cosine_head_says_yes_above_its_threshold() -> None:
    head = CosineHead()
    first = torch.tensor([[1.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    second = torch.tensor([[0.0, 3.0], [5.0, 0.0], [1.0, 1.0]])
    expected = 10 * (torch.tensor([0.0, 1.0, 0.5**0.5]) - 0.5)
    logits = head(first, second)
    assert torch.allclose(logits, expected)
    logits.sum().backward()
    assert head.threshold.grad is not None and head.slope.grad is not None
    with pytest.raises(ValueError, match="second"):
        unchecked(cosines)(first, second[:2])


def test_a_cosine_answers_yes_or_no_and_no_classes_of_pairs(
    experiment: Experiment, rows: CourseRows
) -> None:
    trial = of_pairs(experiment, "cosine")
    encoder, _ = from_pretrained(trial.encoder_name)
    model = trial.model(encoder, generator_for(0, "heads"))
    assert isinstance(model.head(QUORA), CosineHead) and model.head(STS) is None
    before = model.head(QUORA).threshold.item()
    train_jointly(model, rows.split("train"), rows.table, trial.recipe, FAST, trial.context(seed=0))
    assert model.head(QUORA).threshold.item() != before
    classes = replace(QUORA, head="classifier", loss="cross_entropy")
    with pytest.raises(ValueError, match="pairs must not be cosine"):
        head_for(classes, 16, pairs="cosine")
