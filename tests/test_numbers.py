"""Numbers that were wrong once, against an independent computation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional as F

from minbert import encode, from_pretrained
from minbert.__main__ import main
from minbert.course.rounding import rounded
from minbert.encoder import Encoder
from minbert.evaluation.statistics import over_seeds
from minbert.experiments.markdown import number
from minbert.experiments.reproduce import reproduce
from minbert.experiments.single_task import train_single_task
from minbert.experiments.stage_files import load_heads, paraphrases_by_cosine, save_heads
from minbert.experiments.sweep import Parts, _judge_pairs
from minbert.heads import MaskedLanguageModelHead, similarity_score
from minbert.masking import IGNORE, MaskingRule, mask_tokens
from minbert.multitask import MultitaskBert
from minbert.pooling import POOLINGS, pool
from minbert.tasks import QUORA, STS, Task
from minbert.training import held_out_loss as perplexities
from minbert.training.loop import RunContext, generator_for
from minbert.training.recipe import RECIPES
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.viz.table import Table

RECIPE = RECIPES["lab"]
CPU = RunContext(torch.device("cpu"), "fp32", 0)


def pairs_of(task: Task, count: int, start: int, labels: torch.Tensor) -> TaskRows:
    first = tuple(range(start, start + count))
    second = tuple(range(start + count, start + 2 * count))
    return TaskRows(task, tuple(map(str, first)), first, second, labels)


def unit(vectors: torch.Tensor) -> np.ndarray:
    values = vectors.double().numpy()
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.fixture
def held_out() -> tuple[torch.Tensor, Parts]:
    """75 pairs of questions (batches of 32, 32 and 11) and 33 of captions (32 and 1)."""
    draw = torch.Generator().manual_seed(3)
    vectors = torch.randn(2 * 75 + 2 * 33, 6, generator=draw)
    quora = pairs_of(QUORA, 75, 0, (torch.rand(75, generator=draw) < 0.2).float())
    sts = pairs_of(STS, 33, 150, torch.rand(33, generator=draw) * 5)
    return vectors, Parts({}, {"quora": quora, "sts": sts})


def test_random_pair_cosine_is_the_mean_cosine(held_out: tuple[torch.Tensor, Parts]) -> None:
    vectors, parts = held_out
    u, v = unit(vectors[:75]), unit(vectors[75:150])
    cosines = (u * np.roll(v, -1, axis=0)).sum(axis=1)
    got = _judge_pairs(vectors, parts, RECIPE)["random_pair_cosine"]
    assert got == pytest.approx(cosines.mean(), abs=1e-6)
    assert cosines.mean() < np.maximum(cosines, 0).mean() - 0.05, "the clamp is no small thing"
    opposite = torch.cat([vectors[:75], -vectors[:75].roll(1, 0), vectors[150:]])
    assert _judge_pairs(opposite, parts, RECIPE)["random_pair_cosine"] == pytest.approx(-1)


def test_the_ranking_loss_is_a_mean_over_similar_pairs(
    held_out: tuple[torch.Tensor, Parts],
) -> None:
    """Not over batches, which hold different numbers of them; one pair alone has no loss."""
    vectors, parts = held_out
    recipe, losses = replace(RECIPE, symmetric=False), []
    for name, least in (("quora", 1.0), ("sts", recipe.similar_from)):
        rows = parts.held_out[name]
        for start in range(0, len(rows), 32):
            batch = rows.subset(range(start, min(start + 32, len(rows))))
            if len(batch) < 2:
                continue
            u, v = unit(vectors[list(batch.first)]), unit(vectors[list(batch.second)])
            scores = recipe.scale * u @ v.T
            each = np.log(np.exp(scores).sum(axis=1)) - np.diag(scores)
            losses += each[batch.labels.numpy() >= least].tolist()
    got = _judge_pairs(vectors, parts, recipe)["ranking_loss"]
    assert got == pytest.approx(np.mean(losses), rel=1e-5)
    none = {name: replace(rows, labels=0 * rows.labels) for name, rows in parts.held_out.items()}
    none["sts"] = replace(none["sts"], labels=torch.linspace(0, 1, 33))
    assert np.isnan(_judge_pairs(vectors, Parts({}, none), recipe)["ranking_loss"])


def test_loss_per_masked_token_weighs_tokens(
    toy_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short sentences, which share batches, have few masked tokens and the larger losses."""
    monkeypatch.setattr(perplexities, "BATCH", 3)
    encoder, tokenizer = from_pretrained(toy_model_folder)
    head = MaskedLanguageModelHead(encoder.config, torch.Generator().manual_seed(1)).eval()
    with torch.no_grad():
        head.bias.copy_(torch.linspace(-2, 2, len(head.bias)))
    table = SentenceTable(tokenizer)
    texts = [f"film {n}" for n in range(4)]
    texts += [f"the story number {n} is lovely and moving and funny and superb" for n in range(4)]
    rows = table.add(texts)
    recipe = replace(RECIPE, masking=MaskingRule(0.4))
    got = perplexities.masked_loss(encoder, head, rows, table, recipe, CPU, "text")

    generator, per_token, batches = generator_for("frozen masks", "text"), [], []
    ordered = sorted(rows, key=table.length)
    for start in range(0, len(ordered), 3):
        original, mask = table.pad(ordered[start : start + 3], CPU.device)
        ids, labels = mask_tokens(
            original,
            generator,
            MaskingRule(0.4),
            mask_id=tokenizer.mask_id,
            special_ids=tokenizer.special_ids,
            vocab_size=tokenizer.vocab_size,
        )
        with torch.no_grad():
            states = encoder(ids, mask).last_hidden_state
            logits = head(states, encoder.embeddings.word_embeddings.weight)
        logs = logits.double().log_softmax(-1)
        there = (labels != IGNORE).nonzero().tolist()
        costs = [-logs[row, at, labels[row, at]].item() for row, at in there]
        per_token += costs
        batches += [np.mean(costs)] if costs else []
    assert got == pytest.approx(np.mean(per_token), rel=1e-5)
    assert abs(np.mean(batches) - np.mean(per_token)) > 0.01, "batches would give another number"
    nothing = replace(recipe, masking=MaskingRule(0.0))
    assert np.isnan(perplexities.masked_loss(encoder, head, rows, table, nothing, CPU, "text"))


