"""Bad inputs of the numerical functions, and what each of them raises.

Run as a program it tries them all and prints what came, as JSON. That happens in a process of its
own, where no import hook checks the annotations: users have none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import torch

from minbert import losses
from minbert.analysis import (
    attention as looked_at,
    blanks,
    directions,
    geometry,
    neighbours,
    probe,
    ranking,
)
from minbert.analysis.attribution import cosine_to, rank_agreement
from minbert.analysis.blanks import best_guesses
from minbert.analysis.compute import multiplications_per_token
from minbert.attention import SelfAttention, scaled_dot_product_attention
from minbert.config import ModelConfig
from minbert.encoder import Encoder, EncoderOutput, initialise
from minbert.evaluation import baselines, intervals, metrics, power, statistics
from minbert.experiments.report import findings
from minbert.heads import (
    MaskedLanguageModelHead,
    ParaphraseHead,
    SentimentHead,
    similarity_score,
)
from minbert.inference import encode
from minbert.masking import MaskingRule, mask_tokens
from minbert.multitask import MultitaskBert
from minbert.optimizer import AdamW, learning_rate_factor, make_optimizer
from minbert.pooling import pool
from minbert.tasks import CFIMDB, SST
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.held_out_loss import perplexity
from minbert.training.movement import movement
from minbert.training.recipe import StageSettings

Case = tuple[str, Callable[[], object]]
"""The word that the sentence must name (an argument), and the call."""

NAN, INF = float("nan"), float("inf")
CONFIG = ModelConfig(
    vocab_size=40,
    hidden_size=8,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=16,
    max_position_embeddings=12,
)
DRAW = torch.Generator().manual_seed(0)
ENCODER = Encoder(CONFIG, DRAW).eval()
MODEL = MultitaskBert(ENCODER)
ATTENTION = SelfAttention(CONFIG).eval()
HEAD = MaskedLanguageModelHead(CONFIG, DRAW)
WORDS = ENCODER.embeddings.word_embeddings.weight
TOKENIZER = WordPieceTokenizer.train(["a bad film", "a good film", "bad and good"] * 3, 40)
LARGE = WordPieceTokenizer.train([f"word{n} is not word{n + 1}" for n in range(99)] * 3, 400)


def f(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) + 0.1


def i(*values: object) -> torch.Tensor:
    return torch.tensor(values[0] if len(values) == 1 else list(values))


def a(*values: float) -> np.ndarray:
    return np.array(values)


def with_nan(value: float = NAN) -> np.ndarray:
    return a(1.0, value, 2.0)


def vectors(value: float = NAN) -> np.ndarray:
    found = np.random.default_rng(0).normal(size=(4, 3))
    found[2, 1] = value
    return found


IDS = torch.randint(5, 40, (2, 6), generator=torch.Generator().manual_seed(2))


def mask(ids: object = IDS, generator: object = None, **options: object) -> object:
    shares = {
        name: options.pop(name) for name in ("probability", "mask", "random") if name in options
    }
    known = {"mask_id": 4, "special_ids": (0, 1, 2, 3, 4), "vocab_size": 40, **options}
    return mask_tokens(ids, generator or torch.Generator(), MaskingRule(**shares), **known)


def adam(**options: object) -> object:
    return AdamW([torch.zeros(2, requires_grad=True)], **options)


def make(lr: object = 0.1, name: object = "fused", **options: object) -> object:
    return make_optimizer([torch.zeros(2, requires_grad=True)], lr, name, **options)


def output(*shape: int) -> EncoderOutput:
    return EncoderOutput(hidden_states=(f(*shape),), pooled=f(2, 8))


def enc(*sentences: object, **options: object) -> object:
    return encode(list(sentences), ENCODER, TOKENIZER, **options)


def run(results: object) -> dict:
    return {"seeds": results, "arms": {}}


MEASURED = {"sst": a(0, 1, 2), "quora": a(0, 1, 1), "sts": a(0.5, 1.5, 2.5)}
PART = {"sst": a(0, 1, 2)}
SQUARE = np.full((3, 3), 0.5)
NEAR = neighbours.nearest(vectors(0.5), 2)

CASES: dict[str, Case] = {
    # --- losses
    "mlm: labels (n, 1)": ("labels", lambda: losses.masked_language_model(f(4, 9), i([[1]] * 4))),
    "mlm: fewer labels": ("labels", lambda: losses.masked_language_model(f(4, 9), i(1, 2, 3))),
    "mlm: logits of one axis": ("logits", lambda: losses.masked_language_model(f(9), i(1, 2))),
    "mlm: float labels": ("labels", lambda: losses.masked_language_model(f(4, 9), f(4))),
    "mlm: int logits": ("logits", lambda: losses.masked_language_model(i([[1, 2]]), i([1]))),
    "mlm: label above": ("labels", lambda: losses.masked_language_model(f(2, 9), i(1, 9))),
    "mlm: label -1": ("labels", lambda: losses.masked_language_model(f(2, 9), i(1, -1))),
    "mlm: all ignored": ("labels", lambda: losses.masked_language_model(f(2, 9), i(-100, -100))),
    "mlm: empty": ("empty", lambda: losses.masked_language_model(f(0, 9), i([]).long())),
    "mlm: a list": ("logits", lambda: losses.masked_language_model([[1.0, 2.0]], i([1]))),
    "mlm: None": ("labels", lambda: losses.masked_language_model(f(2, 9), "none")),
    "mlm: bool labels": ("labels", lambda: losses.masked_language_model(f(2, 9), i(True, False))),
    "mnrl: numbers of pairs": ("b ", lambda: losses.multiple_negatives_ranking(f(4, 3), f(5, 3))),
    "mnrl: widths": ("b ", lambda: losses.multiple_negatives_ranking(f(4, 3), f(4, 2))),
    "mnrl: one pair": ("a ", lambda: losses.multiple_negatives_ranking(f(1, 3), f(1, 3))),
    "mnrl: empty": ("empty", lambda: losses.multiple_negatives_ranking(f(0, 3), f(0, 3))),
    "mnrl: one vector": ("a ", lambda: losses.multiple_negatives_ranking(f(3), f(3))),
    "mnrl: ids": ("a ", lambda: losses.multiple_negatives_ranking(IDS, IDS)),
    "mnrl: three axes": ("a ", lambda: losses.multiple_negatives_ranking(f(2, 3, 4), f(2, 3, 4))),
    "mnrl: similar is float": (
        "similar", lambda: losses.multiple_negatives_ranking(f(3, 2), f(3, 2), f(3))),
    "mnrl: similar is 0 and 1": (
        "similar", lambda: losses.multiple_negatives_ranking(f(3, 2), f(3, 2), i(1, 0, 1))),
    "mnrl: similar is short": (
        "similar", lambda: losses.multiple_negatives_ranking(f(3, 2), f(3, 2), i(True, False))),
    "mnrl: similar (n, 1)": (
        "similar", lambda: losses.multiple_negatives_ranking(f(3, 2), f(3, 2), i([[True]] * 3))),
    "mnrl: none similar": (
        "similar", lambda: losses.multiple_negatives_ranking(f(2, 2), f(2, 2), i(False, False))),
    **{
        f"mnrl: scale {scale!r}": (
            "scale",
            lambda scale=scale: losses.multiple_negatives_ranking(f(3, 2), f(3, 2), scale=scale),
        )
        for scale in (0.0, -1.0, NAN, INF, "20", None)
    },
    "mnrl: one cluster": (
        "clusters",
        lambda: losses.multiple_negatives_ranking(f(3, 2), f(3, 2), clusters=i(7, 7, 7))),
    "mnrl: clusters are short": (
        "clusters", lambda: losses.multiple_negatives_ranking(f(3, 2), f(3, 2), clusters=i(7, 8))),
    "mnrl: float clusters": (
        "clusters", lambda: losses.multiple_negatives_ranking(f(3, 2), f(3, 2), clusters=f(3))),
    "sentiment: labels (n, 1)": ("labels", lambda: losses.sentiment(f(3, 5), i([[1], [2], [3]]))),
    "sentiment: float labels": ("labels", lambda: losses.sentiment(f(3, 5), f(3))),
    "sentiment: class 5 of 5": ("labels", lambda: losses.sentiment(f(3, 5), i(0, 1, 5))),
    "sentiment: class -1": ("labels", lambda: losses.sentiment(f(3, 5), i(0, 1, -1))),
    "sentiment: ignored class": ("labels", lambda: losses.sentiment(f(2, 5), i(0, -100))),
    "sentiment: one row": ("logits", lambda: losses.sentiment(f(5), i(0))),
    "sentiment: fewer labels": ("labels", lambda: losses.sentiment(f(3, 5), i(0, 1))),
    "sentiment: empty": ("empty", lambda: losses.sentiment(f(0, 5), i([]).long())),
    "paraphrase: (n, 1) logits": ("logits", lambda: losses.paraphrase(f(3, 1), f(3))),
    "paraphrase: (n, 1) labels": ("labels", lambda: losses.paraphrase(f(3), f(3, 1))),
    "paraphrase: label 2": ("labels", lambda: losses.paraphrase(f(3), i(0.0, 1.0, 2.0))),
    "paraphrase: label -1": ("labels", lambda: losses.paraphrase(f(2), i(0.0, -1.0))),
    "paraphrase: label NaN": ("labels", lambda: losses.paraphrase(f(2), i(0.0, NAN))),
    "paraphrase: empty": ("empty", lambda: losses.paraphrase(f(0), f(0))),
    "paraphrase: fewer labels": ("labels", lambda: losses.paraphrase(f(3), f(2))),
    "paraphrase: a number": ("labels", lambda: losses.paraphrase(f(3), 1.0)),
    "similarity: (n, 1) scores": ("scores", lambda: losses.similarity(f(3, 1), f(3))),
    "similarity: (1, n) labels": ("labels", lambda: losses.similarity(f(3), f(1, 3))),
    "similarity: label 6": ("labels", lambda: losses.similarity(f(2), i(5.0, 6.0))),
    "similarity: label NaN": ("labels", lambda: losses.similarity(f(2), i(5.0, NAN))),
    "similarity: empty": ("empty", lambda: losses.similarity(f(0), f(0))),
    "similarity: fewer labels": ("labels", lambda: losses.similarity(f(4), f(3))),
    # --- masking
    **{
        f"masking: {name} {value!r}": (name, lambda o={name: value}: mask(**o))
        for name in ("probability", "mask", "random")
        for value in (-0.1, 1.1, NAN, "half")
        if not (name == "random" and value == 1.1)
    },
    "masking: parts above 1": ("mask + random", lambda: mask(mask=0.9, random=0.2)),
    "masking: no vocabulary": (
        "vocab_size", lambda: mask(mask=0.5, random=0.5, vocab_size=None)),
    "masking: vocabulary of 0": ("vocab_size", lambda: mask(vocab_size=0)),
    "masking: id above": ("ids", lambda: mask(i([[5, 40]]))),
    "masking: negative id": ("ids", lambda: mask(i([[5, -1]]))),
    "masking: negative id, no vocabulary": ("ids", lambda: mask(i([[5, -1]]), vocab_size=None)),
    "masking: one row": ("ids", lambda: mask(i(5, 6, 7))),
    "masking: float ids": ("ids", lambda: mask(f(2, 3))),
    "masking: bool ids": ("ids", lambda: mask(i([[True, False]]))),
    "masking: empty": ("empty", lambda: mask(torch.zeros(0, 4, dtype=torch.long))),
    "masking: a list": ("ids", lambda: mask([[5, 6]])),
    "masking: special id above": ("special_ids", lambda: mask(special_ids=(0, 40))),
    "masking: special id negative": ("special_ids", lambda: mask(special_ids=(0, -1))),
    "masking: special id a name": ("special_ids", lambda: mask(special_ids=("[PAD]",))),
    "masking: all special": ("special_ids", lambda: mask(special_ids=range(40))),
    "masking: mask id above": ("mask_id", lambda: mask(mask_id=40)),
    "masking: mask id negative": ("mask_id", lambda: mask(mask_id=-1)),
    "masking: mask id a name": ("mask_id", lambda: mask(mask_id="[MASK]")),
    "masking: a seed": ("generator", lambda: mask(generator=7)),
    # --- optimizer
    **{
        f"adamw: {name} {value!r}": (name, lambda o={name: value}: adam(**o))
        for name in ("lr", "eps", "weight_decay")
        for value in (-1.0, NAN, INF, "0.1", None)
    },
    **{
        f"adamw: betas {betas}": ("betas", lambda betas=betas: adam(betas=betas))
        for betas in ((1.0, 0.9), (-0.1, 0.9), (NAN, 0.9), (0.9, NAN), (0.9,), 0.9, (0.9, 0.9, 0.9))
    },
    "adamw: no parameters": ("params", lambda: AdamW([])),
    "adamw: one tensor": ("params", lambda: AdamW(torch.zeros(2, requires_grad=True))),
    "adamw: names": ("params", lambda: AdamW(["weight"])),
    "adamw: used generator": ("params", lambda: AdamW(iter(()))),
    "adamw: lr of a group": (
        "lr", lambda: AdamW([{"params": [torch.zeros(1, requires_grad=True)], "lr": NAN}])),
    **{
        f"optimizer: lr {lr!r}": ("lr", lambda lr=lr: make(lr)) for lr in (-1.0, NAN, INF, "fast")
    },
    "optimizer: decay": ("weight_decay", lambda: make(weight_decay=-0.1)),
    "optimizer: name": ("optimizer", lambda: make(name="sgd")),
    "optimizer: name None": ("optimizer", lambda: make(name=None)),
    "optimizer: frozen": ("params", lambda: make_optimizer([], 0.1)),
    "schedule: name": ("schedule", lambda: learning_rate_factor(0, 10, 0.0, "cosine")),
    "schedule: step below": ("step", lambda: learning_rate_factor(-1, 10, 0.0, "linear")),
    "schedule: step above": ("step", lambda: learning_rate_factor(11, 10, 0.0, "linear")),
    "schedule: no steps": ("total_steps", lambda: learning_rate_factor(0, 0, 0.0, "linear")),
    "schedule: warm-up NaN": ("warmup_share", lambda: learning_rate_factor(0, 9, NAN, "linear")),
    "schedule: warm-up 10 %": ("warmup_share", lambda: learning_rate_factor(0, 9, 10, "linear")),
    "settings: rate NaN": ("learning_rate", lambda: StageSettings(1, 1, NAN)),
    "settings: rate inf": ("learning_rate", lambda: StageSettings(1, 1, INF)),
    "settings: norm NaN": (
        "max_gradient_norm", lambda: StageSettings(1, 1, 0.1, max_gradient_norm=NAN)),
    # --- pooling, attention, encoder, heads
    "pool: unknown": ("pooling", lambda: pool(output(2, 3, 8), None, "sum")),
    "pool: None": ("pooling", lambda: pool(output(2, 3, 8), None, None)),
    "pool: mask of another length": (
        "attention_mask", lambda: pool(output(2, 3, 8), i([[1, 1], [1, 1]]), "mean")),
    "pool: mask of one row": ("attention_mask", lambda: pool(output(2, 3, 8), i(1, 1, 1), "mean")),
    "pool: float mask": ("attention_mask", lambda: pool(output(2, 3, 8), f(2, 3), "mean")),
    "pool: states of rank 2": ("last_hidden_state", lambda: pool(output(3, 8), None, "mean")),
    "attention: rank": (
        "query", lambda: scaled_dot_product_attention(f(2, 3, 4), f(2, 3, 4), f(2, 3, 4))),
    "attention: widths": (
        "key", lambda: scaled_dot_product_attention(f(1, 2, 3, 4), f(1, 2, 3, 5), f(1, 2, 3, 5))),
    "attention: mask of 0 and 1": ("allowed", lambda: scaled_dot_product_attention(
        f(1, 2, 3, 4), f(1, 2, 3, 4), f(1, 2, 3, 4), torch.ones(1, 1, 1, 3, dtype=torch.long))),
    "attention: mask too long": ("allowed", lambda: scaled_dot_product_attention(
        f(1, 2, 3, 4), f(1, 2, 3, 4), f(1, 2, 3, 4), torch.ones(1, 1, 1, 4, dtype=torch.bool))),
    "attention: dropout": ("dropout", lambda: scaled_dot_product_attention(
        f(1, 2, 3, 4), f(1, 2, 3, 4), f(1, 2, 3, 4), dropout=1.5)),
    "self-attention: width": ("states", lambda: ATTENTION(f(1, 3, 7))),
    "self-attention: rank": ("states", lambda: ATTENTION(f(3, 8))),
    "self-attention: mask": ("allowed", lambda: ATTENTION(f(1, 3, 8), i([[1, 1, 1]]))),
    "encoder: one row": ("input_ids", lambda: ENCODER(i(2, 5, 3))),
    "encoder: a list": ("input_ids", lambda: ENCODER([[2, 5, 3]])),
    "encoder: text": ("input_ids", lambda: ENCODER("a film")),
    "encoder: float ids": ("input_ids", lambda: ENCODER(f(1, 3))),
    "encoder: id above": ("input_ids", lambda: ENCODER(i([[2, 40, 3]]))),
    "encoder: negative id": ("input_ids", lambda: ENCODER(i([[2, -1, 3]]))),
    "encoder: too long": ("input_ids", lambda: ENCODER(torch.full((1, 13), 5))),
    "encoder: empty row": ("empty", lambda: ENCODER(torch.zeros(1, 0, dtype=torch.long))),
    "encoder: empty batch": ("empty", lambda: ENCODER(torch.zeros(0, 3, dtype=torch.long))),
    "encoder: mask shape": ("attention_mask", lambda: ENCODER(IDS, torch.ones(2, 5).long())),
    "encoder: mask of one row": ("attention_mask", lambda: ENCODER(IDS, torch.ones(6).long())),
    "encoder: mask of four axes": (
        "attention_mask", lambda: ENCODER(IDS, torch.ones(2, 1, 1, 6).long())),
    "encoder: float mask": ("attention_mask", lambda: ENCODER(IDS, torch.ones(2, 6))),
    "encoder: bool mask": ("attention_mask", lambda: ENCODER(IDS, torch.ones(2, 6).bool())),
    "encoder: mask of 2": ("attention_mask", lambda: ENCODER(IDS, torch.full((2, 6), 2))),
    "encoder: additive mask": ("attention_mask", lambda: ENCODER(IDS, torch.full((2, 6), -10000))),
    "encoder: segment 2": (
        "token_type_ids", lambda: ENCODER(IDS, token_type_ids=torch.full((2, 6), 2))),
    "encoder: segment -1": (
        "token_type_ids", lambda: ENCODER(IDS, token_type_ids=torch.full((2, 6), -1))),
    "encoder: segments' shape": (
        "token_type_ids", lambda: ENCODER(IDS, token_type_ids=torch.zeros(2, 5).long())),
    "embeddings: id above": ("input_ids", lambda: ENCODER.embeddings(i([[2, 99]]))),
    "initialise: negative": ("standard_deviation", lambda: initialise(torch.nn.Linear(2, 2), -1.0)),
    "sentiment head: width": ("pooled", lambda: MODEL.sentiment(f(2, 7))),
    "sentiment head: rank": ("pooled", lambda: MODEL.sentiment(f(8))),
    "sentiment head: ids": ("pooled", lambda: MODEL.sentiment(i([[1] * 8]))),
    "sentiment head: one class": ("num_labels", lambda: SentimentHead(8, 1)),
    "sentiment head: dropout 1": ("dropout", lambda: SentimentHead(8, 5, 1.0)),
    "paraphrase head: numbers": ("second", lambda: MODEL.paraphrase(f(2, 8), f(3, 8))),
    "paraphrase head: broadcast": ("second", lambda: MODEL.paraphrase(f(2, 8), f(1, 8))),
    "paraphrase head: width": ("first", lambda: MODEL.paraphrase(f(2, 9), f(2, 9))),
    "paraphrase head: compares": (
        "first", lambda: ParaphraseHead(8, compares=True)(f(2, 16), f(2, 16))),
    "paraphrase head: dropout NaN": ("dropout", lambda: ParaphraseHead(8, NAN)),
    "similarity head: broadcast": ("second", lambda: similarity_score(f(1, 8), f(3, 8))),
    "similarity head: one vector": ("first", lambda: similarity_score(f(8), f(8))),
    "similarity head: widths": ("second", lambda: similarity_score(f(2, 8), f(2, 7))),
    "mlm head: width": ("states", lambda: HEAD(f(2, 7), WORDS)),
    "mlm head: words of another model": ("word_embeddings", lambda: HEAD(f(2, 8), f(39, 8))),
    "model: pooling": ("pooling", lambda: MultitaskBert(ENCODER, pooling="max")),
    "model: two sentiments": ("tasks", lambda: MultitaskBert(ENCODER, (SST, CFIMDB))),
    # --- encode
    "encode: a string": ("sentences", lambda: encode("a film", ENCODER, TOKENIZER)),
    "encode: bytes": ("sentences", lambda: encode(b"a film", ENCODER, TOKENIZER)),
    "encode: None": ("sentences", lambda: encode(None, ENCODER, TOKENIZER)),
    "encode: a number": ("sentences", lambda: encode(7, ENCODER, TOKENIZER)),
    "encode: a dict": ("sentences", lambda: encode({"a film": 1}, ENCODER, TOKENIZER)),
    "encode: a set": ("sentences", lambda: encode({"a film", "b"}, ENCODER, TOKENIZER)),
    **{
        f"encode: holds {item!r:.20}": ("at place 1", lambda item=item: enc("a film", item))
        for item in (
            None, 7, 1.5, True, b"a film", ["a"], ["a", "b"], ("a", "b"), ("a",), {"a": 1},
            np.array(["a", "b"]), NAN, "half \ud83d",
        )
    },
    "encode: a generator": (
        "at place 2",
        lambda: encode((x for x in ("a", "b", 3)), ENCODER, TOKENIZER)),
    "encode: pooling": ("pooling", lambda: enc("a film", pooling="sum")),
    "encode: pooling a number": ("pooling", lambda: enc("a film", pooling=1)),
    "encode: precision": ("precision", lambda: enc("a film", precision="fp16")),
    "encode: budget 0": ("token_budget", lambda: enc("a film", token_budget=0)),
    "encode: budget -5": ("token_budget", lambda: enc("a film", token_budget=-5)),
    "encode: another tokenizer": (
        "input_ids", lambda: encode(["word98 is not word99"], ENCODER, LARGE)),
    # --- metrics
    **{
        f"{name}: {what}": (word, lambda function=function, x=x, y=y: function(x, y))
        for name, function in (
            ("accuracy", metrics.accuracy),
            ("pearson", metrics.pearson),
            ("score sst", lambda x, y: metrics.score("sst", x, y)),
            ("summarise sts", lambda x, y: statistics.summarise("sts", y, [x])),
            ("resampled", lambda x, y: intervals.resampled_scores("quora", y, [x], 10)),
            ("threshold", lambda x, y: baselines.best_threshold(x, y)),
        )
        for what, word, x, y in (
            ("(n, 1) against (n,)", "squeeze", np.ones((3, 1)), np.ones(3)),
            ("(n,) against (n, 1)", "squeeze", np.ones(3), np.ones((3, 1))),
            ("lengths", "golds", np.ones(3), np.ones(2)),
            ("empty", "empty", np.ones(0), np.ones(0)),
            ("NaN", "finite", with_nan(), a(0, 1, 2)),
            ("gold NaN", "golds", a(0, 1, 2), with_nan()),
            ("inf", "finite", with_nan(INF), a(0, 1, 2)),
            ("texts", "no number", np.array(["a", "b"]), a(0, 1)),
            ("None", "no number", np.array([0, None]), a(0, 1)),
            ("numbers", "(", np.float64(1.0), np.float64(1.0)),
        )
    },
    "accuracy: probabilities": ("classes", lambda: metrics.accuracy(a(0.7, 0.2), a(1, 0))),
    "accuracy: gold shares": ("golds", lambda: metrics.accuracy(a(1, 0), a(0.5, 0.0))),
    "pearson: one example": ("two examples", lambda: metrics.pearson(a(1), a(2))),
    "score: unknown task": ("task", lambda: metrics.score("mnli", a(1, 0), a(1, 0))),
    "score: None": ("task", lambda: metrics.score(None, a(1, 0), a(1, 0))),
    # --- statistics
    "summarise: unknown task": ("task", lambda: statistics.summarise("SST", a(1, 0), [a(1, 0)])),
    "summarise: no seed": ("predictions", lambda: statistics.summarise("sst", a(1, 0), [])),
    "summarise: one seed is short": (
        "predictions", lambda: statistics.summarise("sst", a(1, 0), [a(1, 0), a(1.0)])),
    "resampled: unknown task": (
        "task", lambda: intervals.resampled_scores("SST", a(1, 0), [a(1, 0)])),
    "resampled: none": ("predictions", lambda: intervals.resampled_scores("sst", a(1, 0), [])),
    "resampled: no resamples": (
        "resamples", lambda: intervals.resampled_scores("sst", a(1, 0), [a(1, 0)], 0)),
    "wilson: none": ("total", lambda: intervals.wilson_interval(0, 0)),
    "wilson: more right than all": ("correct", lambda: intervals.wilson_interval(11, 10)),
    "wilson: negative": ("correct", lambda: intervals.wilson_interval(-1, 10)),
    "wilson: a share": ("correct", lambda: intervals.wilson_interval(0.5, 10)),
    "fisher: r 1.2": ("r ", lambda: intervals.fisher_z_interval(1.2, 10)),
    "fisher: r NaN": ("r ", lambda: intervals.fisher_z_interval(NAN, 10)),
    "fisher: no pairs": ("total", lambda: intervals.fisher_z_interval(0.5, 0)),
    "measure: task missing": ("golds", lambda: statistics.measure(PART, [MEASURED])),
    "measure: predictions missing": (
        "predictions", lambda: statistics.measure(MEASURED, [MEASURED, PART])),
    "measure: no seed": ("predictions", lambda: statistics.measure(MEASURED, [])),
    "compare: no seed": ("predictions", lambda: statistics.compare(MEASURED, [], [MEASURED])),
    "compare: task missing": (
        "predictions", lambda: statistics.compare(MEASURED, [MEASURED], [PART])),
    "over seeds: none": ("per_seed", lambda: statistics.over_seeds([])),
    "over seeds: NaN": ("per_seed", lambda: statistics.over_seeds([0.5, NAN])),
    "over seeds: inf": ("per_seed", lambda: statistics.over_seeds([0.5, INF])),
    "over seeds: 0 0": ("seeds", lambda: statistics.over_seeds([0.5, 0.5], [0, 0])),
    "over seeds: 3 1 2 1": ("seeds", lambda: statistics.over_seeds([0.5] * 4, [3, 1, 2, 1])),
    "over seeds: fewer seeds": ("seeds", lambda: statistics.over_seeds([0.5, 0.6], [0])),
    "over seeds: a table": ("per_seed", lambda: statistics.over_seeds([[0.5, 0.6]])),
    "mcnemar: lengths": ("right_b", lambda: statistics.mcnemar(a(1, 0) > 0, a(1, 0, 1) > 0)),
    "mcnemar: (n, 1)": ("right_b", lambda: statistics.mcnemar(a(1, 0) > 0, a(1, 0)[:, None] > 0)),
    "mcnemar: classes": ("right_a", lambda: statistics.mcnemar(a(1, 0), a(1, 0))),
    "mcnemar: floats": ("right_a", lambda: statistics.mcnemar(a(1.0, 0.0), a(1.0, 0.0))),
    "mcnemar: empty": ("empty", lambda: statistics.mcnemar(a() > 0, a() > 0)),
    "bootstrap p: empty": ("differences", lambda: intervals.bootstrap_p_value(a())),
    "bootstrap p: NaN": ("differences", lambda: intervals.bootstrap_p_value(with_nan())),
    "percentiles: empty": ("values", lambda: intervals.percentile_interval(a())),
    "percentiles: NaN": ("values", lambda: intervals.percentile_interval(with_nan())),
    "percentiles: inf": ("values", lambda: intervals.percentile_interval(with_nan(-INF))),
    "findings: one seed": ("seeds", lambda: findings(run([0]))),
    "findings: 0 0": ("seeds", lambda: findings(run([0, 0]))),
    # --- measures of vectors
    **{
        f"{name}: {what}": ("vectors" if word is None else word,
                            lambda function=function, x=x: function(x))
        for name, function, word in (
            ("anisotropy", geometry.anisotropy, None),
            ("uniformity", geometry.uniformity, None),
            ("alignment", lambda x: geometry.alignment(x, x), None),
            ("cka", lambda x: geometry.linear_cka(x, x), "before"),
            ("nearest", lambda x: neighbours.nearest(x, 1), None),
            ("components", directions.principal_components, None),
            ("principal directions", lambda x: directions.principal_directions(x, 1), None),
            ("relative step", lambda x: geometry.relative_step(x, x), "before"),
        )
        for what, x in (
            ("NaN", vectors()),
            ("inf", vectors(INF)),
            ("one vector", np.ones(3)),
            ("three axes", np.ones((2, 3, 4))),
            ("empty", np.ones((0, 3))),
            ("texts", np.array([["a", "b"]])),
        )
    },
    "anisotropy: no pairs": ("pairs", lambda: geometry.anisotropy(vectors(1.0), pairs=0)),
    "axis_shares: all zero": ("vectors", lambda: geometry.axis_shares(np.zeros((3, 2)))),
    "anisotropy: zero vector": ("vectors", lambda: geometry.anisotropy(np.eye(3) * a(1, 0, 1))),
    "anisotropy: one line": ("vectors", lambda: geometry.anisotropy(np.ones((1, 3)))),
    **{
        f"uniformity: t {t!r}": (
            "temperature", lambda t=t: geometry.uniformity(vectors(1.0), temperature=t))
        for t in (0.0, -2.0, NAN)
    },
    "alignment: numbers": ("pairs", lambda: geometry.alignment(np.ones((2, 3)), np.ones((3, 3)))),
    "cka: numbers": ("sentences", lambda: geometry.linear_cka(np.ones((2, 3)), np.ones((3, 3)))),
    "cosines: widths": ("second", lambda: neighbours.cosine_matrix(f(2, 3), f(2, 4))),
    "cosines: NaN": ("vectors", lambda: neighbours.cosine_matrix(vectors(), vectors(1.0))),
    "nearest: k 0": ("k ", lambda: neighbours.nearest(vectors(1.0), 0)),
    "nearest: k of all": ("k ", lambda: neighbours.nearest(vectors(1.0), 4)),
    "nearest: k 1.5": ("k ", lambda: neighbours.nearest(vectors(1.0), 1.5)),
    "nearest: query outside": ("queries", lambda: neighbours.nearest(vectors(1.0), 1, [4])),
    "nearest: query below": ("queries", lambda: neighbours.nearest(vectors(1.0), 1, [-1])),
    "purity: labels": ("labels", lambda: neighbours.purity(NEAR, ["x"])),
    "partners: none": ("partners", lambda: neighbours.partner_found(NEAR, {})),
    "partners: outside": ("partners", lambda: neighbours.partner_found(NEAR, {9: {1}})),
    "hubs: fewer sentences": ("sentences", lambda: neighbours.times_chosen(NEAR, 2)),
    "rotation: width 0": ("width", lambda: directions.random_rotation(0, 0)),
    "directions: too many": ("count", lambda: directions.random_directions(3, 4, 0)),
    "directions: negative": ("count", lambda: directions.principal_directions(vectors(1.0), -1)),
    "project out: width": ("directions", lambda: directions.project_out(vectors(1.0), np.eye(2))),
    "relative step: no spread": (
        "before", lambda: geometry.relative_step(np.ones((3, 2)), np.ones((3, 2)))),
    "components: too many": ("count", lambda: directions.principal_components(vectors(1.0), 4)),
    "components: 0": ("count", lambda: directions.principal_components(vectors(1.0), 0)),
    "components: equal": ("vectors", lambda: directions.principal_components(np.ones((3, 2)))),
    "probe: labels": ("labels", lambda: probe.linear_probe(vectors(1.0), a(0, 1), vectors(1.0))),
    "probe: one class": (
        "labels", lambda: probe.linear_probe(vectors(1.0), a(1, 1, 1, 1), vectors(1.0))),
    "probe: NaN": ("train", lambda: probe.linear_probe(vectors(), a(0, 1, 0, 1), vectors(1.0))),
    "probe: widths": (
        "test", lambda: probe.linear_probe(vectors(1.0), a(0, 1, 0, 1), np.ones((2, 2)))),
    # --- ranking, attention, attribution, counts, power
    **{
        f"{name}: {what}": (word, lambda function=function, x=x, s=s: function(x, s))
        for name, function in (
            ("probabilities", ranking.ranking_probabilities),
            ("ranking losses", ranking.ranking_losses),
            ("gradient", ranking.gradient_on_cosines),
            ("negatives", ranking.effective_negatives),
        )
        for what, word, x, s in (
            ("scale -1", "scale", SQUARE, -1.0),
            ("scale NaN", "scale", SQUARE, NAN),
            ("no square", "cosines", np.ones((2, 3)), 1.0),
            ("one row", "cosines", np.ones(3), 1.0),
            ("NaN", "cosines", SQUARE * NAN, 1.0),
            ("scaled already", "cosines", SQUARE * 20, 1.0),
        )
    },
    "negatives: one pair": ("cosines", lambda: ranking.effective_negatives(np.ones((1, 1)))),
    "floor: one pair": ("pairs", lambda: ranking.loss_floor(1.0, 1)),
    "floor: scale": ("scale", lambda: ranking.loss_floor(-1.0, 8)),
    "largest: scale": ("scale", lambda: ranking.largest_probability(NAN, 8)),
    "largest: no pairs": ("pairs", lambda: ranking.largest_probability(1.0, 0)),
    "entropy: scores": ("weights", lambda: looked_at.attention_entropy(np.ones((2, 2)))),
    "entropy: negative": ("weights", lambda: looked_at.attention_entropy(-np.eye(2))),
    "entropy: NaN": ("weights", lambda: looked_at.attention_entropy(np.eye(2) * NAN)),
    "offset: too far": ("offset", lambda: looked_at.offset_weight(np.eye(3), 3)),
    "offset: half": ("offset", lambda: looked_at.offset_weight(np.eye(3), 0.5)),
    "received: one map": ("attentions", lambda: looked_at.attention_received(np.eye(3))),
    "rollout: residual": (
        "residual", lambda: looked_at.rollout(np.eye(3)[None, None], residual=NAN)),
    "rollout: no square": (
        "attentions", lambda: looked_at.rollout(np.ones((1, 1, 2, 3)) / 3)),
    "cosine to: pooling": ("pooling", lambda: cosine_to(f(8), "max")),
    "cosine to: a batch": ("vector", lambda: cosine_to(f(1, 8))),
    "agreement: texts": ("second", lambda: rank_agreement([a(1, 2)], [a(1, 2), a(2, 1)])),
    "agreement: tokens": ("second", lambda: rank_agreement([a(1, 2)] * 2, [a(1, 2, 3)] * 2)),
    "agreement: NaN": ("finite", lambda: rank_agreement([with_nan()] * 2, [a(1, 2, 3)] * 2)),
    "agreement: no order": ("order", lambda: rank_agreement([a(1, 1)] * 2, [a(1, 2)] * 2)),
    "guesses: k": ("k ", lambda: best_guesses(f(1, 9), TOKENIZER, 0)),
    "counts: id above": ("texts", lambda: blanks.piece_counts([[1, 9]], 9, ())),
    "counts: id below": ("texts", lambda: blanks.piece_counts([[1, -1]], 9, ())),
    "counts: none": ("texts", lambda: blanks.piece_counts([], 9, ())),
    "counts: special id": ("special_ids", lambda: blanks.piece_counts([[1]], 9, (9,))),
    "entropy: none": ("counts", lambda: blanks.entropy(torch.zeros(3))),
    "entropy of counts: below": ("counts", lambda: blanks.entropy(i(1.0, -1.0))),
    "entropy of counts: NaN": ("counts", lambda: blanks.entropy(i(1.0, NAN))),
    "frequency_loss: none": ("counts", lambda: blanks.frequency_loss(i(0.0, 0.0), i(1.0, 1.0))),
    "frequency_loss: length": ("known", lambda: blanks.frequency_loss(i(1.0, 1.0), i(1.0))),
    "frequency_loss: below": ("known", lambda: blanks.frequency_loss(i(1.0, 1.0), i(1.0, -1.0))),
    "frequency_loss: added": ("added", lambda: blanks.frequency_loss(i(1.0), i(1.0), added=0.0)),
    "frequency head: counts": ("counts", lambda: blanks.frequency_head(CONFIG, f(39))),
    "frequency head: nothing added": (
        "added", lambda: blanks.frequency_head(CONFIG, f(40), added=0.0)),
    "holm: above 1": ("p_values", lambda: statistics.holm([0.2, 1.5])),
    "holm: NaN": ("p_values", lambda: statistics.holm([NAN])),
    "detectable: below 0": ("half_width", lambda: power.detectable_difference(-0.1)),
    "detectable: sure": ("power", lambda: power.detectable_difference(0.1, 1.0)),
    "power: no difference": ("difference", lambda: power.sentences_needed(0.0, 0.1, 10)),
    "power: NaN": ("difference", lambda: power.sentences_needed(NAN, 0.1, 10)),
    "power: no width": ("half_width", lambda: power.sentences_needed(0.1, 0.0, 10)),
    "power: nobody": ("total", lambda: power.sentences_needed(0.1, 0.1, 0)),
    "power: sure": ("power", lambda: power.sentences_needed(0.1, 0.1, 10, power=1.0)),
    "half width: per cent": ("accuracy_a", lambda: power.unpaired_half_width(50.3, 0.5, 10)),
    "half width: nobody": ("total", lambda: power.unpaired_half_width(0.5, 0.5, 0)),
    "compute: share": (
        "vocabulary_share", lambda: multiplications_per_token(CONFIG, vocabulary_share=NAN)),
    "clusters: batch 0": ("batch_size", lambda: ranking.chance_of_false_negative("aab", 0)),
    "clusters: batch of more": (
        "batch_size", lambda: ranking.chance_of_false_negative("aab", 4)),
    "clusters: half a batch": (
        "batch_size", lambda: ranking.chance_of_false_negative("aab", 1.5)),
    "clusters: no draws": ("draws", lambda: ranking.sampled_chance("aab", 2, draws=0)),
    "majority: nobody": ("values", lambda: baselines.most_common(a())),
    "perplexity: negative": ("loss", lambda: perplexity(-1.0)),
    "perplexity: too large": ("loss", lambda: perplexity(1e4)),
    "movement: other names": (
        "before", lambda: movement(HEAD, torch.optim.SGD([torch.ones(1)], lr=1.0), {"a": "1"})),
}  # fmt: skip


def outcome(call: Callable[[], object]) -> SimpleNamespace:
    """Name of the exception's class and its sentence; no name where nothing was raised."""
    try:
        got = call()
    except Exception as error:  # whatever comes is what is asked for
        return SimpleNamespace(name=type(error).__name__, said=str(error))
    return SimpleNamespace(name="", said=repr(got)[:80])


if __name__ == "__main__":
    found = {name: vars(outcome(call)) for name, (_, call) in CASES.items()}
    json.dump(found, sys.stdout)
