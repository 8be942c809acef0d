"""Piece 2: what the embeddings must do, and what people write instead."""

from __future__ import annotations

from typing import Any

from minbert.course.build_track.judging import Case, Checker, twin, whole
from minbert.course.build_track.settings import (
    ALL_DROPPED,
    DOUBLE,
    IDS,
    SEGMENTS,
    SMALL,
    WIDE,
    real,
    tiny_config,
    trains_apart,
)
from minbert.course.build_track.variants import Mistake


def _dropped(pieces: Any) -> Any:
    return twin(pieces, "Embeddings", ALL_DROPPED).train()(IDS)


CASES = (
    Case(
        "without segments",
        lambda pieces: twin(pieces, "Embeddings", SMALL)(IDS),
        "input_ids (2, 5)",
    ),
    Case(
        "with segments",
        lambda pieces: twin(pieces, "Embeddings", SMALL)(IDS, SEGMENTS),
        "input_ids and token_type_ids (2, 5)",
        (("in segment 1", SEGMENTS[:, :, None] == 1),),
    ),
    Case(
        "another shape, in float64",
        lambda pieces: twin(pieces, "Embeddings", WIDE, dtype=DOUBLE)(whole(1, 0, 31, 3, 4)),
        "input_ids (3, 4)",
    ),
    Case(
        "the longest text",
        lambda pieces: twin(pieces, "Embeddings", SMALL)(whole(2, 0, 23, 1, 9)),
        "input_ids (1, 9), positions for 9",
    ),
    Case(
        "dropout acts in training and not in evaluation",
        lambda pieces: trains_apart(twin(pieces, "Embeddings", SMALL), IDS),
        "input_ids (2, 5)",
    ),
    Case("everything dropped", _dropped, "input_ids (2, 5)"),
    Case(
        "the weights of tiny",
        lambda pieces: real(pieces, "Embeddings", "embeddings.", tiny_config())(
            whole(3, 0, 3000, 2, 8)
        ),
        "input_ids (2, 8)",
    ),
)

SUM = "words + positions + segments"
RESULT = f"self.dropout(self.LayerNorm({SUM}))"
SEGMENT = """        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        segments = self.token_type_embeddings(token_type_ids)
"""
NO_SEGMENT = """        segments = 0
        if token_type_ids is not None:
            segments = self.token_type_embeddings(token_type_ids)
"""
MISTAKES = (
    Mistake(
        "the position is not added: words in another order look alike", ((SUM, "words + segments"),)
    ),
    Mistake("the segment is not added, or always that of segment 0", ((SUM, "words + positions"),)),
    Mistake(
        "without segment ids all tokens are segment 0, whose row is still added",
        ((SEGMENT, NO_SEGMENT),),
    ),
    Mistake("without segment ids all tokens are segment 0, not 1", (("zeros_like", "ones_like"),)),
    Mistake("LayerNorm is missing", ((RESULT, f"self.dropout({SUM})"),)),
    Mistake(
        "LayerNorm has torch's eps: give it the configuration's layer_norm_eps",
        ((", eps=config.layer_norm_eps", ""),),
    ),
    Mistake(
        "positions are counted from 1: the first token has position 0",
        (("torch.arange(input_ids.shape[1],", "torch.arange(1, input_ids.shape[1] + 1,"),),
    ),
    Mistake(
        "the words are multiplied by the root of the width, as in the Transformer of 2017; BERT "
        "does not",
        ((SUM, "words * words.shape[-1] ** 0.5 + positions + segments"),),
    ),
    Mistake("the three are averaged: BERT takes their sum", ((SUM, f"({SUM}) / 3"),)),
    Mistake(
        "each of the three is normalised by itself: add first, then normalise the sum",
        (
            (
                f"self.LayerNorm({SUM})",
                "self.LayerNorm(words) + self.LayerNorm(positions) + self.LayerNorm(segments)",
            ),
        ),
    ),
    Mistake(
        "dropout comes before LayerNorm, it should come after",
        ((RESULT, f"self.LayerNorm(self.dropout({SUM}))"),),
    ),
    Mistake("dropout is missing", ((RESULT, f"self.LayerNorm({SUM})"),)),
    Mistake(
        "dropout acts in evaluation as well: two passes differ",
        ((RESULT, f"F.dropout(self.LayerNorm({SUM}), self.dropout.p)"),),
    ),
    Mistake(
        "every token gets the row of position 0",
        (("self.position_embeddings(places)", "self.position_embeddings(places * 0)"),),
    ),
)

check = Checker(2, CASES, MISTAKES, "each token knows its piece, its place and its segment.")