def test_a_threshold_on_the_cosine_may_be_negative() -> None:
    """Duplicates at -.5, others at -.9: relu would make all of them 0."""
    angles = np.radians([120.0] * 6 + [155.0] * 6)
    first = torch.tensor([[1.0, 0.0]]).expand(12, 2)
    second = torch.tensor(np.stack([np.cos(angles), np.sin(angles)], axis=1)).float()
    vectors, labels = torch.cat([first, second]), torch.tensor([1.0] * 6 + [0.0] * 6)
    rows = pairs_of(QUORA, 12, 0, labels)
    assert (
        paraphrases_by_cosine(vectors, {"train": rows, "dev": rows}).tolist() == [1] * 6 + [0] * 6
    )


@pytest.mark.parametrize("grad", [False, True], ids=["no_grad", "grad"])
def test_a_row_of_padding_is_the_same_on_both_ways(small_encoder: Encoder, grad: bool) -> None:
    ids = torch.randint(5, 97, (3, 9), generator=torch.Generator().manual_seed(4))
    full, empty = torch.ones(3, 9, dtype=torch.long), torch.ones(3, 9, dtype=torch.long)
    full[0, 6:], empty[0, 6:], empty[1] = 0, 0, 0
    found = {}
    for return_attention in (False, True):
        for name, mask in (("full", full), ("empty", empty)):
            small_encoder.zero_grad()
            with torch.set_grad_enabled(grad):
                output = small_encoder(ids, mask, return_attention=return_attention)
                vectors = pool(output, mask, "mean")
            if grad:
                (vectors.square().sum() + output.pooled.sum()).backward()
                gradients = [
                    p.grad.clone() for p in small_encoder.parameters() if p.grad is not None
                ]
                assert all(gradient.isfinite().all() for gradient in gradients)
                found[name, return_attention, "gradients"] = torch.cat(
                    [gradient.flatten() for gradient in gradients]
                )
            assert output.last_hidden_state.isfinite().all() and vectors.isfinite().all()
            found[name, return_attention] = output.last_hidden_state.detach()
        one, other = found["full", return_attention], found["empty", return_attention]
        assert torch.equal(one[[0, 2]], other[[0, 2]]), "its neighbours do not feel it"
        assert torch.equal(one, other), "nothing to look at means everything"
        assert torch.equal(vectors[1], torch.zeros(32))
    assert (found["empty", False] - found["empty", True]).abs().max() < 1e-5
    if grad:
        one, other = (found["empty", way, "gradients"] for way in (False, True))
        assert (one - other).abs().max() < 1e-4 * one.abs().max()


