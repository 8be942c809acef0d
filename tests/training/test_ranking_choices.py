"""Choices of the ranking loss beside its scale: duplicates left out, a batch in parts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from minbert import losses
from minbert.analysis.ranking import duplicate_clusters
from minbert.experiments.experiment import Experiment
from minbert.pretrained import from_pretrained
from minbert.tasks import QUORA
from minbert.training import mnrl
from minbert.training.mnrl import clusters_of, train_ranking
from minbert.training.recipe import RECIPES, StageSettings
from minbert.training.sentences import CourseRows, TaskRows

LAB = RECIPES["lab"]


def rows_of(pairs: list[tuple[int, int, int]]) -> TaskRows:
    first, second, labels = zip(*pairs, strict=True)
    return TaskRows(QUORA, tuple(map(str, first)), first, second, torch.tensor(labels).float())


def test_sentences_joined_by_any_chain_are_one_cluster() -> None:
    rows = rows_of([(0, 1, 1), (2, 1, 1), (3, 2, 1), (4, 5, 1), (0, 4, 0), (6, 7, 0)])
    numbers = clusters_of(rows, rows.labels.bool()).tolist()
    assert len({numbers[0], numbers[1], numbers[2]}) == 1, "0-1, 1-2 and 2-3 are one chain"
    assert numbers[3] == numbers[4] != numbers[0], "no label joins 0 and 4"
    assert numbers[5] not in numbers[:5]


def test_clusters_are_those_of_union_find(experiment: Experiment, rows: CourseRows) -> None:
    """The taught one, of sentences (notebook 07), is of a later layer than training."""
    split = rows.tasks["quora"]["train"]
    numbers = clusters_of(split, split.labels.bool())
    examples = experiment.data.tasks[QUORA].train
    taught = duplicate_clusters(examples)
    theirs = torch.tensor([taught[example.sentence2] for example in examples])
    assert torch.equal(numbers[:, None] == numbers, theirs[:, None] == theirs)


def test_what_clusters_leave_out_no_longer_counts_as_a_negative() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(4, 8, generator=generator) for _ in range(2))
    rows = rows_of([(0, 1, 1), (0, 2, 1), (3, 4, 1), (5, 6, 1)])
    numbers = clusters_of(rows, rows.labels.bool())
    left_out = losses.multiple_negatives_ranking(first, second, clusters=numbers)
    cosines = torch.nn.functional.cosine_similarity(first[:, None], second[None], dim=-1)
    cosines[0, 1] = cosines[1, 0] = -torch.inf
    assert torch.isclose(left_out, -cosines.log_softmax(dim=1).diagonal().mean())


@pytest.fixture
def rows(experiment: Experiment) -> CourseRows:
    _, tokenizer = from_pretrained(experiment.encoder_name)
    return CourseRows(experiment.data, tokenizer, 64)


def sizes_ranked(
    experiment: Experiment, rows: CourseRows, monkeypatch: pytest.MonkeyPatch, **choices: object
) -> list[int]:
    """Pairs in each call of the loss during one epoch."""
    seen, ranked = [], losses.multiple_negatives_ranking

    def watched(first: torch.Tensor, *rest: object, **named: object) -> torch.Tensor:
        seen.append(len(first))
        assert (named["clusters"] is not None) == bool(choices.get("cluster_masked"))
        return ranked(first, *rest, **named)

    encoder, _ = from_pretrained(experiment.encoder_name)
    settings = StageSettings(epochs=1, batch_size=8, learning_rate=1e-3)
    recipe = replace(LAB, **choices)
    quora = {"quora": rows.tasks["quora"]["train"]}
    with monkeypatch.context() as patched:
        patched.setattr(mnrl.losses, "multiple_negatives_ranking", watched)
        train_ranking(encoder, quora, rows.table, recipe, settings, experiment.context(seed=0))
    return seen


def test_a_batch_in_parts_ranks_each_by_itself(
    experiment: Experiment, rows: CourseRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sizes_ranked(experiment, rows, monkeypatch)
    parts = sizes_ranked(experiment, rows, monkeypatch, ranking_parts=2)
    masked = sizes_ranked(experiment, rows, monkeypatch, cluster_masked=True)
    assert max(whole) == 8 and max(parts) == 4 and masked
    with pytest.raises(ValueError, match="ranking_parts"):
        replace(LAB, ranking_parts=0)
