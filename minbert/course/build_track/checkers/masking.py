"""Piece 6: what masking, its head and its loss must do, and what people write instead."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from minbert.course.build_track import seeding
from minbert.course.build_track.judging import Case, Checker, draw, twin, whole
from minbert.course.build_track.settings import DOUBLE, SMALL, WIDE, real, tiny_config
from minbert.course.build_track.variants import Mistake

SPECIAL = (0, 2, 3, 4)
MASK_ID = 4
IDS = torch.tensor([[2, 7, 9, 4, 3], [2, 5, 3, 0, 0]])


def _many() -> Tensor:
    return whole(11, 0, 60, 100, 200)


def _mask(pieces: Any, ids: Tensor, probability: float, seed: int = 5) -> Any:
    return pieces.mask_tokens(ids, seeding.generator(seed), MASK_ID, SPECIAL, probability)


def _kept(pieces: Any) -> bool:
    ids = IDS.clone()
    _mask(pieces, ids, 1.0)
    return torch.equal(ids, IDS)


def _share(pieces: Any) -> bool:
    """Within five standard deviations of .15 among the tokens that may be hidden."""
    many = _many()
    corrupted, _ = _mask(pieces, many.clone(), 0.15)
    ordinary = ~torch.isin(many, torch.tensor(SPECIAL))
    count = int(ordinary.sum())
    share = ((corrupted != many) & ordinary).sum().item() / count
    return abs(share - 0.15) < 5 * (0.15 * 0.85 / count) ** 0.5


def _together(pieces: Any) -> bool:
    """Labels are the original ids exactly where [MASK] was put."""
    many = _many()
    corrupted, labels = _mask(pieces, many.clone(), 0.15)
    hidden = corrupted != many
    return torch.equal(labels, torch.where(hidden, many, -100))


def _rows_differ(pieces: Any) -> bool:
    corrupted, _ = _mask(pieces, torch.full((4, 100), 9), 0.5)
    return not torch.equal(corrupted[0], corrupted[1])


def _follows_seed(pieces: Any) -> tuple[bool, bool]:
    first, again, other = (_mask(pieces, _many(), 0.15, seed)[0] for seed in (1, 1, 2))
    return torch.equal(first, again), not torch.equal(first, other)


def _score(pieces: Any, config: Any, dtype: torch.dtype, *shape: int) -> Any:
    head = twin(pieces, "MaskedLanguageModelHead", config, dtype=dtype)
    states = draw(1, *shape, config.hidden_size, dtype=dtype)
    return head(states, draw(2, config.vocab_size, config.hidden_size, dtype=dtype))


def _real(pieces: Any) -> Any:
    head = real(pieces, "MaskedLanguageModelHead", "", tiny_config(), head=True)
    return head(draw(3, 2, 4, 128), draw(4, 3000, 128))


LABELS = torch.tensor([[-100, 7, -100, 2, -100], [-100, 1, -100, -100, -100]])


def _loss(pieces: Any, dtype: torch.dtype = torch.float32, moved: float = 0.0) -> Any:
    logits = draw(8, 2, 5, 11, dtype=dtype)
    logits = logits + moved * (LABELS == -100)[..., None] * draw(9, 2, 5, 11, dtype=dtype)
    return pieces.masked_language_model_loss(logits, LABELS)


HEAD = "states (2, 5, 12), word_embeddings (23, 12)"
LOGITS = "logits (2, 5, 11), labels (2, 5)"
CASES = (
    Case(
        "every token hidden",
        lambda pieces: tuple(_mask(pieces, IDS.clone(), 1.0)),
        "ids (2, 5)",
        (("at special tokens", torch.isin(IDS, torch.tensor(SPECIAL))),),
    ),
    Case("no token hidden", lambda pieces: tuple(_mask(pieces, IDS.clone(), 0.0)), "ids (2, 5)"),
    Case("the ids that are given stay as they are", _kept, "ids (2, 5)"),
    Case("about 15 % are hidden", _share, "ids (100, 200)"),
    Case("labels are the original ids where [MASK] stands", _together, "ids (100, 200)"),
    Case("rows are hidden independently", _rows_differ, "ids (4, 100)"),
    Case("the same generator hides the same, another one does not", _follows_seed),
    Case("the head", lambda pieces: _score(pieces, SMALL, torch.float32, 2, 5), HEAD),
    Case(
        "the head on hidden tokens alone, in float64",
        lambda pieces: _score(pieces, WIDE, DOUBLE, 3),
        "states (3, 16), word_embeddings (31, 16)",
    ),
    Case("the head's weights of tiny", _real, "states (2, 4, 128), word_embeddings (3000, 128)"),
    Case("the loss", lambda pieces: _loss(pieces), LOGITS),
    Case("the loss in float64", lambda pieces: _loss(pieces, DOUBLE), LOGITS),
    Case("the loss when other places change", lambda pieces: _loss(pieces, moved=9.0), LOGITS),
)

RAND = "torch.rand(ids.shape, generator=generator)"
CROSS = "return F.cross_entropy(logits[hidden], labels[hidden])"
NORM = "transformed = self.transform.LayerNorm(transformed)"
BIAS = "self.bias = nn.Parameter(torch.zeros(config.vocab_size))"
GELU = "F.gelu(self.transform.dense(states))"
MISTAKES = (
    Mistake(
        "special tokens are hidden as well: [PAD], [CLS] and [SEP] never are",
        ((" & ~special", ""),),
    ),
    Mistake(
        "only special tokens are hidden: the mask of special tokens is upside down",
        (("& ~special", "& special"),),
    ),
    Mistake(
        "labels are given everywhere: they are -100 where nothing is hidden",
        (("labels = torch.full_like(ids, -100)", "labels = ids.clone()"),),
    ),
    Mistake(
        "the label of a place that is not hidden is 0, a word piece: it should be -100",
        (("full_like(ids, -100)", "full_like(ids, 0)"),),
    ),
    Mistake(
        "the labels hold [MASK]: they should hold the original id",
        (("labels[chosen] = ids[chosen]", "labels[chosen] = corrupted[chosen]"),),
    ),
    Mistake(
        "the ids are changed in place, so the originals are lost: work on a copy",
        (("corrupted = ids.clone()", "corrupted = ids"),),
    ),
    Mistake(
        "85 % are hidden: the comparison is the wrong way round",
        (("< probability", "> probability"),),
    ),
    Mistake(
        "the generator is not used: no run can be repeated", ((RAND, "torch.rand(ids.shape)"),)
    ),
    Mistake(
        "all rows are hidden at the same places: draw a number for each token",
        ((RAND, "torch.rand(ids.shape[-1], generator=generator)"),),
    ),
    Mistake(
        "the head has no activation: GELU stands after its dense layer",
        ((GELU, "self.transform.dense(states)"),),
    ),
    Mistake(
        "this is GELU's tanh approximation: BERT's is exact (plain F.gelu)",
        ((GELU, 'F.gelu(self.transform.dense(states), approximate="tanh")'),),
    ),
    Mistake("the head's LayerNorm is not used", ((NORM, "transformed = transformed * 1"),)),
    Mistake(
        "LayerNorm has torch's eps: give it the configuration's layer_norm_eps",
        ((", eps=config.layer_norm_eps", ""),),
    ),
    Mistake("the decoder's bias is not added", ((" + self.bias", ""),)),
    Mistake(
        "the decoder is not tied: it has a matrix of its own instead of the word embeddings",
        (
            (
                BIAS,
                f"{BIAS}\n        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)",
            ),
            ("transformed @ word_embeddings.T", "self.decoder(transformed)"),
        ),
    ),
    Mistake(
        "the loss is the mean over all places: it should be over the hidden ones",
        ((CROSS, f'{CROSS[:-1]}, reduction="sum") / labels.numel()'),),
    ),
    Mistake(
        "the loss is a sum: it should be a mean", ((CROSS, f'{CROSS[:-1]}, reduction="sum")'),)
    ),
    Mistake(
        "softmax is taken twice: cross_entropy takes the scores as they are",
        ((CROSS, CROSS.replace("logits[hidden]", "logits[hidden].softmax(dim=-1)")),),
    ),
    Mistake(
        "the loss also counts places that are not hidden, as if word piece 0 stood there",
        ((CROSS, "return F.cross_entropy(logits.flatten(0, 1), labels.clamp(min=0).flatten())"),),
    ),
)

check = Checker(6, CASES, MISTAKES, "words are hidden and guessed; only hidden places count.")