def test_attention_by_itself_agrees_on_a_query_without_keys(small_encoder: Encoder) -> None:
    layer = small_encoder.encoder.layer[0].attention.self
    states = torch.randn(2, 5, 32, generator=torch.Generator().manual_seed(0))
    allowed = torch.tensor([[1, 1, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=torch.bool)[:, None, None]
    with torch.no_grad():
        fused, _ = layer(states, allowed)
        mixed, weights = layer(states, allowed, return_attention=True)
        everything, _ = layer(states)
    assert (fused - mixed).abs().max() < 1e-6
    assert (fused[1] - everything[1]).abs().max() < 1e-6
    assert weights.sum(-1) == pytest.approx(np.ones((2, 4, 5)), abs=1e-6)


def test_over_seeds_is_students_interval_and_knows_its_seeds() -> None:
    values = [0.41, 0.44, 0.47]
    half = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) / 3**0.5
    found = over_seeds(values, [3, 1, 2])
    assert found["ci95"] == pytest.approx([0.44 - half, 0.44 + half])
    same = over_seeds([0.5, 0.5], [0, 1])
    assert same["ci95"] == [0.5, 0.5], "different seeds may well agree"
    assert over_seeds([0.5], [0])["ci95"] is None


COMMANDS = {
    "reproduce": [],
    "single-task": ["--task", "sst", "--mode", "frozen"],
    "sweep": ["--stage", "mlm", "--lr", "1e-3"],
}


@pytest.mark.parametrize("seeds", ["0 0", "1 2 1", "5 05"])
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_refuse_a_seed_that_stands_there_twice(
    command: str, seeds: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as stopped:
        main([command, *COMMANDS[command], "--out", str(out), "--seeds", *seeds.split()])
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and said.count("\n") == 1 and "Traceback" not in said
    assert "--seeds" in said and "expected seeds that differ, got " in said
    assert not out.exists()


def test_functions_refuse_a_seed_that_stands_there_twice(tmp_path: Path) -> None:
    for call in (
        lambda: reproduce(None, ["mlm"], [0, 0], tmp_path / "out", ""),
        lambda: train_single_task(None, "sst", "frozen", [2, 2]),
    ):
        with pytest.raises(ValueError, match="seeds must differ, got"):
            call()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_model_reads_the_vector_that_its_heads_were_trained_on(
    pooling: str, toy_model_folder: Path, tmp_path: Path
) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    model = MultitaskBert(encoder, pooling=pooling).eval()
    batch = tokenizer(["the film is dull", "a story"])
    del batch["token_type_ids"]
    with torch.no_grad():
        embedded = model.embed(**batch).numpy()
    wanted = encode(["the film is dull", "a story"], encoder, tokenizer, pooling, "fp32")
    assert np.abs(embedded - wanted).max() < 1e-5
    by_model = encode(["the film is dull", "a story"], model, tokenizer, precision="fp32")
    assert np.array_equal(by_model, wanted)
    save_heads(tmp_path, model)
    loaded = MultitaskBert(encoder)
    load_heads(tmp_path, loaded)
    assert loaded.pooling == pooling


def test_an_encoder_that_knows_its_pooling_is_asked(toy_model_folder: Path) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    texts = ["the film is dull", "a story"]
    means = encode(texts, encoder, tokenizer, "mean", "fp32")
    assert np.array_equal(encode(texts, encoder, tokenizer, precision="fp32"), means)
    encoder.pooling = "cls"
    first = encode(texts, encoder, tokenizer, precision="fp32")
    assert np.array_equal(first, encode(texts, encoder, tokenizer, "cls", "fp32"))
    assert np.array_equal(encode(texts, encoder, tokenizer, "mean", "fp32"), means)


def test_a_batch_of_one_pair_is_skipped_in_training(toy_model_folder: Path) -> None:
    from minbert.training.mnrl import train_ranking
    from minbert.training.recipe import StageSettings

    encoder, tokenizer = from_pretrained(toy_model_folder)
    table = SentenceTable(tokenizer)
    rows = table.add(f"film number {n}" for n in range(10))
    pairs = TaskRows(QUORA, tuple("abcde"), rows[:5], rows[5:], torch.ones(5))
    history = train_ranking(
        encoder, {"quora": pairs}, table, RECIPE, StageSettings(1, 4, 1e-3), CPU
    )
    assert (history.steps, history.skipped) == (2, 1)


SHOWN = {
    "-0.000": "0.000",
    "-0.00": "0.00",
    "-.000": ".000",
    "-0": "0",
    "-0.0 %": "0.0 %",
    "−0.00": "0.00",
    "[-0.000, 0.001]": "[0.000, 0.001]",
    "-0.001 [-0.002, -0.000]": "-0.001 [-0.002, 0.000]",
    "-0.05": "-0.05",
    "-0.001": "-0.001",
    "-100": "-100",
    "10-0": "10-0",
    "[CLS] -0.000": "[CLS] -0.000",
}


@pytest.mark.parametrize("cell", SHOWN)
def test_a_table_has_no_minus_zero(cell: str) -> None:
    """Only cells of nothing but numbers are touched: text is the learner's own."""
    assert Table(["x"], [[cell]]).rows == [[SHOWN[cell]]]


@pytest.mark.parametrize("value", [-0.0, -1e-9, -0.0004, np.float32(-1e-5), torch.tensor(-1e-5)])
def test_rounded_numbers_have_no_minus_zero(value: float) -> None:
    assert str(rounded(value)) == "0.0"
    assert number(float(value)) == ".000"
    assert Table(["x"], [[-0.0]]).rows == [["0.0"]]


def test_no_number_format_of_pictures_and_tables_keeps_a_minus_of_zero() -> None:
    """`z` in a format takes it away; a new `:.2f` in these folders needs one, too."""
    import re

    import minbert

    package = Path(minbert.__file__).parent
    files = [*package.glob("viz/**/*.py"), package / "experiments/report.py"]
    known = {"step.draw", "step.fate_draw"}  # shares of 1
    for path in files:
        for inner in re.findall(r"\{([^{}]*):\+?\.\d(?:f|%)\}", path.read_text(encoding="utf-8")):
            positive = inner in known or "weights[" in inner or "count." in inner
            assert positive, f"{path.name}: {{{inner}}} can show -0.00: write z before the digits"


def test_similarity_stays_clamped_where_it_is_the_papers_head() -> None:
    u, v = torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.5]])
    assert similarity_score(u, v).item() == 0.0 and F.cosine_similarity(u, v).item() < -0.8
