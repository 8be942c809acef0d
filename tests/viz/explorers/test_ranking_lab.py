"""The ranking lab: every control, what it changes, and what it does not compute again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from explorers import HOSTILE, check_every_control, check_static

from minbert import from_pretrained
from minbert.data import load_data
from minbert.data.examples import PairExample
from minbert.inference import encode
from minbert.losses import multiple_negatives_ranking
from minbert.viz.explorers.ranking import explorer as ranking
from minbert.viz.explorers.ranking.explorer import RankingLab, paired

ENCODER, TOKENIZER = from_pretrained("tiny")
PAIRS = [pair for pair in load_data("classroom:31").quora.dev if pair.label == 1][:70]


@pytest.fixture
def lab() -> RankingLab:
    return RankingLab(PAIRS, ENCODER, TOKENIZER)


def test_the_loss_is_that_of_the_library(lab: RankingLab) -> None:
    a, b = (
        torch.tensor(encode(side[16:32], ENCODER, TOKENIZER, precision="fp32"))
        for side in paired(PAIRS)
    )
    lab.batch.value = 2
    for scale, symmetric, mask in ((20, False, False), (5, True, False), (1, True, True)):
        lab.scale.value, lab.symmetric.value, lab.mask.value = scale, symmetric, mask
        clusters = torch.tensor(lab.clusters[16:32]) if mask else None
        loss = multiple_negatives_ranking(
            a, b, scale=float(scale), symmetric=symmetric, clusters=clusters
        )
        assert lab.pushed().loss == pytest.approx(loss.item(), abs=1e-4)
        said = f"Loss {lab.pushed().loss:.2f} nats, scale {scale} (temperature {1 / scale:g})"
        assert lab.panels["Loss"].alt.startswith(said)


def test_a_false_negative_is_found_pushed_and_masked(lab: RankingLab) -> None:
    matrix = lab.panels["Matrix"]
    assert "No two of these pairs are known to say the same." in matrix.alt
    lab.batch.value = 2
    assert "1 couple of pairs says the same (2 and 16): 2 cells, which take" in matrix.alt
    assert "Pairs 17 to 32 of 70; in the batch they are numbers 1 to 16." in matrix.note
    lab.row.value = 2
    pushed = [row for row in lab.panels["One row"].table.rows if row[-1] == "says the same"]
    assert [row[0] for row in pushed] == ["b16"] and pushed[0][4].startswith("+0.")
    assert "b16" in lab.panels["One row"].alt
    before = lab.pushed().loss
    lab.mask.value = True
    assert "are masked, so their gradient is zero" in matrix.alt
    masked = lab.panels["One row"].table.rows[-1]
    assert (masked[0], masked[4], masked[5]) == ("b16", "0", "says the same, masked")
    assert lab.pushed().loss < before


def test_the_batch_follows_its_size(lab: RankingLab) -> None:
    assert (lab.batch.max, lab.row.max) == (4, 16)
    lab.batch.value, lab.row.value = 4, 16
    lab.size.value = 30
    assert (lab.batch.value, lab.batch.max, lab.row.max) == (2, 2, 30)
    assert "Pairs 31 to 60 of 70" in lab.panels["Matrix"].note
    assert "The last 10 make no full batch." in lab.panels["Matrix"].note
    lab.row.value = 30
    lab.size.value = 2
    assert (lab.row.value, lab.batch.max) == (2, 35)
    assert len(lab.panels["Matrix"].table.rows) == 2
    assert "ln 2" in lab.panels["Loss"].alt


@pytest.mark.parametrize("batch", [1, 4])
def test_a_change_of_size_draws_each_panel_once(
    lab: RankingLab, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.batch.value = batch
    looked = []
    for name, panel in lab.panels.items():
        monkeypatch.setattr(
            panel, "look", lambda name=name, look=panel.look: looked.append(name) or look()
        )
    lab.size.value = 30
    assert looked == ["Matrix", "Loss", "One row"]


def test_what_is_shown_changes_only_the_matrix(lab: RankingLab) -> None:
    others = [lab.panels[name].png for name in ("Loss", "One row")]
    for shown in ("probabilities", "gradient per cell"):
        lab.shown.value = shown
        assert lab.panels["Matrix"].alt.startswith(f"{shown.capitalize()} of a batch of 16 pairs")
    assert others == [lab.panels[name].png for name in ("Loss", "One row")]
    before = lab.panels["Matrix"].png
    lab.row.value = 7
    assert lab.panels["One row"].alt.startswith("a7, “")
    assert lab.panels["Matrix"].png == before


def test_each_stage_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(*arguments, **options) -> np.ndarray:
        calls.append(arguments[1])
        return encode(*arguments, **options)

    monkeypatch.setattr(ranking, "encode", counted)
    other, _ = from_pretrained("tiny")
    with torch.no_grad():
        other.embeddings.position_embeddings.weight.zero_()
    lab = RankingLab(PAIRS, {"before": ENCODER, "after": other}, TOKENIZER, batch_size=8)
    assert lab.controls[0].description == "Stage" and calls == [ENCODER]
    check_every_control(lab)
    assert calls == [ENCODER, other]
    before = lab.panels["Matrix"].alt
    lab.stage.value = "after"
    assert lab.panels["Matrix"].alt != before and len(calls) == 2


def test_two_lists_and_own_clusters() -> None:
    first, second = paired(PAIRS[:20])
    lab = RankingLab((first, second), ENCODER, TOKENIZER, "cls", clusters=["x", *range(18), "x"])
    assert "Stage" not in lab.state and lab.state["Batch size"] == "16"
    lab.size.value = 20
    assert "(1 and 20)" in lab.panels["Matrix"].alt
    assert not np.allclose(
        lab.vectors("this one")[0],
        RankingLab((first, second), ENCODER, TOKENIZER).vectors("this one")[0],
    )


def test_pairs_that_share_a_sentence_say_the_same() -> None:
    lab = RankingLab((["a", "c", "e", "b"], ["b", "d", "f", "d"]), ENCODER, TOKENIZER)
    assert "3 couples of pairs say the same (1 and 2; 1 and 4; 2 and 4)" in lab.panels["Matrix"].alt


def test_only_the_first_pairs_are_used() -> None:
    lab = RankingLab(PAIRS, ENCODER, TOKENIZER, most_pairs=24, batch_size=99, scale=7)
    assert (lab.size.value, lab.size.max, lab.scale.value) == (24, 24, 7)
    assert "Only the first 24 of 70 pairs are used." in lab.panels["Matrix"].note
    assert [value for _, value in lab.scale.options] == [1, 2, 5, 7, 10, 20, 50, 100]


def test_what_is_no_batch_is_refused() -> None:
    for pairs, said in (
        ([], "two pairs or more"),
        ((["a"], ["b"]), "two pairs or more"),
        ((["a", "b"], ["c"]), "2 first sentences, but 1"),
        (["a", "b", "c"], "two lists of sentences"),
        ([PairExample("1", "a", "b", 0.0), *PAIRS], "1 of the pairs are labelled 0"),
    ):
        with pytest.raises(ValueError, match=said):
            RankingLab(pairs, ENCODER, TOKENIZER)
    with pytest.raises(ValueError, match="a cluster for each of 70 pairs, got 1"):
        RankingLab(PAIRS, ENCODER, TOKENIZER, clusters=[1])
    with pytest.raises(ValueError, match="most_pairs must be 2 or more"):
        RankingLab(PAIRS, ENCODER, TOKENIZER, most_pairs=1)
    with pytest.raises(ValueError, match="encoders: expected one"):
        RankingLab(PAIRS, {}, TOKENIZER)


def test_an_encoder_that_diverged_says_so() -> None:
    broken, _ = from_pretrained("tiny")
    with torch.no_grad():
        broken.embeddings.word_embeddings.weight.fill_(torch.nan)
    lab = RankingLab(PAIRS[:4], broken, TOKENIZER)
    assert "not finite" in lab.panels["Matrix"].note and lab.panels["Matrix"].error is None


def test_hostile_sentences_break_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = RankingLab((HOSTILE, HOSTILE[::-1]), ENCODER, TOKENIZER)
    check_every_control(lab)
    for row in range(1, len(HOSTILE) + 1):
        lab.row.value = row
        check_static(lab, monkeypatch)


def test_every_control_of_a_large_batch(lab: RankingLab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.size.value = 64
    check_every_control(lab)
    assert len(lab.panels["Loss"].table.rows) == 64
    check_static(lab, monkeypatch)


def test_minilm_works_as_well(minilm_folder: Path) -> None:
    lab = RankingLab(PAIRS[:32], *from_pretrained("minilm"), batch_size=32)
    check_every_control(lab)
    assert (lab.pushed().ranks == 1).mean() > 0.7
